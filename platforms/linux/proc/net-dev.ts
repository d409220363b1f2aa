import type { InterfaceTable } from '../../../src/data/sample/interface-table.ts';
import { TextScanner } from './text-scanner.ts';

/** include/uapi/linux/if.h: IFNAMSIZ, the name's NUL included. */
export const INTERFACE_NAME_SIZE = 16;

/** One line of /proc/net/dev, and where the next begins. */
type NetDevLine = ReturnType<typeof emptyNetDevLine>;

export function emptyNetDevLine() {
  return {
    /** Bytes [nameStart, nameEnd) of the text. */
    ...{ nameStart: 0, nameEnd: 0 },
    ...{ rxBytes: 0, rxPackets: 0, rxErrors: 0, rxDropped: 0 },
    ...{ txBytes: 0, txPackets: 0, txErrors: 0, txDropped: 0 },
    next: 0,
  };
}

const COLON = 0x3a;
const scanner = new TextScanner();

/**
 * The first interface at or after `start` in /proc/net/dev (net/core/net-procfs.c) into `into`; false where no whole
 * line is left. Header lines and lines that make no sense are passed over. `into.next` is set either way: the start
 * of the next line, or of the unfinished one.
 *
 *   face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls carrier compressed
 *   eth0:  2564    5852    0    0    0     0          0         0  3352    3497    0    0    0     0       0          0
 */
export function parseNetDevLine(bytes: Uint8Array, length: number, start: number, into: NetDevLine): boolean {
  into.next = start;
  while (scanner.resetToLine(bytes, into.next, length)) {
    into.next = scanner.end + 1;
    if (parseInterface(into)) return true;
  }
  return false;
}

export function storeNetDevLine(line: NetDevLine, table: InterfaceTable, slot: number): void {
  table.rxBytes[slot] = line.rxBytes;
  table.rxPackets[slot] = line.rxPackets;
  table.rxErrors[slot] = line.rxErrors;
  table.rxDropped[slot] = line.rxDropped;
  table.txBytes[slot] = line.txBytes;
  table.txPackets[slot] = line.txPackets;
  table.txErrors[slot] = line.txErrors;
  table.txDropped[slot] = line.txDropped;
}
function parseInterface(into: NetDevLine): boolean {
  scanner.skipBlanks();
  const colon = scanner.bytes.indexOf(COLON, scanner.at);
  if (colon < 0 || colon >= scanner.end) return false;
  into.nameStart = scanner.at;
  into.nameEnd = colon;
  const nameLength = colon - scanner.at;
  if (nameLength < 1 || nameLength >= INTERFACE_NAME_SIZE) return false;
  scanner.at = colon + 1;
  into.rxBytes = scanner.unsigned();
  into.rxPackets = scanner.unsigned();
  into.rxErrors = scanner.unsigned();
  into.rxDropped = scanner.unsigned();
  if (!scanner.skipWords(4)) return false;
  into.txBytes = scanner.unsigned();
  into.txPackets = scanner.unsigned();
  into.txErrors = scanner.unsigned();
  into.txDropped = scanner.unsigned();
  // One NaN makes the sum NaN. Drivers let errors and drops go below zero: those alone are unknown then.
  const traffic = into.rxBytes + into.rxPackets + into.txBytes + into.txPackets;
  return traffic >= 0 && scanner.skipWords(4);
}
