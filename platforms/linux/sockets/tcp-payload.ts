import { SocketFailure, TcpState } from '../../../src/data/schema/network-columns.ts';
import type { DiagRecord } from '../netlink/diag-record.ts';

/** What the kernel counts of a connection, from a record of sock_diag or from what ss prints of one. */
type TcpCounts = Pick<
  DiagRecord,
  | ('state' | 'bytesAcked' | 'bytesReceived' | 'uniqueBytesSent')
  | ('unackedSegments' | 'dataSegmentsIn' | 'localPort' | 'remotePort')
>;

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
export function openerOf(record: TcpCounts): number {
  if (record.state === TcpState.SYN_SENT) return Opener.LOCAL;
  if (record.state === TcpState.SYN_RECV) return Opener.PEER;
  const surplus = surplusAcked(record) - (record.state === TcpState.FIN_WAIT2 ? 1 : 0);
  if (surplus >= 1) return Opener.LOCAL;
  return surplus === 0 && record.unackedSegments === 0 ? Opener.PEER : Opener.UNKNOWN;
}

/** Who opened a connection that was never seen at rest: a listener on its local port makes it the peer. */
export function likelyOpener(record: TcpCounts, isListeningPort: boolean): number {
  const surplus = record.state === TcpState.CLOSE ? surplusAcked(record) : Number.NaN;
  if (surplus === 2) return Opener.LOCAL;
  if (surplus === 0) return Opener.PEER;
  return isListeningPort ? Opener.PEER : Opener.LOCAL;
}

/** Payload bytes of a live connection that the peer has acknowledged. */
export function payloadSent(record: TcpCounts, opener: number): number {
  const syn = opener === Opener.LOCAL ? 1 : 0;
  const fin = record.state === TcpState.FIN_WAIT2 ? 1 : 0;
  return Math.max(0, record.bytesAcked - syn - fin);
}

/** Payload bytes that a live connection has received in order. */
export function payloadReceived(record: TcpCounts): number {
  return Math.max(0, record.bytesReceived - (hasPeerFin(record.state) ? 1 : 0));
}

/** Payload bytes that a destroyed socket's peer had acknowledged. */
export function finalPayloadSent(record: TcpCounts, opener: number): number {
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
  record: TcpCounts,
  opener: number,
  lastState: number,
  leftRemnant: boolean,
): number {
  if (record.dataSegmentsIn === 0 || record.bytesReceived === 0) return 0;
  const hadPeerFin = hasPeerFin(lastState) || (!leftRemnant && wasOurFinAcked(record, opener));
  return record.bytesReceived - (hadPeerFin ? 1 : 0);
}

/** By how much the bytes acknowledged exceed the payload sent; negative while some is on its way; NaN before 4.19. */
function surplusAcked(record: TcpCounts): number {
  return record.bytesAcked - record.uniqueBytesSent;
}

/** True too where the kernel does not say (before 4.19): an orderly end is the rule. */
function wasOurFinAcked(record: TcpCounts, opener: number): boolean {
  return !(surplusAcked(record) - (opener === Opener.LOCAL ? 1 : 0) < 1);
}

function hasPeerFin(state: number): boolean {
  return state === TcpState.CLOSE_WAIT || state === TcpState.LAST_ACK || state === TcpState.CLOSING;
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
