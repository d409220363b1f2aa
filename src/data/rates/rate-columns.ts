import { lengthened } from '../../kit/table/slot-table.ts';
import { QUIET_SAMPLES, quietAfter, smoothed, weightOf } from './smoothing.ts';

/** What a row seen for the first time after the first sample is counted from. */
type NewRows = 'from-zero' | 'from-first-value';

/**
 * Rates beside a table of cumulative counters, bytes per second, same slots; NaN unknown. `raw` is growth by true
 * time, for exports; `smooth` is for the screen. A slot's rates are those of the row whose serial stands beside.
 */
export class RateColumns {
  rawTx: Float64Array;
  rawRx: Float64Array;
  smoothTx: Float64Array;
  smoothRx: Float64Array;
  serial: Uint32Array;
  /** Growth of the row last recorded, bytes; NaN where it became a baseline. */
  grownTx = Number.NaN;
  grownRx = Number.NaN;
  readonly #newRows: NewRows;
  #lastTx: Float64Array;
  #lastRx: Float64Array;
  #quietTx: Uint8Array;
  #quietRx: Uint8Array;
  #seconds = Number.NaN;
  #weight = Number.NaN;

  constructor(newRows: NewRows, capacity = 0) {
    this.#newRows = newRows;
    this.rawTx = new Float64Array(capacity);
    this.rawRx = new Float64Array(capacity);
    this.smoothTx = new Float64Array(capacity);
    this.smoothRx = new Float64Array(capacity);
    this.serial = new Uint32Array(capacity);
    this.#lastTx = new Float64Array(capacity);
    this.#lastRx = new Float64Array(capacity);
    this.#quietTx = new Uint8Array(capacity);
    this.#quietRx = new Uint8Array(capacity);
  }

  /** Before a sample's rows: `seconds` since the sample before, NaN if every row is to become a baseline. */
  begin(capacity: number, seconds: number): void {
    if (capacity > this.serial.length) this.#grow(capacity);
    if (Number.isNaN(seconds)) this.serial.fill(0);
    this.#seconds = seconds;
    this.#weight = weightOf(seconds);
  }

  /** Takes a row's counters. A counter that went backwards starts anew, one that is NaN has no rate. */
  record(slot: number, serial: number, tx: number, rx: number): void {
    const isNew = this.serial[slot] !== serial;
    if (isNew) this.#forget(slot, serial);
    else if (this.#isAtRest(slot, tx, rx)) {
      this.grownTx = 0;
      this.grownRx = 0;
      return;
    }
    if (Number.isNaN(this.#seconds) || (isNew && this.#newRows === 'from-first-value')) {
      this.#rebase(slot, tx, rx);
      return;
    }
    this.grownTx = growth(this.#lastTx[slot]!, tx);
    this.grownRx = growth(this.#lastRx[slot]!, rx);
    this.#lastTx[slot] = tx;
    this.#lastRx[slot] = rx;
    const rawTx = this.grownTx / this.#seconds;
    const rawRx = this.grownRx / this.#seconds;
    this.rawTx[slot] = rawTx;
    this.rawRx[slot] = rawRx;
    const quietTx = quietAfter(this.#quietTx[slot]!, rawTx);
    const quietRx = quietAfter(this.#quietRx[slot]!, rawRx);
    this.#quietTx[slot] = quietTx;
    this.#quietRx[slot] = quietRx;
    this.smoothTx[slot] = nextSmooth(this.smoothTx[slot]!, rawTx, this.#weight, quietTx);
    this.smoothRx[slot] = nextSmooth(this.smoothRx[slot]!, rawRx, this.#weight, quietRx);
  }

  /** A row whose counters grow for other reasons than traffic: its rate is 0. */
  recordIdle(slot: number, serial: number): void {
    this.serial[slot] = serial;
    this.rawTx[slot] = 0;
    this.rawRx[slot] = 0;
    this.smoothTx[slot] = 0;
    this.smoothRx[slot] = 0;
    this.grownTx = 0;
    this.grownRx = 0;
  }

  /** For readers: the rates as they are now, without what is needed to go on. */
  copy(): RateColumns {
    const copy = new RateColumns(this.#newRows);
    this.copyInto(copy);
    return copy;
  }

  protected copyInto(copy: RateColumns): void {
    copy.rawTx = this.rawTx.slice();
    copy.rawRx = this.rawRx.slice();
    copy.smoothTx = this.smoothTx.slice();
    copy.smoothRx = this.smoothRx.slice();
    copy.serial = this.serial.slice();
  }

  /** Most rows of a machine: nothing moved, and nothing has moved for so long that every rate is 0 already. */
  #isAtRest(slot: number, tx: number, rx: number): boolean {
    return (
      tx === this.#lastTx[slot] &&
      rx === this.#lastRx[slot] &&
      this.#quietTx[slot] === QUIET_SAMPLES &&
      this.#quietRx[slot] === QUIET_SAMPLES
    );
  }

  #forget(slot: number, serial: number): void {
    this.serial[slot] = serial;
    this.#lastTx[slot] = 0;
    this.#lastRx[slot] = 0;
    this.#quietTx[slot] = 0;
    this.#quietRx[slot] = 0;
    this.smoothTx[slot] = Number.NaN;
    this.smoothRx[slot] = Number.NaN;
  }

  #rebase(slot: number, tx: number, rx: number): void {
    this.#lastTx[slot] = tx;
    this.#lastRx[slot] = rx;
    this.rawTx[slot] = Number.NaN;
    this.rawRx[slot] = Number.NaN;
    this.grownTx = Number.NaN;
    this.grownRx = Number.NaN;
  }

  #grow(capacity: number): void {
    this.rawTx = lengthened(this.rawTx, new Float64Array(capacity));
    this.rawRx = lengthened(this.rawRx, new Float64Array(capacity));
    this.smoothTx = lengthened(this.smoothTx, new Float64Array(capacity));
    this.smoothRx = lengthened(this.smoothRx, new Float64Array(capacity));
    this.serial = lengthened(this.serial, new Uint32Array(capacity));
    this.#lastTx = lengthened(this.#lastTx, new Float64Array(capacity));
    this.#lastRx = lengthened(this.#lastRx, new Float64Array(capacity));
    this.#quietTx = lengthened(this.#quietTx, new Uint8Array(capacity));
    this.#quietRx = lengthened(this.#quietRx, new Uint8Array(capacity));
  }
}

/** NaN if either is unknown; a counter that was reset has grown by what it shows, at least. */
export function growth(last: number, now: number): number {
  return now < last ? now : now - last;
}

function nextSmooth(previous: number, raw: number, weight: number, quiet: number): number {
  return Number.isNaN(raw) ? Number.NaN : smoothed(previous, raw, weight, quiet);
}
