import { isUnspecifiedAddress } from '../../../src/data/sample/address.ts';
import type { SocketTable } from '../../../src/data/sample/socket-table.ts';
import { ADDRESS_WORDS } from '../../../src/data/schema/network-columns.ts';
import { numbers, TEXT, tableClass } from '../../../src/kit/table/columns.ts';
import type { IpHeader } from '../packet/ip-header.ts';
import type { FoundName } from './asked-bytes.ts';

/** So many collections what was seen waits for a row, and a row for a name that its owner got before. */
export const WAITS_LIMIT = 3;
/** What was seen waits so long at least, where collections follow one another faster than sockets are listed. */
const WAITS_MICROS = 3e6;

/** Whether something seen has waited for its row long enough. */
export function hasWaited(waits: number, seenMicros: number, nowMicros: number): boolean {
  return waits >= WAITS_LIMIT && nowMicros - seenMicros >= WAITS_MICROS;
}

const SAID_COLUMNS = {
  protocol: numbers('u8'),
  localAddress: numbers('u32', 0, ADDRESS_WORDS),
  remoteAddress: numbers('u32', 0, ADDRESS_WORDS),
  name: TEXT,
  /** NameBasis. */
  basis: numbers('u8'),
  /** As FoundName has it. */
  alpn: TEXT,
  seenMicros: numbers('f64'),
  waits: numbers('u8'),
};

/**
 * Names that connections said, until the rows of their sockets are found; further ones than 4,096 are passed over. Known
 * by ports, protocol and remote address; of two with one key the newer is kept.
 */
export class SaidNames extends tableClass(SAID_COLUMNS, 4096) {
  /** The packet of this header, which a socket of this machine sent, said a name. */
  add(header: IpHeader, { name, alpn }: FoundName, basis: number, nowMicros: number): void {
    const { protocol, source, destination } = header;
    const ports = portsWord(header.sourcePort, header.destinationPort);
    const low = destination[3]!;
    const high = destination[2]!;
    const rest = mixedWord(destination, 0, protocol);
    const known = this.slots.find(ports, low, high, rest);
    const slot = known >= 0 ? known : this.slots.add(ports, low, high, rest);
    if (slot < 0) return;
    this.protocol[slot] = protocol;
    for (let i = 0; i < ADDRESS_WORDS; i++) {
      this.localAddress[slot * ADDRESS_WORDS + i] = source[i]!;
      this.remoteAddress[slot * ADDRESS_WORDS + i] = destination[i]!;
    }
    this.name[slot] = name;
    this.alpn[slot] = alpn;
    this.basis[slot] = basis;
    this.seenMicros[slot] = nowMicros;
    this.waits[slot] = 0;
  }

  /** What the socket of a row said, or -1. */
  find(table: SocketTable, row: number): number {
    const { remoteAddress } = table;
    const at = row * ADDRESS_WORDS;
    const slot = this.slots.find(
      portsWord(table.localPort[row]!, table.remotePort[row]!),
      remoteAddress[at + 3]!,
      remoteAddress[at + 2]!,
      mixedWord(remoteAddress, at, table.protocol[row]!),
    );
    if (slot < 0 || this.protocol[slot] !== table.protocol[row]) return -1;
    const said = slot * ADDRESS_WORDS;
    const isAnyLocal = isUnspecifiedAddress(table.localAddress, at);
    if (!isAnyLocal && !isSameAddress(table.localAddress, at, this.localAddress, said)) return -1;
    return isSameAddress(remoteAddress, at, this.remoteAddress, said) ? slot : -1;
  }

  /** After a collection: what has waited for long is given up. */
  age(nowMicros: number): void {
    const { slots } = this;
    for (let i = slots.count - 1; i >= 0; i--) {
      const slot = slots.rows[i]!;
      this.waits[slot]!++;
      if (hasWaited(this.waits[slot]!, this.seenMicros[slot]!, nowMicros)) slots.remove(slot);
    }
  }
}

function portsWord(localPort: number, remotePort: number): number {
  return ((localPort << 16) | remotePort) >>> 0;
}

/** What the other words of the key leave out. */
function mixedWord(remote: Uint32Array, at: number, protocol: number): number {
  return (Math.imul(remote[at]!, 0x9e3779b1) ^ remote[at + 1]! ^ protocol) >>> 0;
}

/** Whether the addresses at two places are the same. */
export function isSameAddress(words: Uint32Array, at: number, others: Uint32Array, otherAt: number): boolean {
  for (let i = 0; i < ADDRESS_WORDS; i++) if (words[at + i] !== others[otherAt + i]) return false;
  return true;
}
