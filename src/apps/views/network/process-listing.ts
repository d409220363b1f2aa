import { ProcessRows } from '../../../data/query/process-rows.ts';
import type { Scope } from '../../../data/query/scope.ts';
import type { Sort } from '../../../data/query/sort.ts';
import { OwnerTexts, TextFilter } from '../../../data/query/text-filter.ts';
import type { NetworkData } from './network-data.ts';

const WINDOW_ROWS_MAX = 1024;

/**
 * The rows that the process table lists, made anew when data, scope or filter changed and read by every frame in
 * between. Holds buffers of its own; one listing serves one screen.
 */
export class ProcessListing {
  readonly rows = new ProcessRows();
  /** The largest rate in the list, either direction: what a full bar means. */
  maximumRate = 0;
  readonly #texts = new OwnerTexts();
  readonly #window = new Int32Array(WINDOW_ROWS_MAX);
  readonly #single = new Int32Array(1);

  rebuild(data: NetworkData, scope: Scope, filterText: string): void {
    const filter = filterText === '' ? undefined : new TextFilter(filterText, this.#texts);
    this.rows.build(data.section, data.rates, scope, filter);
    this.maximumRate = 0;
    const { up, down, count } = this.rows;
    for (let row = 0; row < count; row++) {
      if (up[row]! > this.maximumRate) this.maximumRate = up[row]!;
      if (down[row]! > this.maximumRate) this.maximumRate = down[row]!;
    }
  }

  /** The rows of the ranks from `first` on, at most `length`; valid until the next call. */
  window(sort: Sort, first: number, length: number): Int32Array {
    const wanted = Math.min(length, WINDOW_ROWS_MAX);
    return this.#window.subarray(0, this.rows.window(sort, first, wanted, this.#window));
  }

  /** The owner slot at a rank, -1 past the end. */
  ownerAt(sort: Sort, rank: number): number {
    if (rank < 0 || this.rows.window(sort, rank, 1, this.#single) === 0) return -1;
    return this.rows.owner[this.#single[0]!]!;
  }

  /** The rank of an owner, -1 where it is not listed. */
  rankOfOwner(sort: Sort, owner: number): number {
    const row = this.rows.rowOfOwner(owner);
    return row < 0 ? -1 : this.rows.rankOf(row, sort);
  }
}
