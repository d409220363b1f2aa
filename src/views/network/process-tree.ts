import type { Sort } from '../../data/query/process-fields.ts';
import type { ProcessRows } from '../../data/query/process-rows.ts';
import { TreeRows } from '../../data/query/tree-rows.ts';
import type { NetworkSection } from '../../data/sample/network-section.ts';
import type { CellPen } from './cells.ts';
import type { Identity } from './network-list.ts';

const INDENT = 2;
/** Minimum width of a name, however deep. */
const NAME_WIDTH = 10;

const UNICODE = { rail: 0x2502, branch: 0x251c, last: 0x2514, stroke: 0x2500 };
const ASCII = { rail: 0x7c, branch: 0x7c, last: 0x60, stroke: 0x2d };

/** The process table as a tree. A row is its rank; rebuilt when the sort order changes. */
export class ProcessTree {
  readonly rows = new TreeRows();
  readonly #processes: ProcessRows;
  #section: NetworkSection | undefined;
  /** Owner slots of folded branches. */
  readonly #folded = new Set<number>();
  /** Sort order of the current tree; undefined: it must be rebuilt. */
  #sort: Sort | undefined;

  constructor(processes: ProcessRows) {
    this.#processes = processes;
  }

  /** The underlying rows have changed. */
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

  rankOfOwner(sort: Sort, owner: number): number {
    this.#arrange(sort);
    return this.rows.rankOfOwner(owner);
  }

  /** ` (sum of 4)` if the row's figures are those of a branch, ` (+3 folded)` if the branch is folded. */
  branchText(rank: number): string {
    const members = this.rows.members[rank]!;
    if (members < 2) return '';
    return this.rows.isFolded[rank] === 1 ? ` (+${members - 1} folded)` : ` (sum of ${members})`;
  }

  /** Width of a row's name with its branch lines. */
  needOf(rank: number, nameWidth: number): number {
    const depth = this.rows.depth[rank]!;
    return depth * INDENT + (depth === 0 ? nameWidth : Math.max(nameWidth, NAME_WIDTH));
  }

  /** Draws the branch lines of a row; returns their width. */
  paintBranch(rank: number, pen: CellPen): number {
    const { rows } = this;
    const glyphs = pen.ascii ? ASCII : UNICODE;
    const { buffer, x, y, width, theme } = pen;
    // Rows deeper than the room allows are drawn at the last level that fits.
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
