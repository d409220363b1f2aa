import { columnsClass, numbers } from '../../kit/table/columns.ts';
import { RateColumns } from './rate-columns.ts';
import { SecondBuckets } from './second-buckets.ts';
import { type Trend, Trends } from './trend.ts';

/** Bytes since the epoch's first sample. */
class SinceColumns extends columnsClass({ tx: numbers('f64'), rx: numbers('f64') }) {}

/** Rates of interfaces, or of the sum of them: with the last sixty seconds and the trend of each slot. */
export class LinkRates extends RateColumns {
  readonly #since = new SinceColumns();
  readonly #buckets = new SecondBuckets();
  readonly #trends = new Trends();

  constructor() {
    super('from-first-value');
  }

  get sinceTx(): Float64Array {
    return this.#since.tx;
  }

  get sinceRx(): Float64Array {
    return this.#since.rx;
  }

  override begin(capacity: number, seconds: number): void {
    super.begin(capacity, seconds);
    this.#since.reserve(capacity);
    this.#buckets.reserve(capacity);
    this.#trends.reserve(capacity);
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
      this.#since.tx[slot] = 0;
      this.#since.rx[slot] = 0;
    }
    this.record(slot, serial, tx, rx);
    if (Number.isNaN(this.grownTx) || Number.isNaN(this.grownRx)) return;
    this.#since.tx[slot]! += this.grownTx;
    this.#since.rx[slot]! += this.grownRx;
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
    copy.become(this);
    copy.#since.become(this.#since);
    copy.#buckets.become(this.#buckets);
    copy.#trends.become(this.#trends);
    return copy;
  }
}
