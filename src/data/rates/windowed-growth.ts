import { lengthened, type SlotTable } from '../../kit/table/slot-table.ts';

/** The window has so many parts of so many seconds each, and what has come since the last one. */
const PARTS = 5;
const PART_SECONDS = 2;

/**
 * Growth of a counter over the last ten seconds, by the slots of a table. A row seen for the first time after the first
 * sample counts from 0; an unknown counter (NaN) has no growth.
 */
export class WindowedGrowth {
  /** Counters as of the last sample, and as of the ends of the parts, in a ring. */
  #last = new Float64Array(0);
  #ends: Float64Array[] = Array.from({ length: PARTS }, () => new Float64Array(0));
  #serials = new Uint32Array(0);
  #oldest = 0;

  /** Before a sample's rows: room for the table's; `isFirst`: what they count is a baseline. */
  begin({ capacity }: SlotTable, isFirst: boolean): void {
    if (isFirst) this.#serials.fill(0);
    if (capacity <= this.#last.length) return;
    this.#last = lengthened(this.#last, new Float64Array(capacity));
    this.#serials = lengthened(this.#serials, new Uint32Array(capacity));
    this.#ends = this.#ends.map((end) => lengthened(end, new Float64Array(capacity)));
  }

  /** The oldest part ends to be looked at, and one of the present counters begins. */
  rotate(): void {
    this.#ends[this.#oldest]!.set(this.#last);
    this.#oldest = (this.#oldest + 1) % PARTS;
  }

  /** Takes a row's counter; `isBaseline` where its growth is not known if it is new. */
  record(slot: number, serial: number, value: number, isBaseline: boolean): void {
    const isNew = this.#serials[slot] !== serial;
    if (!isNew && value >= this.#last[slot]!) {
      this.#last[slot] = value;
      return;
    }
    // A counter that was unknown or went backwards begins anew.
    const base = isBaseline || !isNew ? value || 0 : 0;
    if (isNew || value < this.#last[slot]!) for (const end of this.#ends) end[slot] = base;
    this.#serials[slot] = serial;
    this.#last[slot] = value;
  }

  /** Growth in the window; NaN: the row or its counter is not known. */
  of(slot: number, serial: number): number {
    if (this.#serials[slot] !== serial) return Number.NaN;
    return this.#last[slot]! - this.#ends[this.#oldest]![slot]!;
  }

  /** In how many parts of the window it has grown, the present one included. */
  partsGrown(slot: number, serial: number): number {
    if (this.#serials[slot] !== serial) return 0;
    let grown = 0;
    for (let part = 0; part < PARTS; part++) {
      const from = this.#ends[(this.#oldest + part) % PARTS]![slot]!;
      const to = part + 1 < PARTS ? this.#ends[(this.#oldest + part + 1) % PARTS]![slot]! : this.#last[slot]!;
      if (to > from) grown++;
    }
    return grown;
  }

  copy(): WindowedGrowth {
    const copy = new WindowedGrowth();
    copy.#last = this.#last.slice();
    copy.#ends = this.#ends.map((end) => end.slice());
    copy.#serials = this.#serials.slice();
    copy.#oldest = this.#oldest;
    return copy;
  }
}

/** When the parts of the windows of one section end. */
export class WindowClock {
  /** Of the window that growth is told of now, seconds; 0 before the second sample. */
  seconds = 0;
  /** Ends of the parts, oldest first, and the last sample. */
  #ends: number[] = [];

  /** A sample at a time; true: a part of the window ends with the samples before it. */
  advance(monotonicMicros: number, previousMicros: number): boolean {
    if (Number.isNaN(previousMicros)) {
      this.#ends = [];
      this.seconds = 0;
      return true;
    }
    const isPartOver = !(
      previousMicros - (this.#ends.at(-1) ?? Number.NEGATIVE_INFINITY) <
      PART_SECONDS * 1e6
    );
    if (isPartOver) {
      this.#ends.push(previousMicros);
      if (this.#ends.length > PARTS) this.#ends.shift();
    }
    this.seconds = (monotonicMicros - this.#ends[0]!) / 1e6;
    return isPartOver;
  }

  copy(): WindowClock {
    const copy = new WindowClock();
    copy.seconds = this.seconds;
    copy.#ends = [...this.#ends];
    return copy;
  }
}
