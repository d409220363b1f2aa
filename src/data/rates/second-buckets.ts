import { columnsClass, numbers } from '../../kit/table/columns.ts';

/** Seconds that a sparkline shows. */
export const BUCKET_COUNT = 60;
/** A few more are kept, for when the newest is not shown yet. */
const RING_LENGTH = 64;
const MICROS_PER_SECOND = 1e6;
/** The bucket under way is shown once half of it is known; before that it would flicker. */
const SHOWN_FROM_MICROS = MICROS_PER_SECOND / 2;

/**
 * Sixty buckets of one second for each slot, whatever the interval between samples: the bytes of a sample are
 * spread evenly over the time that it covers.
 */
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
