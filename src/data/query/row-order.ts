/** Number of values of `unitAt`: every code unit, and the end of the text before them. */
const UNIT_VALUES = 2 ** 16 + 1;

/**
 * Sorts only the rows that are looked at: quickselect over an array of row numbers, by (key, `compare`, tie). Keys and
 * ties ascend; NaN is not allowed. Ties are unique.
 */
export class RowOrder {
  keys = new Float64Array(0);
  ties = new Float64Array(0);
  /** Compares rows of equal key; negative: the first comes first; 0: the tie decides. */
  compare: ((a: number, b: number) => number) | undefined;
  #rows = new Int32Array(0);
  #count = 0;
  #texts: readonly string[] = [];
  #textSign = 1;

  /** Reserves room for `count` rows; set keys and ties afterwards. */
  begin(count: number): void {
    if (count > this.keys.length) {
      const capacity = Math.max(64, count * 2);
      this.keys = new Float64Array(capacity);
      this.ties = new Float64Array(capacity);
      this.#rows = new Int32Array(capacity);
    }
    this.#count = count;
    this.compare = undefined;
  }

  /** Sets a number as the row's key. Unknown (NaN) comes last in either direction. */
  setNumber(row: number, value: number, isAscending: boolean): void {
    this.keys[row] = Number.isNaN(value) ? Number.POSITIVE_INFINITY : isAscending ? value : -value;
  }

  /** Sorts by text, code unit by code unit, with `texts[row]` for every row; borrowed until the next `begin`. */
  setTexts(texts: readonly string[], isAscending: boolean): void {
    this.#texts = texts;
    this.#textSign = isAscending ? 1 : -1;
    // The first three code units decide most comparisons as one number; the whole text decides the rest.
    for (let row = 0; row < this.#count; row++) this.keys[row] = headOf(texts[row]!) * this.#textSign;
    this.compare = this.#compareTexts;
  }

  readonly #compareTexts = (a: number, b: number): number => {
    const textA = this.#texts[a]!;
    const textB = this.#texts[b]!;
    if (textA === textB) return 0;
    return textA < textB ? -this.#textSign : this.#textSign;
  };

  /** Writes the rows of the ranks `first` to `first + length - 1` to `out`; returns how many. */
  window(first: number, length: number, out: Int32Array): number {
    const rows = this.#rows;
    const count = this.#count;
    const end = Math.min(count, first + Math.min(length, out.length));
    if (end <= first) return 0;
    for (let i = 0; i < count; i++) rows[i] = i;
    if (first > 0) this.#select(0, count - 1, first);
    if (end < count) this.#select(first, count - 1, end - 1);
    this.#sort(first, end - 1);
    for (let rank = first; rank < end; rank++) out[rank - first] = rows[rank]!;
    return end - first;
  }

  /** Number of rows before `row`. */
  rankOf(row: number): number {
    let rank = 0;
    for (let other = 0; other < this.#count; other++) if (this.#isBefore(other, row)) rank++;
    return rank;
  }

  #isBefore(a: number, b: number): boolean {
    const keyA = this.keys[a]!;
    const keyB = this.keys[b]!;
    if (keyA !== keyB) return keyA < keyB;
    if (this.compare !== undefined) {
      const order = this.compare(a, b);
      if (order !== 0) return order < 0;
    }
    return this.ties[a]! < this.ties[b]!;
  }

  /** Puts the row of rank `wanted` in its place with everything smaller to its left (Hoare's partition). */
  #select(low: number, high: number, wanted: number): void {
    while (low < high) {
      const split = this.#partition(low, high);
      if (wanted <= split) high = split;
      else low = split + 1;
    }
  }

  #sort(low: number, high: number): void {
    while (high - low > 12) {
      const split = this.#partition(low, high);
      // Recurses into the shorter side and loops over the longer, so that the stack stays logarithmic.
      if (split - low < high - split - 1) {
        this.#sort(low, split);
        low = split + 1;
      } else {
        this.#sort(split + 1, high);
        high = split;
      }
    }
    const rows = this.#rows;
    for (let i = low + 1; i <= high; i++) {
      const row = rows[i]!;
      let at = i - 1;
      for (; at >= low && this.#isBefore(row, rows[at]!); at--) rows[at + 1] = rows[at]!;
      rows[at + 1] = row;
    }
  }

  #partition(low: number, high: number): number {
    const rows = this.#rows;
    const pivot = this.#medianOfThree(rows[low]!, rows[(low + high) >>> 1]!, rows[high]!);
    let i = low - 1;
    let j = high + 1;
    for (;;) {
      do i++;
      while (this.#isBefore(rows[i]!, pivot));
      do j--;
      while (this.#isBefore(pivot, rows[j]!));
      if (i >= j) return j < high ? j : high - 1;
      const row = rows[i]!;
      rows[i] = rows[j]!;
      rows[j] = row;
    }
  }

  #medianOfThree(a: number, b: number, c: number): number {
    if (this.#isBefore(a, b)) {
      if (this.#isBefore(b, c)) return b;
      return this.#isBefore(a, c) ? c : a;
    }
    if (this.#isBefore(a, c)) return a;
    return this.#isBefore(b, c) ? c : b;
  }
}

function headOf(text: string): number {
  return (unitAt(text, 0) * UNIT_VALUES + unitAt(text, 1)) * UNIT_VALUES + unitAt(text, 2);
}

/** Plus one, so that the end of a text sorts before every code unit. */
function unitAt(text: string, index: number): number {
  return index < text.length ? text.charCodeAt(index) + 1 : 0;
}

/** Sort order of a list by one of its keys. */
export interface SortBy<Key extends string> {
  readonly key: Key;
  /** Reverses the key's natural direction. */
  readonly isReversed: boolean;
}

/** Of a list of traffic. */
export interface TrafficSortBy<Key extends string> extends SortBy<Key> {
  /** By raw rates, as in exports, instead of smoothed ones. */
  readonly isRaw?: boolean;
}

/** Rows `[0..count)` in the order of their columns, and windows of them by rank. */
export abstract class RankedRows {
  /** Type of the sort order; it has no value. */
  declare readonly sort: SortBy<string>;
  count = 0;
  /** Number of rows before filtering. */
  unfilteredCount = 0;
  /** Changes whenever the rows do; what was drawn from them at the same number is still right. */
  revision = 0;
  readonly #order = new RowOrder();

  /** Fills the keys and ties of `order`, which has room for `count` rows. */
  protected abstract arrange(order: RowOrder, sort: this['sort']): void;

  /** Writes the rows of the ranks from `first` on to `out`, at most `length`; returns how many. Sorts only those. */
  window(sort: this['sort'], first: number, length: number, out: Int32Array): number {
    this.#order.begin(this.count);
    this.arrange(this.#order, sort);
    return this.#order.window(first, length, out);
  }

  /** Rank of a row in that order, from 0. */
  rankOf(row: number, sort: this['sort']): number {
    this.#order.begin(this.count);
    this.arrange(this.#order, sort);
    return this.#order.rankOf(row);
  }

  /** All rows in order. Allocates the result. */
  order(sort: this['sort']): Int32Array {
    const rows = new Int32Array(this.count);
    this.window(sort, 0, this.count, rows);
    return rows;
  }
}

/** The row of a slot and its serial, -1 none. */
export function rowOfSocket(
  { count, socket, serial }: { count: number; socket: Int32Array; serial: Uint32Array },
  slot: number,
  slotSerial: number,
): number {
  for (let row = 0; row < count; row++) {
    if (socket[row] === slot && serial[row] === slotSerial) return row;
  }
  return -1;
}
