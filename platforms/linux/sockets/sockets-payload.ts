import type { SocketTable } from '../../../src/data/sample/socket-table.ts';
import { SocketFailure, TcpState } from '../../../src/data/schema/network-columns.ts';
import type { DiagRecord } from '../netlink/diag-record.ts';
import { readFirstLocalPort } from '../proc/local-port-range.ts';
import type { SocketRows } from './sockets.ts';

const TWO_32 = 2 ** 32;

/** Which end sent the first SYN. */
export const Opener = { UNKNOWN: 0, LOCAL: 1, PEER: 2 } as const;

/*
 * What SYN and FIN add to the kernel's byte counters, so that they can be taken off again (net/ipv4/tcp_input.c;
 * every line was measured at both ends of loopback connections, IPv4, IPv6 and IPv4-mapped):
 *
 *   bytes_acked     + 1 where this end opened: its SYN passes tcp_snd_una_update; an accepted socket starts behind it
 *                   + 1 once the peer has acknowledged this end's FIN: FIN_WAIT2, and most sockets at their end
 *   bytes_received  the peer's SYN is never counted
 *                   + 1 once the peer's FIN was accepted: CLOSE_WAIT, LAST_ACK, CLOSING, and most sockets at their end
 *
 * `bytes_sent - bytes_retrans` knows neither SYN nor FIN. Where everything sent has been acknowledged it is the
 * payload, and by how much bytes_acked exceeds it tells who opened and whether the FIN was acknowledged.
 *
 * A destroyed socket's message says CLOSE, whatever came before. One byte then remains in doubt, and only for a
 * socket closed by close() before its peer did: the kernel replaces it by a mere remnant while it waits for the
 * peer's FIN, which is thus never counted, yet the message looks as if it were. A dump that shows the remnant (no
 * tcp_info) or a sample taken before tells; else the byte is taken for a FIN, and the payload is one byte short.
 */

/** Which side opened a live connection, as far as one record shows. */
export function openerOf(record: DiagRecord): number {
  if (record.state === TcpState.SYN_SENT) return Opener.LOCAL;
  if (record.state === TcpState.SYN_RECV) return Opener.PEER;
  const surplus = surplusAcked(record) - (record.state === TcpState.FIN_WAIT2 ? 1 : 0);
  if (surplus >= 1) return Opener.LOCAL;
  return surplus === 0 && record.unackedSegments === 0 ? Opener.PEER : Opener.UNKNOWN;
}

/** Who opened a connection that was never seen at rest: a listener on its local port makes it the peer. */
export function likelyOpener(record: DiagRecord, isListeningPort: boolean): number {
  const surplus = record.state === TcpState.CLOSE ? surplusAcked(record) : Number.NaN;
  if (surplus === 2) return Opener.LOCAL;
  if (surplus === 0) return Opener.PEER;
  return isListeningPort ? Opener.PEER : Opener.LOCAL;
}

/** Payload bytes of a live connection that the peer has acknowledged. */
export function payloadSent(record: DiagRecord, opener: number): number {
  const syn = opener === Opener.LOCAL ? 1 : 0;
  const fin = record.state === TcpState.FIN_WAIT2 ? 1 : 0;
  return Math.max(0, record.bytesAcked - syn - fin);
}

/** Payload bytes that a live connection has received in order. */
export function payloadReceived(record: DiagRecord): number {
  return Math.max(0, record.bytesReceived - (hasPeerFin(record.state) ? 1 : 0));
}

/** Payload bytes that a destroyed socket's peer had acknowledged. */
export function finalPayloadSent(record: DiagRecord, opener: number): number {
  const syn = opener === Opener.LOCAL ? 1 : 0;
  const surplus = surplusAcked(record);
  const acked = record.bytesAcked - syn;
  // Below Linux 4.19, or where retransmissions were counted that never left: an orderly end is the rule.
  if (!(surplus - syn <= 1)) return Math.max(0, acked - 1);
  return Math.max(0, Math.min(acked, record.uniqueBytesSent));
}

/**
 * Payload bytes that a destroyed socket received in order.
 *
 * @param lastState the state in which it was last seen alive, CLOSE where it never was
 * @param leftRemnant whether a dump showed the remnant that waits for the peer's FIN
 */
export function finalPayloadReceived(
  record: DiagRecord,
  opener: number,
  lastState: number,
  leftRemnant: boolean,
): number {
  if (record.dataSegmentsIn === 0 || record.bytesReceived === 0) return 0;
  const hadPeerFin = hasPeerFin(lastState) || (!leftRemnant && wasOurFinAcked(record, opener));
  return record.bytesReceived - (hadPeerFin ? 1 : 0);
}

/** By how much the bytes acknowledged exceed the payload sent; negative while some is on its way; NaN before 4.19. */
function surplusAcked(record: DiagRecord): number {
  return record.bytesAcked - record.uniqueBytesSent;
}

/** True too where the kernel does not say (before 4.19): an orderly end is the rule. */
function wasOurFinAcked(record: DiagRecord, opener: number): boolean {
  return !(surplusAcked(record) - (opener === Opener.LOCAL ? 1 : 0) < 1);
}

function hasPeerFin(state: number): boolean {
  return state === TcpState.CLOSE_WAIT || state === TcpState.LAST_ACK || state === TcpState.CLOSING;
}

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

/**
 * Why a connection that was never open ended, as far as its last message tells: SocketFailure. One that this end opened,
 * of which nothing was acknowledged and nothing received: a segment that came was a refusal; where none did, and the
 * SYN was sent again, nobody replied.
 */
export function failureOf(record: DiagRecord, lastState: number, retransmits: number): number {
  if (lastState !== TcpState.SYN_SENT && lastState !== TcpState.CLOSE) return SocketFailure.NONE;
  if (record.bytesAcked > 0 || record.bytesReceived > 0 || record.uniqueBytesSent > 0)
    return SocketFailure.NONE;
  if (record.segmentsOut > 0) {
    if (record.segmentsIn > 0) return SocketFailure.REFUSED;
    return record.segmentsOut > 1 ? SocketFailure.TIMED_OUT : SocketFailure.NONE;
  }
  // connect(2) has set the counters of a failed attempt to 0, which it waited for.
  if (lastState !== TcpState.SYN_SENT) return SocketFailure.NONE;
  return retransmits > 0 ? SocketFailure.TIMED_OUT : SocketFailure.REFUSED;
}

/** Extends a wrapping 32-bit counter beyond 32 bits; a decrease is a reused socket and adds nothing. */
function advanced(previous: number, counter: number): number {
  if (!(previous > 0) || Number.isNaN(counter)) return counter;
  const step = (counter - previous) >>> 0;
  return step < 0x80000000 ? previous + step : previous;
}
