import { closeDescriptor, PAGE_SIZE_BYTES, SharedMemory } from '../libc.ts';
import { allOrNone } from './bpf-call.ts';
import { AttachType, createLink, loadProgram, ProgramType } from './bpf-program.ts';
import { openCgroupRoot } from './cgroup-root.ts';
import {
  answersProgram,
  FIRST_STORAGE_BYTES,
  type FirstPacketMaps,
  firstSentProgram,
  PacketRecord,
} from './first-packet-code.ts';
import { createMap, MapType } from './map.ts';
import { createSocketStorage } from './network-layout.ts';
import { startTicksOf } from './task-units.ts';

/** Some 600 usual packets: a power of two, and a multiple of the page size. */
const RING_BYTES = 1 << 20;
const RECORD_HEADER_BYTES = 8;
/** linux/bpf.h: BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT. */
const BUSY = 0x8000_0000;
const DISCARDED = 0x4000_0000;
const LENGTH_MASK = 0x3fff_ffff;

/** BPF_MAP_TYPE_RINGBUF (5.8). Throws BpfError. */
function createRing(): number {
  const type = MapType.RINGBUF;
  return createMap({ type, keyBytes: 0, valueBytes: 0, maxEntries: RING_BYTES, name: 'sstop_first' });
}

const FENCE = new Int32Array(new SharedArrayBuffer(4));

/** What was read before it was read before everything behind it: two atomic exchanges are a full barrier, on arm64 too. */
function fence(): void {
  Atomics.exchange(FENCE, 0, 0);
  Atomics.exchange(FENCE, 0, 0);
}

/**
 * Reads a ring buffer (kernel/bpf/ringbuf.c) without system calls:
 *
 *   page 0 consumer position u64 | page 1 producer position u64 | data, mapped twice so that records never wrap
 *   record: 0 length u32 with two flags | 4 u32 | 8 data, padded to 8 bytes
 *
 * What the kernel writes is mapped for reading alone, as it demands, so `Atomics.load` must not be used on it: compiled,
 * it is an exchange, which writes.
 */
export class RingReader {
  readonly #consumer: SharedMemory;
  readonly #producer: SharedMemory;
  readonly #pageBytes = PAGE_SIZE_BYTES;
  readonly #ringBytes: number;
  #isClosed = false;

  /** The map's descriptor stays the caller's. Throws SyscallError. */
  constructor(descriptor: number, ringBytes: number) {
    this.#ringBytes = ringBytes;
    this.#consumer = new SharedMemory(descriptor, this.#pageBytes);
    try {
      const length = this.#pageBytes + 2 * ringBytes;
      this.#producer = new SharedMemory(descriptor, length, { offset: this.#pageBytes, isReadOnly: true });
    } catch (thrown) {
      this.#consumer.unmap();
      throw thrown;
    }
  }

  /**
   * Shows the records that are complete, each as a place in memory that is valid during the visit only.
   *
   * @returns how many bytes of the ring they took
   */
  drain(visit: (view: DataView, at: number, bytes: number) => void): number {
    if (this.#isClosed) return 0;
    const { view, i32 } = this.#producer;
    const consumed = new BigInt64Array(this.#consumer.view.buffer, 0, 1);
    const start = Number(consumed[0]);
    // In one piece: of two words one may be older.
    const end = Number(new BigInt64Array(view.buffer, 0, 1)[0]);
    fence();
    let complete = start;
    while (complete < end) {
      const header = i32[this.#at(complete) >> 2]! >>> 0;
      if ((header & BUSY) !== 0) break;
      complete += recordBytes(header);
    }
    fence();
    let position = start;
    while (position < complete) {
      const at = this.#at(position);
      const header = i32[at >> 2]! >>> 0;
      if ((header & DISCARDED) === 0) visit(view, at + RECORD_HEADER_BYTES, header & LENGTH_MASK);
      position += recordBytes(header);
    }
    if (position > start) Atomics.store(consumed, 0, BigInt(position));
    return position - start;
  }

  /** Where a position lies in the mapping. */
  #at(position: number): number {
    return this.#pageBytes + (position % this.#ringBytes);
  }

  close(): void {
    this.#isClosed = true;
    this.#consumer.unmap();
    this.#producer.unmap();
  }
}

function recordBytes(header: number): number {
  return ((header & LENGTH_MASK) + RECORD_HEADER_BYTES + 7) & ~7;
}

/** Each drain wakes the program: the next one comes when so much of the ring is full, as fast as it was filled last. */
const FILLED_SHARE = 0.25;
const DRAIN_MILLIS = { least: 50, most: 1000 } as const;

/** A packet that the kernel copied; always the same object, valid during the visit only. */
export interface FirstPacket {
  readonly view: DataView;
  /** Where its IP header starts. */
  readonly at: number;
  /** Bytes from there on that are there, and that the packet had. */
  readonly captured: number;
  readonly length: number;
  /** Whether a socket of this machine sent it. */
  readonly isSent: boolean;
  /** The owner of its socket in this PID namespace; 0: it is not known, or not when it started. */
  readonly pid: number;
  /** As field 22 of /proc/PID/stat; NaN: not known. */
  readonly startTicks: number;
}

/** Programs that are copying, for the program that this one becomes. */
export interface HandedFirstPackets {
  readonly ring: number;
  /** Descriptors that keep the programs attached. */
  readonly kept: readonly number[];
}

/**
 * Copies answers of name servers and the first packets of connections of all processes (first-packet-code.ts), until
 * `close` or the end of this process. Needs CAP_BPF and CAP_NET_ADMIN.
 */
export class FirstPackets {
  /** For `adopt` in the program that this one becomes. */
  readonly handed: HandedFirstPackets;
  readonly #reader: RingReader;
  readonly #packet: { -readonly [Key in keyof FirstPacket]: FirstPacket[Key] } = {
    ...{ view: new DataView(new ArrayBuffer(0)), at: 0, captured: 0, length: 0 },
    ...{ isSent: false, pid: 0, startTicks: Number.NaN },
  };
  /** Who is shown the records of the drain under way. */
  #visit: (packet: FirstPacket) => void = () => undefined;
  readonly #read = (view: DataView, at: number): void => {
    const packet = this.#packet;
    packet.view = view;
    packet.at = at + PacketRecord.PACKET;
    packet.captured = view.getUint32(at + PacketRecord.CAPTURED, true);
    packet.length = view.getUint32(at + PacketRecord.LENGTH, true);
    packet.isSent = view.getUint32(at + PacketRecord.IS_SENT, true) !== 0;
    const low = view.getUint32(at + PacketRecord.START, true);
    const high = view.getUint32(at + PacketRecord.START + 4, true);
    const isKnown = low !== 0 || high !== 0;
    packet.pid = isKnown ? view.getUint32(at + PacketRecord.PID, true) : 0;
    packet.startTicks = isKnown ? startTicksOf(low, high) : Number.NaN;
    this.#visit(packet);
  };
  #bytes = 0;
  #sinceMillis = performance.now();
  #drainMillis: number = DRAIN_MILLIS.most;

  /** @param owners the storage of owners, as NetworkMaps has it; throws BpfError or OpError */
  static open(owners: number): FirstPackets {
    return new FirstPackets(attach(owners));
  }

  /** Takes over the programs that the previous executable loaded. Needs no privilege. */
  static adopt(handed: HandedFirstPackets): FirstPackets {
    return new FirstPackets(handed);
  }

  private constructor(handed: HandedFirstPackets) {
    this.handed = handed;
    try {
      this.#reader = new RingReader(handed.ring, RING_BYTES);
    } catch (thrown) {
      closeHanded(handed);
      throw thrown;
    }
  }

  drain(visit: (packet: FirstPacket) => void): void {
    this.#visit = visit;
    const bytes = this.#reader.drain(this.#read);
    this.#estimate(bytes);
  }

  #estimate(bytes: number): void {
    const millis = performance.now() - this.#sinceMillis;
    this.#bytes += bytes;
    // Of two drains at once the second says nothing of how fast the ring fills.
    if (millis < DRAIN_MILLIS.least / 2) return;
    const fillMillis = (millis * RING_BYTES * FILLED_SHARE) / Math.max(this.#bytes, 1);
    this.#drainMillis = Math.min(Math.max(fillMillis, DRAIN_MILLIS.least), DRAIN_MILLIS.most);
    this.#sinceMillis += millis;
    this.#bytes = 0;
  }

  drainWithinMillis(): number {
    return this.#drainMillis;
  }

  close(): void {
    this.#reader.close();
    closeHanded(this.handed);
  }
}

function closeHanded({ ring, kept }: HandedFirstPackets): void {
  for (const descriptor of [...kept, ring]) closeDescriptor(descriptor);
}

function attach(owners: number): HandedFirstPackets {
  const { descriptor: cgroup } = openCgroupRoot();
  try {
    return allOrNone((keep) => {
      const ring = keep(createRing());
      const wanted = keep(createSocketStorage('sstop_wanted', FIRST_STORAGE_BYTES));
      const maps: FirstPacketMaps = { ring, wanted, owners };
      const kept = [wanted];
      for (const [name, code, expectedAttachType] of [
        ['sstop_answers', answersProgram(maps), AttachType.CGROUP_INET_INGRESS],
        ['sstop_first', firstSentProgram(maps), AttachType.CGROUP_INET_EGRESS],
      ] as const) {
        const program = keep(loadProgram({ type: ProgramType.CGROUP_SKB, code, name, expectedAttachType }));
        kept.push(program, keep(createLink(program, cgroup, expectedAttachType)));
      }
      return { ring, kept };
    });
  } finally {
    closeDescriptor(cgroup);
  }
}
