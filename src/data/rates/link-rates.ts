import { lengthened } from '../../kit/table/slot-table.ts';
import { RateColumns } from './rate-columns.ts';
import { SecondBuckets } from './second-buckets.ts';
import { type Trend, Trends } from './trend.ts';

/** Rates of interfaces, or of the sum of them: with the last sixty seconds and the trend of each slot. */
export class LinkRates extends RateColumns {
  /** Bytes since the epoch's first sample. */
  sinceTx = new Float64Array(0);
  sinceRx = new Float64Array(0);
  #buckets = new SecondBuckets();
  #trends = new Trends();

  constructor() {
    super('from-first-value');
  }

  override begin(capacity: number, seconds: number): void {
    super.begin(capacity, seconds);
    if (capacity > this.sinceTx.length) {
      this.sinceTx = lengthened(this.sinceTx, new Float64Array(capacity));
      this.sinceRx = lengthened(this.sinceRx, new Float64Array(capacity));
    }
    this.#buckets.ensure(capacity);
    this.#trends.ensure(capacity);
  }

  /** As `record`, for the time between two moments of the monotonic clock. */
  recordOver(
    slot: number,
    serial: number,
    tx: number,
    rx: number,
    fromMicros: number,
    toMicros: number,
  ): void {
    if (this.serial[slot] !== serial) {
      this.#buckets.reset(slot);
      this.#trends.reset(slot);
      this.sinceTx[slot] = 0;
      this.sinceRx[slot] = 0;
    }
    this.record(slot, serial, tx, rx);
    if (Number.isNaN(this.grownTx) || Number.isNaN(this.grownRx)) return;
    this.sinceTx[slot]! += this.grownTx;
    this.sinceRx[slot]! += this.grownRx;
    this.#buckets.add(slot, fromMicros, toMicros, this.grownTx, this.grownRx);
    this.#trends.push(slot, this.rawTx[slot]! + this.rawRx[slot]!);
  }

  /** Trend of both directions together. */
  trend(slot: number): Trend {
    return this.#trends.of(slot);
  }

  /** Sixty rates of one second each, oldest first, bytes per second; NaN where nothing is known. */
  bucketsInto(slot: number, tx: Float64Array, rx: Float64Array): void {
    this.#buckets.into(slot, tx, rx);
  }

  override copy(): LinkRates {
    const copy = new LinkRates();
    this.copyInto(copy);
    copy.sinceTx = this.sinceTx.slice();
    copy.sinceRx = this.sinceRx.slice();
    copy.#buckets = this.#buckets.copy();
    copy.#trends = this.#trends.copy();
    return copy;
  }
}
