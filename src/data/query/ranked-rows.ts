import { RowOrder } from './row-order.ts';
import type { SortBy } from './sort.ts';

/** Rows `[0..count)` in the order of their columns, and windows of them by rank. */
export abstract class RankedRows {
  /** What the rows can be ordered by: a type alone, without a value. */
  declare readonly sortKey: string;
  count = 0;
  readonly #order = new RowOrder();

  /** Fills the keys and ties of `order`, which has room for `count` rows. */
  protected abstract arrange(order: RowOrder, sort: SortBy<this['sortKey']>): void;

  /** Writes the rows of the ranks from `first` on to `out`, at most `length`; returns how many. Sorts only those. */
  window(sort: SortBy<this['sortKey']>, first: number, length: number, out: Int32Array): number {
    this.#order.begin(this.count);
    this.arrange(this.#order, sort);
    return this.#order.window(first, length, out);
  }

  /** Where a row stands in that order, from 0. */
  rankOf(row: number, sort: SortBy<this['sortKey']>): number {
    this.#order.begin(this.count);
    this.arrange(this.#order, sort);
    return this.#order.rankOf(row);
  }

  /** Every row in order. Allocates the result. */
  order(sort: SortBy<this['sortKey']>): Int32Array {
    const rows = new Int32Array(this.count);
    this.window(sort, 0, this.count, rows);
    return rows;
  }
}
