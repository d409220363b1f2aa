import { lengthened } from '../../kit/table/slot-table.ts';

/** Steps of an octave: neighbouring ones differ by a quarter, so a value in the middle is within an eighth. */
const STEPS_PER_OCTAVE = 3;
/** From 16 µs to 34 s in 21 octaves. */
const FIRST_LOG2 = 4;
const BUCKETS = 64;
/** A generation lasts so long, and two of them are looked at: between a half and a whole minute. */
const GENERATION_MICROS = 30e6;
/** Subjects with an own histogram, the first ones of the table: 1 MB in all. */
const SUBJECTS_LIMIT = 4096;
const QUANTILE = 0.95;

/**
 * Histograms of round-trip times, one for each subject (owner or host), for the 95th percentile of the last minute.
 * Bounded: 256 bytes a subject, and none beyond the first 4096 slots.
 */
export class RoundTrips {
  #counts = [new Uint16Array(0), new Uint16Array(0)];
  #serials = new Uint32Array(0);
  #current = 0;
  #startedMicros = Number.NaN;

  /** Before a sample's round trips. */
  begin(monotonicMicros: number): void {
    if (Number.isNaN(this.#startedMicros)) this.#startedMicros = monotonicMicros;
    if (monotonicMicros - this.#startedMicros < GENERATION_MICROS) return;
    this.#startedMicros = monotonicMicros;
    this.#current = 1 - this.#current;
    this.#counts[this.#current]!.fill(0);
  }

  /** A round-trip time of a subject; `capacity` of the subjects' table. */
  note(slot: number, serial: number, capacity: number, micros: number): void {
    if (slot >= SUBJECTS_LIMIT || !(micros > 0)) return;
    if (slot >= this.#serials.length) this.#reserve(Math.min(capacity, SUBJECTS_LIMIT));
    if (this.#serials[slot] !== serial) {
      this.#serials[slot] = serial;
      for (const counts of this.#counts) counts.fill(0, slot * BUCKETS, (slot + 1) * BUCKETS);
    }
    const at = slot * BUCKETS + bucketOf(micros);
    const counts = this.#counts[this.#current]!;
    if (counts[at]! < 0xffff) counts[at]!++;
  }

  /** The 95th percentile of a subject, microseconds; NaN: nothing was noted in the last minute. */
  percentile95(slot: number, serial: number): number {
    if (slot >= this.#serials.length || this.#serials[slot] !== serial) return Number.NaN;
    const [first, second] = this.#counts as [Uint16Array, Uint16Array];
    const start = slot * BUCKETS;
    let total = 0;
    for (let at = start; at < start + BUCKETS; at++) total += first[at]! + second[at]!;
    if (total === 0) return Number.NaN;
    let left = total * (1 - QUANTILE);
    for (let bucket = BUCKETS - 1; bucket >= 0; bucket--) {
      left -= first[start + bucket]! + second[start + bucket]!;
      if (left < 0) return middleOf(bucket);
    }
    return Number.NaN;
  }

  #reserve(capacity: number): void {
    this.#serials = lengthened(this.#serials, new Uint32Array(capacity));
    this.#counts = this.#counts.map((counts) => lengthened(counts, new Uint16Array(capacity * BUCKETS)));
  }
}

function bucketOf(micros: number): number {
  const bucket = Math.floor((Math.log2(micros) - FIRST_LOG2) * STEPS_PER_OCTAVE);
  return Math.max(0, Math.min(bucket, BUCKETS - 1));
}

function middleOf(bucket: number): number {
  return Math.round(2 ** (FIRST_LOG2 + (bucket + 0.5) / STEPS_PER_OCTAVE));
}
