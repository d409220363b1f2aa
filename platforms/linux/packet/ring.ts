import { closedOnError } from '../../../src/kit/errors/op-error.ts';
import {
  bindSocket,
  closeDescriptor,
  getSocketOption,
  NativeBuffer,
  openSocket,
  orThrow,
  PAGE_SIZE_BYTES,
  SharedMemory,
  setSocketOption,
} from '../libc.ts';
import { attachFilter, type FilterInstruction } from '../socket-filter.ts';

const AF_PACKET = 17;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const SOL_PACKET = 263;
const ETH_P_ALL = 3;
/** linux/if_packet.h */
const PacketOption = { RX_RING: 5, STATISTICS: 6, VERSION: 10, VNET_HDR: 15 } as const;
const TPACKET_V3 = 2;
const FRAME_BYTES = 2048;
/** sizeof(struct tpacket_block_desc), sizeof(struct tpacket3_hdr), sizeof(struct virtio_net_hdr). */
const BLOCK_HEADER_BYTES = 48;
const PACKET_HEADER_BYTES = 48;
const VNET_HEADER_BYTES = 10;
/** Of struct sockaddr_ll what is read: up to the packet's type. */
const ADDRESS_BYTES = 12;
const STATUS_USER = 1;

export interface PacketRingOptions {
  readonly filter: readonly FilterInstruction[];
  /** A power of two; at least a page is taken. */
  readonly blockBytes: number;
  readonly blockCount: number;
  /** A block that has packets is handed over after so long, full or not. */
  readonly retireMillis: number;
  /**
   * Whether each packet comes with its segment size (PACKET_VNET_HDR): only SOCK_RAW has that, so the link header is
   * captured too. Otherwise SOCK_DGRAM: tunnels and ppp have no Ethernet header, and nobody needs it. Either way
   * the kernel says where the network header is.
   *
   * Before Linux 6.2 the kernel drops UDP super-packets that it should describe so.
   */
  readonly withSegmentSizes: boolean;
}

/** One captured packet, valid during the visit only: always the same object. */
export interface CapturedPacket {
  readonly view: DataView;
  /** Where its network header starts. */
  readonly at: number;
  /** Bytes from there on that were captured. */
  readonly captured: number;
  /** Bytes from there on that the packet had. */
  readonly length: number;
  /** PacketType. */
  readonly type: number;
  readonly interfaceIndex: number;
  /** gso_size and virtio's gso_type without its ECN bit; 0: no super-packet, or not asked for. */
  readonly segmentBytes: number;
  readonly segmentType: number;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

export type PacketVisitor = (packet: CapturedPacket) => void;

/**
 * A packet socket on every interface of this program's network namespace, with a TPACKET_V3 ring that the kernel
 * fills (Documentation/networking/packet_mmap.rst). Needs CAP_NET_RAW.
 *
 *   struct tpacket_block_desc (48)   0 version   4 offset_to_priv   8 block_status   12 num_pkts
 *                                    16 offset_to_first_pkt   20 blk_len   24 seq_num 8   32 two timestamps
 *   struct tpacket3_hdr (48)         0 next_offset   4 sec   8 nsec   12 snaplen   16 len   20 status
 *                                    24 mac u16   26 net u16   28 rxhash   32 vlan_tci   36 vlan_tpid u16, padding
 *   struct sockaddr_ll (20) behind   0 family u16   2 protocol u16   4 ifindex   8 hatype u16   10 pkttype u8
 *   struct virtio_net_hdr (10) before `mac`
 *                                    0 flags u8   1 gso_type u8   2 hdr_len u16   4 gso_size u16   6 checksum 4
 */
export class PacketRing {
  /** Packets that the filter passed but for which no block was free. Brought up to date by `readDropped`. */
  dropped = 0;
  readonly blockCount: number;
  readonly #blockBytes: number;
  /** Readable once a block is finished. */
  readonly descriptor: number;
  readonly #memory: SharedMemory;
  readonly #withSegmentSizes: boolean;
  readonly #scratch = new NativeBuffer(32);
  readonly #packet: Mutable<CapturedPacket> = {
    view: new DataView(new ArrayBuffer(0)),
    at: 0,
    captured: 0,
    length: 0,
    type: 0,
    interfaceIndex: 0,
    segmentBytes: 0,
    segmentType: 0,
  };
  #block = 0;

  /** Packets from now on are kept. Throws SyscallError: EPERM without CAP_NET_RAW. */
  constructor(options: PacketRingOptions) {
    const type = options.withSegmentSizes ? SOCK_RAW : SOCK_DGRAM;
    // Protocol 0: nothing arrives before the filter is there and the socket bound.
    this.descriptor = orThrow(openSocket(AF_PACKET, type, 0), 'socket', 'AF_PACKET');
    this.#withSegmentSizes = options.withSegmentSizes;
    this.#blockBytes = Math.max(options.blockBytes, PAGE_SIZE_BYTES);
    this.blockCount = options.blockCount;
    this.#memory = closedOnError(this, () => {
      this.#configure(options);
      return new SharedMemory(this.descriptor, this.#blockBytes * this.blockCount);
    });
    closedOnError(this, () => this.#bind());
  }

  /** Whether the kernel has finished a block that was not yet handed over. */
  get hasBlock(): boolean {
    const { i32 } = this.#memory;
    const status = (this.#block * this.#blockBytes + 8) >> 2;
    return i32.length > 0 && (Atomics.load(i32, status) & STATUS_USER) !== 0;
  }

  /**
   * Hands over the packets of the oldest block that the kernel has finished, and gives the block back.
   *
   * @returns how many there were, -1: no block is finished
   */
  #drainBlock(visit: PacketVisitor): void {
    const { view, i32 } = this.#memory;
    const block = this.#block * this.#blockBytes;
    this.#visitBlock(view, block, visit);
    Atomics.store(i32, (block + 8) >> 2, 0);
    this.#block = (this.#block + 1) % this.blockCount;
  }

  /**
   * Hands over the packets of all finished blocks, of each at most once: a flood must not keep a drain from ending.
   * Returns how many blocks there were.
   */
  drain(visit: PacketVisitor): number {
    let blocks = 0;
    for (; blocks < this.blockCount && this.hasBlock; blocks++) this.#drainBlock(visit);
    return blocks;
  }

  /** Asks for the packets dropped since it was asked last, adds them up and returns the sum. */
  readDropped(): number {
    // struct tpacket_stats_v3: packets, drops, queue freezes, u32 each; reading sets them to 0.
    const statistics = this.#scratch;
    const length = getSocketOption(this.descriptor, SOL_PACKET, PacketOption.STATISTICS, statistics, 12);
    if (length >= 8) this.dropped += statistics.u32[1]!;
    return this.dropped;
  }

  close(): void {
    this.#packet.view = new DataView(new ArrayBuffer(0));
    // Not there yet where the constructor failed.
    this.#memory?.unmap();
    closeDescriptor(this.descriptor);
  }

  #configure(options: PacketRingOptions): void {
    attachFilter(this.descriptor, options.filter);
    this.#set(PacketOption.VERSION, [TPACKET_V3], 'PACKET_VERSION');
    if (options.withSegmentSizes) this.#set(PacketOption.VNET_HDR, [1], 'PACKET_VNET_HDR');
    // struct tpacket_req3 (28): block size, blocks, frame size, frames, retire time, private bytes, features.
    const frames = (this.#blockBytes / FRAME_BYTES) * this.blockCount;
    const ring = [this.#blockBytes, this.blockCount, FRAME_BYTES, frames, options.retireMillis, 0, 0];
    this.#set(PacketOption.RX_RING, ring, 'PACKET_RX_RING');
  }

  #set(option: number, words: readonly number[], name: string): void {
    this.#scratch.u32.set(words);
    const result = setSocketOption(this.descriptor, SOL_PACKET, option, this.#scratch, words.length * 4);
    orThrow(result, 'setsockopt', name);
  }

  #bind(): void {
    // struct sockaddr_ll (20): family u16, protocol u16 in network order, ifindex i32 (0: every interface).
    const address = this.#scratch;
    address.bytes.fill(0, 0, 20);
    address.u16[0] = AF_PACKET;
    address.view.setUint16(2, ETH_P_ALL);
    orThrow(bindSocket(this.descriptor, address, 20), 'bind', 'AF_PACKET');
  }

  #visitBlock(view: DataView, block: number, visit: PacketVisitor): void {
    const end = block + this.#blockBytes;
    const count = view.getUint32(block + 12, true);
    let at = block + Math.max(view.getUint32(block + 16, true), BLOCK_HEADER_BYTES);
    for (let i = 0; i < count; i++) {
      if (at + PACKET_HEADER_BYTES + ADDRESS_BYTES > end) return;
      if (this.#describe(view, at, end)) visit(this.#packet);
      const next = view.getUint32(at, true);
      if (next === 0) return;
      at += next;
    }
  }

  /** False for offsets that point out of the block. */
  #describe(view: DataView, at: number, end: number): boolean {
    const packet = this.#packet;
    const mac = view.getUint16(at + 24, true);
    const net = view.getUint16(at + 26, true);
    // What was not captured to its network header has a length below 0.
    packet.view = view;
    packet.at = at + net;
    packet.captured = view.getUint32(at + 12, true) - (net - mac);
    packet.length = view.getUint32(at + 16, true) - (net - mac);
    packet.interfaceIndex = view.getInt32(at + PACKET_HEADER_BYTES + 4, true);
    packet.type = view.getUint8(at + PACKET_HEADER_BYTES + 10);
    packet.segmentBytes = 0;
    packet.segmentType = 0;
    if (this.#withSegmentSizes) {
      const vnet = at + mac - VNET_HEADER_BYTES;
      packet.segmentType = view.getUint8(vnet + 1) & 0x7f;
      packet.segmentBytes = packet.segmentType === 0 ? 0 : view.getUint16(vnet + 4, true);
    }
    return packet.captured > 0 && packet.at + packet.captured <= end;
  }
}
