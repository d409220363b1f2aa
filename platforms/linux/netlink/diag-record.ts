import { IPV4_MAPPED_WORD } from '../../../src/data/sample/address.ts';
import { fromNetworkOrder, unsigned64In } from '../integers.ts';
import type { NativeBuffer } from '../libc.ts';
import { ATTRIBUTE_HEADER_BYTES, findAttribute, isAttributeAt, MESSAGE_HEADER_BYTES } from './message.ts';
import { DiagAttribute } from './sock-diag.ts';

const AF_INET = 2;
/** sizeof(struct inet_diag_msg) */
const DIAG_MESSAGE_BYTES = 72;
const ATTRIBUTES_AT = MESSAGE_HEADER_BYTES + DIAG_MESSAGE_BYTES;

/** Byte offsets in linux/tcp.h `struct tcp_info`, whose end moves out with every kernel. */
const TcpInfo = {
  ...{ UNACKED: 24, LAST_ACK_RECV: 56, RTT: 68, TOTAL_RETRANS: 100, BYTES_ACKED: 120, BYTES_RECEIVED: 128 },
  ...{ SEGS_OUT: 136, SEGS_IN: 140, MIN_RTT: 148, DATA_SEGS_IN: 152, DATA_SEGS_OUT: 156 },
  /** Since 4.19. */
  BYTES_SENT: 200,
  BYTES_RETRANS: 208,
  REORD_SEEN: 220,
} as const;
/** Up to tcpi_segs_in, without which nothing can be counted (Linux 4.2). */
const COUNTED_INFO_BYTES = 144;
const DATA_SEGS_INFO_BYTES = 160;
const SENT_INFO_BYTES = 216;
const REORDERING_INFO_BYTES = 224;
/** tcpi_min_rtt before anything was measured. */
const NO_RTT = 0xffffffff;
/** linux/sock_diag.h: index of SK_MEMINFO_DROPS in INET_DIAG_SKMEMINFO, u32 each. */
const MEMINFO_DROPS = 8;

/**
 * One `struct inet_diag_msg` with its `struct tcp_info`, read in place; the one object serves a whole dump.
 *
 *    16 family u8    17 state u8     18 timer u8    19 retransmits u8
 *    20 source port (network order)  22 destination port
 *    24 source address 16            40 destination address 16
 *    56 interface u32                60 cookie u32 low, u32 high
 *    68 expires u32  72 receive queue u32  76 send queue u32  80 uid u32  84 inode u32
 *    88 attributes
 */
export class DiagRecord {
  family = 0;
  state = 0;
  localPort = 0;
  remotePort = 0;
  cookieLow = 0;
  cookieHigh = 0;
  uid = 0;
  inode = 0;
  /** Bytes; of a listener: connections that wait for accept(2), and how many may. */
  receiveQueue = 0;
  sendQueue = 0;
  /** False: the message has no `tcp_info` (UDP, TIME_WAIT remains), and what follows here is 0. */
  hasInfo = false;
  /** No other counter moves while these two stand still. */
  segmentsOut = 0;
  segmentsIn = 0;
  /** This and what follows is read by `readCounters`. As the kernel counts: SYN and FIN included. */
  bytesAcked = 0;
  bytesReceived = 0;
  /** Payload bytes sent at least once; NaN before Linux 4.19. */
  uniqueBytesSent = 0;
  /** Segments in flight, SYN and FIN included. */
  unackedSegments = 0;
  /** NaN before Linux 4.6. */
  dataSegmentsIn = 0;
  /** NaN before Linux 4.6. */
  dataSegmentsOut = 0;
  /** NaN before Linux 4.19. */
  reorderings = 0;
  rttMicros = 0;
  /** NaN: not measured yet. */
  rttMinMicros = 0;
  retransmits = 0;
  /** Since the last ACK came; the machine's whole uptime where none ever did. */
  lastAckMillis = 0;
  #buffer: NativeBuffer | undefined;
  #at = 0;
  #end = 0;
  #infoAt = 0;
  #infoBytes = 0;
  #infoOffset = ATTRIBUTES_AT;

  /** Reads the message at byte `at`, `length` bytes long; false: it is shorter than its kind. */
  read(buffer: NativeBuffer, at: number, length: number): boolean {
    if (length < ATTRIBUTES_AT || at + length > buffer.bytes.length) return false;
    const { bytes, u32 } = buffer;
    const word = at >> 2;
    this.#buffer = buffer;
    this.#at = at;
    this.#end = at + length;
    this.family = bytes[at + 16]!;
    this.state = bytes[at + 17]!;
    this.localPort = (bytes[at + 20]! << 8) | bytes[at + 21]!;
    this.remotePort = (bytes[at + 22]! << 8) | bytes[at + 23]!;
    this.cookieLow = u32[word + 15]!;
    this.cookieHigh = u32[word + 16]!;
    this.receiveQueue = u32[word + 18]!;
    this.sendQueue = u32[word + 19]!;
    this.uid = u32[word + 20]!;
    this.inode = u32[word + 21]!;
    this.#readInfo(buffer);
    return true;
  }

  /** Reads the counters of the message that `read` was last given, where it has any. */
  readCounters(): void {
    const buffer = this.#buffer;
    if (buffer === undefined || !this.hasInfo) return;
    const { u32 } = buffer;
    const info = this.#infoAt;
    const infoBytes = this.#infoBytes;
    this.unackedSegments = u32[(info + TcpInfo.UNACKED) >> 2]!;
    this.lastAckMillis = u32[(info + TcpInfo.LAST_ACK_RECV) >> 2]!;
    this.rttMicros = u32[(info + TcpInfo.RTT) >> 2]!;
    this.retransmits = u32[(info + TcpInfo.TOTAL_RETRANS) >> 2]!;
    this.bytesAcked = unsigned64In(u32, (info + TcpInfo.BYTES_ACKED) >> 2);
    this.bytesReceived = unsigned64In(u32, (info + TcpInfo.BYTES_RECEIVED) >> 2);
    const hasDataSegments = infoBytes >= DATA_SEGS_INFO_BYTES;
    this.dataSegmentsIn = hasDataSegments ? u32[(info + TcpInfo.DATA_SEGS_IN) >> 2]! : Number.NaN;
    this.dataSegmentsOut = hasDataSegments ? u32[(info + TcpInfo.DATA_SEGS_OUT) >> 2]! : Number.NaN;
    const rttMin = hasDataSegments ? u32[(info + TcpInfo.MIN_RTT) >> 2]! : NO_RTT;
    this.rttMinMicros = rttMin === NO_RTT ? Number.NaN : rttMin;
    this.reorderings =
      infoBytes >= REORDERING_INFO_BYTES ? u32[(info + TcpInfo.REORD_SEEN) >> 2]! : Number.NaN;
    this.uniqueBytesSent =
      infoBytes >= SENT_INFO_BYTES
        ? unsigned64In(u32, (info + TcpInfo.BYTES_SENT) >> 2) -
          unsigned64In(u32, (info + TcpInfo.BYTES_RETRANS) >> 2)
        : Number.NaN;
  }

  /** SK_MEMINFO_DROPS, NaN where the dump did not ask for it. */
  drops(): number {
    const buffer = this.#buffer;
    if (buffer === undefined) return Number.NaN;
    const at = findAttribute(buffer.u16, this.#at + ATTRIBUTES_AT, this.#end, DiagAttribute.SKMEMINFO);
    if (at < 0 || buffer.u16[at >> 1]! < ATTRIBUTE_HEADER_BYTES + (MEMINFO_DROPS + 1) * 4) return Number.NaN;
    return buffer.u32[((at + ATTRIBUTE_HEADER_BYTES) >> 2) + MEMINFO_DROPS]!;
  }

  /** INET_DIAG_CGROUP_ID, 0 where the kernel sends none. */
  cgroupId(): number {
    const buffer = this.#buffer;
    if (buffer === undefined) return 0;
    const at = findAttribute(buffer.u16, this.#at + ATTRIBUTES_AT, this.#end, DiagAttribute.CGROUP_ID);
    if (at < 0 || buffer.u16[at >> 1]! < ATTRIBUTE_HEADER_BYTES + 8) return 0;
    return unsigned64In(buffer.u32, (at + ATTRIBUTE_HEADER_BYTES) >> 2);
  }

  /** Four address words, IPv4 as IPv4-mapped, to `into[index..]`. */
  copyLocalAddress(into: Uint32Array, index: number): void {
    this.#copyAddress(24, into, index);
  }

  copyRemoteAddress(into: Uint32Array, index: number): void {
    this.#copyAddress(40, into, index);
  }

  #copyAddress(offset: number, into: Uint32Array, index: number): void {
    const buffer = this.#buffer;
    if (buffer === undefined) return;
    const word = (this.#at + offset) >> 2;
    if (this.family === AF_INET) {
      into[index] = 0;
      into[index + 1] = 0;
      into[index + 2] = IPV4_MAPPED_WORD;
      into[index + 3] = fromNetworkOrder(buffer.u32[word]!);
      return;
    }
    for (let i = 0; i < 4; i++) into[index + i] = fromNetworkOrder(buffer.u32[word + i]!);
  }

  #readInfo(buffer: NativeBuffer): void {
    const { u16, u32 } = buffer;
    // The attributes before it have the same sizes in every message of a dump, so it stands where it stood before.
    let at = this.#at + this.#infoOffset;
    if (!isAttributeAt(u16, at, this.#end, DiagAttribute.INFO)) {
      at = findAttribute(u16, this.#at + ATTRIBUTES_AT, this.#end, DiagAttribute.INFO);
      if (at >= 0) this.#infoOffset = at - this.#at;
    }
    const infoBytes = at < 0 ? 0 : u16[at >> 1]! - ATTRIBUTE_HEADER_BYTES;
    this.hasInfo = infoBytes >= COUNTED_INFO_BYTES;
    if (!this.hasInfo) {
      this.#clearInfo();
      return;
    }
    this.#infoAt = at + ATTRIBUTE_HEADER_BYTES;
    this.#infoBytes = infoBytes;
    this.segmentsOut = u32[(this.#infoAt + TcpInfo.SEGS_OUT) >> 2]!;
    this.segmentsIn = u32[(this.#infoAt + TcpInfo.SEGS_IN) >> 2]!;
  }

  #clearInfo(): void {
    this.unackedSegments = 0;
    this.lastAckMillis = 0;
    this.rttMicros = 0;
    this.retransmits = 0;
    this.bytesAcked = 0;
    this.bytesReceived = 0;
    this.segmentsOut = 0;
    this.segmentsIn = 0;
    this.dataSegmentsIn = 0;
    this.dataSegmentsOut = 0;
    this.reorderings = 0;
    this.rttMinMicros = 0;
    this.uniqueBytesSent = 0;
  }
}
