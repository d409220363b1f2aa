import { SharedMemory, systemConfiguration } from '../libc.ts';
import { createMap, MapType } from './map.ts';

const PAGE_SIZE = 30;
const RECORD_HEADER_BYTES = 8;
/** linux/bpf.h: BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT. */
const BUSY = 0x8000_0000;
const DISCARDED = 0x4000_0000;
const LENGTH_MASK = 0x3fff_ffff;

/** BPF_MAP_TYPE_RINGBUF (5.8) of so many bytes, a power of two and a multiple of the page size. Throws BpfError. */
export function createRing(name: string, bytes: number): number {
  return createMap({ type: MapType.RINGBUF, keyBytes: 0, valueBytes: 0, maxEntries: bytes, name });
}

/** For `fence`. */
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
  readonly #pageBytes = systemConfiguration(PAGE_SIZE);
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

/** What a record with this header takes. */
function recordBytes(header: number): number {
  return ((header & LENGTH_MASK) + RECORD_HEADER_BYTES + 7) & ~7;
}
