import { columnsClass, numbers } from '../../kit/table/columns.ts';
import { HISTORY_LENGTH } from '../rates/rate-history.ts';
import type { Trend } from '../rates/trend.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { trendOfHistory } from './history-trend.ts';
import { ProcessOrder } from './process-order.ts';
import type { ProcessRows } from './process-rows.ts';
import type { Sort } from './sort.ts';
import { TreeLinks } from './tree-links.ts';
import { TreeSums } from './tree-sums.ts';

/** Deeper levels have no bit in `rails`. */
const RAILS_LIMIT = 31;

const TREE_COLUMNS = {
  /** Slot in `section.owners`. */
  owner: numbers('i32'),
  /** Row in the process rows, -1: only there for its children. */
  row: numbers('i32'),
  /** 0 at the top. */
  depth: numbers('i32'),
  /** How many rows its branch has, itself included. */
  size: numbers('i32'),
  /** 1: no sibling stands below it. */
  isLast: numbers('u8'),
  /** Bit d: the row's ancestor at depth d has siblings below it, so that a line runs through the row there. */
  rails: numbers('u32'),
  /** Sums over the branch of what is known; NaN nothing is. */
  up: numbers('f64'),
  down: numbers('f64'),
  upTotal: numbers('f64'),
  downTotal: numbers('f64'),
  connections: numbers('i32'),
  listeners: numbers('i32'),
  /** Not by row: the nodes of `TreeLinks` in the order of the sort. */
  sorted: numbers('i32'),
};

/**
 * The process table as a tree by parent, in pre-order: a row's number is its rank. Siblings stand in the order of the
 * sort, figures are sums over the whole branch. Ancestors without a row of their own (no sockets, or refused by the
 * filter) are there for their children. Valid until the next `build`.
 */
export class TreeRows extends columnsClass(TREE_COLUMNS) {
  count = 0;
  /** Rank of each owner slot, -1 none. */
  #rankOf = new Int32Array(0);
  #rows: ProcessRows | undefined;
  readonly #links = new TreeLinks();
  readonly #sums = new TreeSums();
  readonly #order = new ProcessOrder();
  readonly #history = new Float32Array(HISTORY_LENGTH);

  /** Makes the tree anew from rows that were built from the same section; after a change of the sort too. */
  build(section: NetworkSection, rows: ProcessRows, sort: Sort): void {
    const { owners } = section;
    this.#rows = rows;
    this.#links.build(owners, rows);
    this.#sums.build(this.#links, rows);
    const { count } = this.#links;
    const { capacity } = owners.slots;
    if (capacity > this.#rankOf.length) this.#rankOf = new Int32Array(capacity);
    this.reserveAhead(count);
    this.#order.arrange(this.#sums, owners, sort, 'smooth');
    this.#order.window(0, count, this.sorted);
    this.#links.orderChildren(this.sorted);
    this.count = 0;
    this.#rankOf.fill(-1);
    this.#lay();
  }

  /** The rank of an owner slot, -1 none. */
  rankOfOwner(ownerSlot: number): number {
    return this.#rankOf[ownerSlot] ?? -1;
  }

  /** The last HISTORY_LENGTH raw rates of the whole branch, both directions together, oldest first. */
  historyInto(rank: number, out: Float32Array): void {
    out.fill(0, 0, HISTORY_LENGTH);
    const end = rank + this.size[rank]!;
    for (let each = rank; each < end; each++) {
      if (this.row[each]! >= 0) this.#rows?.addHistoryInto(this.row[each]!, out);
    }
  }

  /** Where the branch's rate is going. */
  trendOf(rank: number): Trend {
    this.historyInto(rank, this.#history);
    return trendOfHistory(this.#history, this.#rows?.sampleCount ?? 0);
  }

  /** Walks the nodes in pre-order by their links: no stack, whatever the depth. */
  #lay(): void {
    const { firstChild, nextSibling, parent, firstRoot } = this.#links;
    let node = firstRoot;
    let depth = 0;
    while (node >= 0) {
      this.#place(node, depth);
      if (firstChild[node]! >= 0) {
        node = firstChild[node]!;
        depth++;
        continue;
      }
      while (node >= 0 && nextSibling[node]! < 0) {
        node = parent[node]!;
        depth--;
        if (node >= 0) this.#close(node);
      }
      if (node >= 0) node = nextSibling[node]!;
    }
  }

  #place(node: number, depth: number): void {
    const rank = this.count++;
    const sums = this.#sums;
    const { parent, nextSibling } = this.#links;
    const parentNode = parent[node]!;
    this.owner[rank] = sums.owner[node]!;
    this.row[rank] = this.#links.row[node]!;
    this.depth[rank] = depth;
    this.size[rank] = 1;
    this.isLast[rank] = nextSibling[node]! < 0 ? 1 : 0;
    this.rails[rank] = parentNode < 0 ? 0 : this.#railsBelow(this.#rankOf[sums.owner[parentNode]!]!);
    this.up[rank] = sums.up[node]!;
    this.down[rank] = sums.down[node]!;
    this.upTotal[rank] = sums.upTotal[node]!;
    this.downTotal[rank] = sums.downTotal[node]!;
    this.connections[rank] = sums.connections[node]!;
    this.listeners[rank] = sums.listeners[node]!;
    this.#rankOf[sums.owner[node]!] = rank;
  }

  #railsBelow(rank: number): number {
    const depth = this.depth[rank]!;
    const own = this.isLast[rank] === 1 || depth > RAILS_LIMIT ? 0 : 1 << depth;
    return this.rails[rank]! | own;
  }

  /** All of a node's branch has been placed. */
  #close(node: number): void {
    const rank = this.#rankOf[this.#sums.owner[node]!]!;
    this.size[rank] = this.count - rank;
  }
}
