import { columnsClass, numbers } from '../../kit/table/columns.ts';

/** Weight of the newest second in the moving average: 0.3. */
const RETAINED_PER_SECOND = 0.7;
const SHOWN_FROM_BYTES_PER_SECOND = 1;
/** So many samples in a row without a byte end a rate at once. */
const QUIET_SAMPLES = 2;

/** Weight of the newest sample when it covers `seconds`: 0.3 for one, so that the interval does not matter. */
export function weightOf(seconds: number): number {
  return 1 - RETAINED_PER_SECOND ** seconds;
}

/** Counts samples in a row without a byte, no further than needed; one that is unknown (NaN) was not quiet. */
function quietAfter(quiet: number, raw: number): number {
  return raw <= 0 ? Math.min(quiet + 1, QUIET_SAMPLES) : 0;
}

/** The next value of the moving average, bytes per second; a first one (previous NaN) is the raw rate itself. */
function smoothed(previous: number, raw: number, weight: number, quiet: number): number {
  if (quiet >= QUIET_SAMPLES) return 0;
  const next = Number.isNaN(previous) ? raw : previous + (raw - previous) * weight;
  return next < SHOWN_FROM_BYTES_PER_SECOND ? 0 : next;
}

/** What a row seen for the first time after the first sample is counted from. */
type NewRows = 'from-zero' | 'from-first-value';

const RATE_COLUMNS = {
  rawTx: numbers('f64'),
  rawRx: numbers('f64'),
  smoothTx: numbers('f64'),
  smoothRx: numbers('f64'),
  serial: numbers('u32'),
  /** Counters as of the last sample, and for how many samples a rate has been 0. */
  lastTx: numbers('f64'),
  lastRx: numbers('f64'),
  quietTx: numbers('u8'),
  quietRx: numbers('u8'),
};

/**
 * Rates beside a table of cumulative counters, bytes per second, same slots; NaN unknown. `raw` is growth by true
 * time, for exports; `smooth` is for the screen. A slot's rates are those of the row whose serial stands beside.
 */
export class RateColumns extends columnsClass(RATE_COLUMNS) {
  /** Growth of the row last recorded, bytes; NaN where it became a baseline. */
  grownTx = Number.NaN;
  grownRx = Number.NaN;
  readonly #newRows: NewRows;
  #seconds = Number.NaN;
  #weight = Number.NaN;

  constructor(newRows: NewRows) {
    super();
    this.#newRows = newRows;
  }

  /** Before a sample's rows: `seconds` since the sample before, NaN if every row is to become a baseline. */
  begin(capacity: number, seconds: number): void {
    this.reserve(capacity);
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
    this.grownTx = growth(this.lastTx[slot]!, tx);
    this.grownRx = growth(this.lastRx[slot]!, rx);
    this.lastTx[slot] = tx;
    this.lastRx[slot] = rx;
    const rawTx = this.grownTx / this.#seconds;
    const rawRx = this.grownRx / this.#seconds;
    this.rawTx[slot] = rawTx;
    this.rawRx[slot] = rawRx;
    const quietTx = quietAfter(this.quietTx[slot]!, rawTx);
    const quietRx = quietAfter(this.quietRx[slot]!, rawRx);
    this.quietTx[slot] = quietTx;
    this.quietRx[slot] = quietRx;
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

  /** For readers: the rates as they are now. */
  copy(): RateColumns {
    const copy = new RateColumns(this.#newRows);
    copy.become(this);
    return copy;
  }

  /** Most rows of a machine: nothing moved, and nothing has moved for so long that every rate is 0 already. */
  #isAtRest(slot: number, tx: number, rx: number): boolean {
    return (
      tx === this.lastTx[slot] &&
      rx === this.lastRx[slot] &&
      this.quietTx[slot] === QUIET_SAMPLES &&
      this.quietRx[slot] === QUIET_SAMPLES
    );
  }

  #forget(slot: number, serial: number): void {
    this.serial[slot] = serial;
    this.lastTx[slot] = 0;
    this.lastRx[slot] = 0;
    this.quietTx[slot] = 0;
    this.quietRx[slot] = 0;
    this.smoothTx[slot] = Number.NaN;
    this.smoothRx[slot] = Number.NaN;
  }

  #rebase(slot: number, tx: number, rx: number): void {
    this.lastTx[slot] = tx;
    this.lastRx[slot] = rx;
    this.rawTx[slot] = Number.NaN;
    this.rawRx[slot] = Number.NaN;
    this.grownTx = Number.NaN;
    this.grownRx = Number.NaN;
  }
}

/**
 * The rate of one counter beside a table, per second, same slots; NaN unknown. A row has a rate from its second sample
 * in a row on, and from its first if it was not there before. `raw` and `smooth` as in RateColumns.
 */
export class CounterRates extends columnsClass({
  raw: numbers('f64', Number.NaN),
  smooth: numbers('f64', Number.NaN),
  serial: numbers('u32'),
  last: numbers('f64'),
  quiet: numbers('u8'),
}) {
  #seconds = Number.NaN;
  #weight = Number.NaN;

  /** Before a sample's rows: `seconds` since the sample before, NaN if every row is to become a baseline. */
  begin(capacity: number, seconds: number): void {
    this.reserve(capacity);
    if (Number.isNaN(seconds)) this.clearRows();
    this.#seconds = seconds;
    this.#weight = weightOf(seconds);
  }

  /**
   * Takes a row's counter. A counter that went backwards starts anew, one that is NaN has no rate. `hasBegun`: a row that is
   * new to this table has counted from zero since the sample before. No rate is larger than `most`: what is counted when
   * it ends may have begun long before.
   */
  record(
    slot: number,
    serial: number,
    value: number,
    hasBegun: boolean,
    most = Number.POSITIVE_INFINITY,
  ): void {
    const isNew = this.serial[slot] !== serial;
    if (isNew) {
      // Most of them at the start, where nothing is to be cleared.
      if (this.serial[slot] !== 0) this.clearRow(slot);
      this.serial[slot] = serial;
      this.last[slot] = 0;
    }
    if (!isNew || hasBegun) {
      const raw = Math.min(growth(this.last[slot]!, value) / this.#seconds, most);
      const quiet = quietAfter(this.quiet[slot]!, raw);
      this.raw[slot] = raw;
      this.quiet[slot] = quiet;
      this.smooth[slot] = nextSmooth(this.smooth[slot]!, raw, this.#weight, quiet);
    }
    this.last[slot] = value;
  }
}

/** NaN if either is unknown; a counter that was reset has grown by what it shows, at least. */
export function growth(last: number, now: number): number {
  return now < last ? now : now - last;
}

function nextSmooth(previous: number, raw: number, weight: number, quiet: number): number {
  return Number.isNaN(raw) ? Number.NaN : smoothed(previous, raw, weight, quiet);
}

/** The higher of two figures; one that is not known (NaN) is none. */
export function higher(one: number, other: number): number {
  return Number.isNaN(one) || other > one ? other : one;
}
