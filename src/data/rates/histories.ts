import { columnsClass, numbers } from '../../kit/table/columns.ts';

/** Samples that a row's graph shows. */
export const HISTORY_LENGTH = 60;

/** The last HISTORY_LENGTH rates of each slot, both directions together, bytes per second. */
export class RateHistory extends columnsClass({
  ring: numbers('f32', 0, HISTORY_LENGTH),
  serial: numbers('u32'),
}) {
  /** Samples taken since it began or was cleared. */
  sampleCount = 0;
  /** Where this sample's values go; the same in every ring. */
  #head = 0;

  /** Before a sample's rows. Rows that are not pushed keep what stood there HISTORY_LENGTH samples ago: push them all. */
  begin(capacity: number): void {
    this.reserve(capacity);
    this.#head = (this.#head + 1) % HISTORY_LENGTH;
    this.sampleCount++;
  }

  /** Unknown (NaN) is drawn as nothing. */
  push(slot: number, serial: number, rate: number): void {
    const at = slot * HISTORY_LENGTH;
    if (this.serial[slot] !== serial) {
      this.serial[slot] = serial;
      this.ring.fill(0, at, at + HISTORY_LENGTH);
    }
    this.ring[at + this.#head] = Number.isNaN(rate) ? 0 : rate;
  }

  /** Adds the slot's rates to `out` (HISTORY_LENGTH values, oldest first). */
  addInto(slot: number, out: Float32Array): void {
    const at = slot * HISTORY_LENGTH;
    for (let i = 0; i < HISTORY_LENGTH; i++) {
      out[i]! += this.ring[at + ((this.#head + 1 + i) % HISTORY_LENGTH)]!;
    }
  }

  clear(): void {
    this.serial.fill(0);
    this.sampleCount = 0;
  }

  copy(): RateHistory {
    const copy = new RateHistory();
    copy.become(this);
    copy.#head = this.#head;
    copy.sampleCount = this.sampleCount;
    return copy;
  }
}

/** Samples that a large chart can show. */
export const HISTORY_SAMPLES = 600;

/** The last values of one figure, NaN where one is not known. The ring lies open, so that charts draw it in place. */
export class SampleHistory {
  readonly values: Float32Array;
  readonly capacity: number;
  /** Place of the newest value; -1 before the first. */
  newest = -1;
  count = 0;

  constructor(capacity = HISTORY_SAMPLES) {
    this.capacity = capacity;
    this.values = new Float32Array(capacity);
  }

  /** The newest value; NaN before the first. */
  get last(): number {
    return this.count === 0 ? Number.NaN : this.values[this.newest]!;
  }

  push(value: number): void {
    this.newest = (this.newest + 1) % this.capacity;
    this.values[this.newest] = value;
    if (this.count < this.capacity) this.count++;
  }

  clear(): void {
    this.newest = -1;
    this.count = 0;
  }

  copy(): SampleHistory {
    const copy = new SampleHistory(this.capacity);
    copy.values.set(this.values);
    copy.newest = this.newest;
    copy.count = this.count;
    return copy;
  }
}

/** Seconds that a sparkline shows. */
export const BUCKET_COUNT = 60;
/** A few more are kept, for when the newest is not shown yet. */
const RING_LENGTH = 64;
const MICROS_PER_SECOND = 1e6;
/** The bucket under way is shown once half of it is known; before that it would flicker. */
const SHOWN_FROM_MICROS = MICROS_PER_SECOND / 2;

/** Sixty buckets of a second for each slot: the bytes of a sample are spread evenly over the time that it covers. */
export class SecondBuckets extends columnsClass({
  tx: numbers('f64', 0, RING_LENGTH),
  rx: numbers('f64', 0, RING_LENGTH),
  coveredMicros: numbers('f64', 0, RING_LENGTH),
  /** The newest second that the slot's ring holds, counted from the monotonic clock's zero; -1 none. */
  newest: numbers('f64', -1),
}) {
  reset(slot: number): void {
    this.coveredMicros.fill(0, slot * RING_LENGTH, (slot + 1) * RING_LENGTH);
    this.newest[slot] = -1;
  }

  add(slot: number, fromMicros: number, toMicros: number, tx: number, rx: number): void {
    const lengthMicros = toMicros - fromMicros;
    if (!(lengthMicros > 0)) return;
    const last = Math.floor((toMicros - 1) / MICROS_PER_SECOND);
    const first = Math.max(Math.floor(fromMicros / MICROS_PER_SECOND), last - RING_LENGTH + 1);
    this.#advance(slot, last);
    for (let second = first; second <= last; second++) {
      const start = Math.max(fromMicros, second * MICROS_PER_SECOND);
      const micros = Math.min(toMicros, (second + 1) * MICROS_PER_SECOND) - start;
      const at = slot * RING_LENGTH + (second % RING_LENGTH);
      this.tx[at]! += (tx * micros) / lengthMicros;
      this.rx[at]! += (rx * micros) / lengthMicros;
      this.coveredMicros[at]! += micros;
    }
  }

  /** Fills both with BUCKET_COUNT rates, oldest first, bytes per second; NaN where nothing is known. */
  into(slot: number, tx: Float64Array, rx: Float64Array): void {
    tx.fill(Number.NaN);
    rx.fill(Number.NaN);
    let second = this.newest[slot] ?? -1;
    if (second < 0) return;
    if (this.coveredMicros[slot * RING_LENGTH + (second % RING_LENGTH)]! < SHOWN_FROM_MICROS) second--;
    for (let i = BUCKET_COUNT - 1; i >= 0; i--, second--) {
      if (second < 0) return;
      const at = slot * RING_LENGTH + (second % RING_LENGTH);
      const covered = this.coveredMicros[at]!;
      if (covered === 0) continue;
      tx[i] = (this.tx[at]! / covered) * MICROS_PER_SECOND;
      rx[i] = (this.rx[at]! / covered) * MICROS_PER_SECOND;
    }
  }

  /** Empties the buckets between the newest and `second`, which becomes the newest. */
  #advance(slot: number, second: number): void {
    const newest = this.newest[slot]!;
    const from = newest < 0 ? second - RING_LENGTH : newest;
    for (let s = Math.max(from + 1, second - RING_LENGTH + 1); s <= second; s++) {
      const at = slot * RING_LENGTH + (((s % RING_LENGTH) + RING_LENGTH) % RING_LENGTH);
      this.tx[at] = 0;
      this.rx[at] = 0;
      this.coveredMicros[at] = 0;
    }
    if (second > newest) this.newest[slot] = second;
  }
}

export type Trend = 'up' | 'down' | 'flat';

/** Samples whose mean is compared with that of as many before them. */
const TREND_HALF = 4;
const LENGTH = TREND_HALF * 2;
const MARGIN = 0.2;

/** Where sums (or means) of equally many rates are going. */
function trendBetween(before: number, last: number): Trend {
  if (last > before * (1 + MARGIN)) return 'up';
  return last < before * (1 - MARGIN) ? 'down' : 'flat';
}

/** The last eight rates of each slot: mean of the last four against the four before, flat within 20 %. */
export class Trends extends columnsClass({ ring: numbers('f64', 0, LENGTH), taken: numbers('u32') }) {
  reset(slot: number): void {
    this.taken[slot] = 0;
  }

  push(slot: number, rate: number): void {
    const taken = this.taken[slot]!;
    this.ring[slot * LENGTH + (taken % LENGTH)] = rate;
    // Past the first eight only the place in the ring matters, so the count may wrap there.
    this.taken[slot] = taken + 1 === LENGTH * 2 ? LENGTH : taken + 1;
  }

  /** Flat until eight rates are known. */
  of(slot: number): Trend {
    const taken = this.taken[slot] ?? 0;
    if (taken < LENGTH) return 'flat';
    let before = 0;
    let last = 0;
    for (let age = 0; age < LENGTH; age++) {
      const rate = this.ring[slot * LENGTH + ((taken - 1 - age + LENGTH) % LENGTH)]!;
      if (age < TREND_HALF) last += rate;
      else before += rate;
    }
    return trendBetween(before, last);
  }
}

/**
 * Trend of HISTORY_LENGTH rates, oldest first: mean of the last four against the four before, flat within 20 %. Flat
 * too while fewer than eight of them (`sampleCount`, since rates began) were measured.
 */
export function trendOfHistory(history: Float32Array, sampleCount: number): Trend {
  // The first sample has no rate: it is what the second is measured from.
  if (sampleCount <= TREND_HALF * 2) return 'flat';
  let before = 0;
  let last = 0;
  for (let age = 0; age < TREND_HALF; age++) {
    last += history[HISTORY_LENGTH - 1 - age]!;
    before += history[HISTORY_LENGTH - 1 - TREND_HALF - age]!;
  }
  return trendBetween(before, last);
}

/** How much time passes from sample to sample, for the time axis of what is kept sample by sample. */
export class SampleAge {
  #seconds = Number.NaN;

  /** Seconds from one sample to the next, smoothed; NaN before two are known. */
  get seconds(): number {
    return this.#seconds;
  }

  push(seconds: number): void {
    if (!(seconds > 0)) return;
    this.#seconds = Number.isNaN(this.#seconds) ? seconds : this.#seconds + (seconds - this.#seconds) / 8;
  }
}
