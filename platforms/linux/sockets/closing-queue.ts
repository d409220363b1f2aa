import { lengthened } from '../../../src/kit/table/slot-table.ts';
import { NativeBuffer } from '../libc.ts';
import type { VisitMessage } from '../netlink/socket.ts';

/** A closing message of Linux 6.18 has 380 bytes; tcp_info may grow by as many again. */
const ENTRY_BYTES = 640;
const INITIAL_ENTRIES = 64;
const ENTRIES_LIMIT = 16384;

/** Closing messages read between two collections, resolved by the next dump. */
export class ClosingQueue {
  count = 0;
  /** Messages refused because the queue was full, or they too long for it. Only ever grows. */
  overflowCount = 0;
  /** When the messages that follow were taken, monotonic. */
  nowMicros = 0;
  #entries = new NativeBuffer(INITIAL_ENTRIES * ENTRY_BYTES);
  #lengths = new Uint16Array(INITIAL_ENTRIES);
  #takenMicros = new Float64Array(INITIAL_ENTRIES);

  readonly add: VisitMessage = (buffer, at, length) => {
    if (length > ENTRY_BYTES || (this.count === this.#lengths.length && !this.#grow())) {
      this.overflowCount++;
      return;
    }
    const into = (this.count * ENTRY_BYTES) >> 2;
    for (let word = 0; word < length >> 2; word++) {
      this.#entries.u32[into + word] = buffer.u32[(at >> 2) + word]!;
    }
    this.#lengths[this.count] = length & ~3;
    this.#takenMicros[this.count++] = this.nowMicros;
  };

  /** Hands over entry `index` as it came. */
  visit(index: number, visit: VisitMessage): void {
    visit(this.#entries, index * ENTRY_BYTES, this.#lengths[index]!);
  }

  takenMicros(index: number): number {
    return this.#takenMicros[index]!;
  }

  clear(): void {
    this.count = 0;
  }

  #grow(): boolean {
    const entries = this.#lengths.length * 2;
    if (entries > ENTRIES_LIMIT) return false;
    const grown = new NativeBuffer(entries * ENTRY_BYTES);
    grown.bytes.set(this.#entries.bytes);
    this.#entries = grown;
    this.#lengths = lengthened(this.#lengths, new Uint16Array(entries));
    this.#takenMicros = lengthened(this.#takenMicros, new Float64Array(entries));
    return true;
  }
}

/** Half the buffers are left for what the rate does not foresee. */
const SHARE_OF_CAPACITY = 0.5;
/** How fast an old rate is forgotten: a burst is remembered for some seconds. */
const SMOOTHING_MICROS = 3e6;
/** Shorter gaps say little of a rate. */
const LEAST_GAP_MICROS = 1000;

/** How many sockets close a second, and so for how long the kernel's buffers hold their announcements. */
export class ClosingRate {
  #perMicro = 0;
  #lastMicros = Number.NaN;

  /** `count` announcements were waiting at `nowMicros`. */
  record(count: number, nowMicros: number): void {
    const gap = nowMicros - this.#lastMicros;
    if (gap < LEAST_GAP_MICROS) return;
    this.#lastMicros = nowMicros;
    if (Number.isNaN(gap)) return;
    const rate = count / gap;
    const weight = rate > this.#perMicro ? 1 : 1 - Math.exp(-gap / SMOOTHING_MICROS);
    this.#perMicro += (rate - this.#perMicro) * weight;
  }

  /** Milliseconds until buffers of so many announcements should be read; Infinity while nothing closes. */
  drainWithinMillis(capacity: number): number {
    if (this.#perMicro < 1e-9) return Number.POSITIVE_INFINITY;
    return (capacity * SHARE_OF_CAPACITY) / this.#perMicro / 1000;
  }
}
