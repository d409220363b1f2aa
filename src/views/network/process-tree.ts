import type { Sort } from '../../data/query/process-fields.ts';
import type { ProcessRows } from '../../data/query/process-rows.ts';
import { TreeRows } from '../../data/query/tree-rows.ts';
import type { NetworkSection } from '../../data/sample/network-section.ts';
import type { CellPen } from './cells.ts';
import type { Identity } from './network-list.ts';

const INDENT = 2;
/** Columns that a name keeps, however deep it stands. */
const NAME_WIDTH = 10;

interface BranchGlyphs {
  readonly rail: number;
  readonly branch: number;
  readonly last: number;
  readonly stroke: number;
}

const UNICODE: BranchGlyphs = { rail: 0x2502, branch: 0x251c, last: 0x2514, stroke: 0x2500 };
const ASCII: BranchGlyphs = { rail: 0x7c, branch: 0x7c, last: 0x60, stroke: 0x2d };

/** The process table as a tree. A row is its rank; rebuilt when the sort order changes. */
export class ProcessTree {
  readonly rows = new TreeRows();
  readonly #processes: ProcessRows;
  #section: NetworkSection | undefined;
  /** Slots of owners whose branches have one row. */
  readonly #folded = new Set<number>();
  /** The sort that the tree stands in; undefined: it has to be made. */
  #sort: Sort | undefined;

  constructor(processes: ProcessRows) {
    this.#processes = processes;
  }

  /** The rows that it is made of are new. */
  begin(section: NetworkSection, folded: readonly Identity[]): void {
    this.#section = section;
    this.#folded.clear();
    for (const { slot, serial } of folded) {
      if (section.owners.slots.serial[slot] === serial) this.#folded.add(slot);
    }
    this.#sort = undefined;
  }

  get count(): number {
    this.#arrange(this.#sort ?? { key: 'rate', isReversed: false });
    return this.rows.count;
  }

  window(sort: Sort, first: number, length: number, out: Int32Array): number {
    this.#arrange(sort);
    const end = Math.min(this.rows.count, first + Math.min(length, out.length));
    for (let rank = first; rank < end; rank++) out[rank - first] = rank;
    return Math.max(0, end - first);
  }

  rankOf(rank: number, _sort: Sort): number {
    return rank;
  }

  order(sort: Sort): Int32Array {
    this.#arrange(sort);
    return Int32Array.from({ length: this.rows.count }, (_, rank) => rank);
  }

  rankOfOwner(sort: Sort, owner: number): number {
    this.#arrange(sort);
    return this.rows.rankOfOwner(owner);
  }

  /** ` (sum of 4)` where the figures of a row are those of a branch, ` (+3 folded)` where it has no other row. */
  branchText(rank: number): string {
    const members = this.rows.members[rank]!;
    if (members < 2) return '';
    return this.rows.isFolded[rank] === 1 ? ` (+${members - 1} folded)` : ` (sum of ${members})`;
  }

  /** Columns that a row's name needs with the lines that lead to it. */
  needOf(rank: number, nameWidth: number): number {
    const depth = this.rows.depth[rank]!;
    return depth * INDENT + (depth === 0 ? nameWidth : Math.max(nameWidth, NAME_WIDTH));
  }

  /** Draws the lines that lead to a row's name; the columns they take. */
  paintBranch(rank: number, pen: CellPen): number {
    const { rows } = this;
    const glyphs = pen.ascii ? ASCII : UNICODE;
    const { buffer, x, y, width, theme } = pen;
    // Whoever stands deeper than there is room for stands below the last level there is.
    const depth = Math.min(rows.depth[rank]!, Math.max(0, Math.floor((width - NAME_WIDTH) / INDENT)));
    for (let level = 1; level <= depth; level++) {
      const at = x + (level - 1) * INDENT;
      if (level === depth) {
        buffer.putCodePoint(at, y, rows.isLast[rank] === 1 ? glyphs.last : glyphs.branch, theme.border);
        buffer.putCodePoint(at + 1, y, glyphs.stroke, theme.border);
      } else if ((rows.rails[rank]! & (1 << level)) !== 0)
        buffer.putCodePoint(at, y, glyphs.rail, theme.border);
    }
    return depth * INDENT;
  }

  #arrange(sort: Sort): void {
    if (this.#section === undefined) return;
    if (this.#sort?.key === sort.key && this.#sort.isReversed === sort.isReversed) return;
    this.rows.build(this.#section, this.#processes, sort, this.#folded);
    this.#sort = sort;
  }
}
