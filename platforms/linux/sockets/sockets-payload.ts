import type { SocketTable } from '../../../src/data/sample/socket-table.ts';
import { SocketFailure, TcpState } from '../../../src/data/schema/network-columns.ts';
import type { DiagRecord } from '../netlink/diag-record.ts';
import { readFirstLocalPort } from '../proc/local-port-range.ts';
import type { SocketRows } from './sockets.ts';
import {
  failureOf,
  finalPayloadReceived,
  finalPayloadSent,
  likelyOpener,
  Opener,
  openerOf,
  payloadReceived,
  payloadSent,
} from './tcp-payload.ts';

const TWO_32 = 2 ** 32;

/** Writes the payload counters of connections into their rows, from what tcp_info says. */
export class PayloadCounters {
  readonly #rows: SocketRows;
  readonly #isListeningPort: (port: number) => boolean;
  readonly #firstLocalPort: number;

  /** @param firstLocalPort first port of the range that the kernel chooses from for who opens a connection */
  constructor(
    rows: SocketRows,
    isListeningPort: (port: number) => boolean,
    firstLocalPort = readFirstLocalPort('/proc'),
  ) {
    this.#rows = rows;
    this.#isListeningPort = isListeningPort;
    this.#firstLocalPort = firstLocalPort;
  }

  /** Of a connection that a dump lists. */
  storeLive(slot: number, record: DiagRecord): void {
    const { table, opener } = this.#rows;
    if (opener[slot] === Opener.UNKNOWN) opener[slot] = openerOf(record);
    const openedBy = opener[slot] || likelyOpener(record, this.#isServerEnd(record));
    table.txBytes[slot] = Math.max(table.txBytes[slot]!, payloadSent(record, openedBy));
    table.rxBytes[slot] = Math.max(table.rxBytes[slot]!, payloadReceived(record));
  }

  /** Of one whose end is announced. */
  storeFinal(slot: number, record: DiagRecord): void {
    const { table, opener, leftRemnant } = this.#rows;
    const openedBy = opener[slot] || likelyOpener(record, this.#isServerEnd(record));
    opener[slot] = openedBy;
    const sent = finalPayloadSent(record, openedBy);
    const hasRemnant = leftRemnant[slot] === 1;
    const received = finalPayloadReceived(record, openedBy, table.state[slot]!, hasRemnant);
    // A reset by this end sets the counters to 0 before the announcement: what was seen before stands.
    table.txBytes[slot] = Math.max(table.txBytes[slot]!, sent);
    table.rxBytes[slot] = Math.max(table.rxBytes[slot]!, received);
  }

  /** As `failureOf`, of a socket whose end is announced; its row is -1 where no dump has seen it. */
  failureOf(slot: number, record: DiagRecord): number {
    if (record.remotePort === 0 && slot < 0) return SocketFailure.NONE;
    const { state, retransmits } = this.#rows.table;
    const failure =
      slot < 0 ? failureOf(record, TcpState.CLOSE, 0) : failureOf(record, state[slot]!, retransmits[slot]!);
    // A connection that came in and was reset at once looks the same.
    return failure !== SocketFailure.NONE && this.#isServerEnd(record) ? SocketFailure.NONE : failure;
  }

  /** A listener that came and went between two dumps was never seen: then a port outside the range tells. */
  #isServerEnd({ localPort, remotePort }: DiagRecord): boolean {
    if (this.#isListeningPort(localPort)) return true;
    return localPort < this.#firstLocalPort && remotePort >= this.#firstLocalPort;
  }
}

/** Family, addresses and ports of a record to its row. */
export function storeEndpoints(table: SocketTable, slot: number, record: DiagRecord): void {
  table.family[slot] = record.family;
  record.copyLocalAddress(table.localAddress, slot << 2);
  record.copyRemoteAddress(table.remoteAddress, slot << 2);
  table.localPort[slot] = record.localPort;
  table.remotePort[slot] = record.remotePort;
}

/** Segments, round trip times, retransmits and reorderings of a record, whose counters have been read, to its row. */
export function storeSegments(table: SocketTable, slot: number, record: DiagRecord): void {
  table.txSegments[slot] = advanced(table.txSegments[slot]!, record.segmentsOut);
  table.rxSegments[slot] = advanced(table.rxSegments[slot]!, record.segmentsIn);
  table.rttMicros[slot] = record.rttMicros > 0 ? record.rttMicros : Number.NaN;
  table.retransmits[slot] = advanced(table.retransmits[slot]!, record.retransmits);
  table.dataSegments[slot] = advanced(table.dataSegments[slot]!, record.dataSegmentsOut);
  table.reorderings[slot] = advanced(table.reorderings[slot]!, record.reorderings);
  table.rttMinMicros[slot] = record.rttMinMicros;
  table.healthStamp[slot]!++;
}

/** Bytes that wait, or connections that do, and what there was no room for, of a listener or a UDP socket. */
export function storeDrops(table: SocketTable, slot: number, record: DiagRecord): void {
  storeQueues(table, slot, record);
  const drops = record.drops();
  if (Number.isNaN(drops) || drops === table.drops[slot]! % TWO_32) return;
  table.drops[slot] = advanced(table.drops[slot]!, drops);
  table.healthStamp[slot]!++;
}

export function storeQueues(table: SocketTable, slot: number, record: DiagRecord): void {
  table.receiveQueue[slot] = record.receiveQueue;
  table.sendQueue[slot] = record.sendQueue;
}

/** Extends a wrapping 32-bit counter beyond 32 bits; a decrease is a reused socket and adds nothing. */
function advanced(previous: number, counter: number): number {
  if (!(previous > 0) || Number.isNaN(counter)) return counter;
  const step = (counter - previous) >>> 0;
  return step < 0x80000000 ? previous + step : previous;
}
