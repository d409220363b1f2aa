import { OwnerKind, type OwnerTable } from '../sample/network-section.ts';
import { RowOrder } from './row-order.ts';
import { isAscending, type Sort } from './sort.ts';

/** Which rates a sort goes by: those of the screen or those of exports. */
export type RateBasis = 'smooth' | 'raw';

/** The columns of the process table that it can be ordered by. */
export interface OrderedColumns {
  readonly count: number;
  readonly owner: Int32Array;
  readonly up: Float64Array;
  readonly down: Float64Array;
  readonly rawUp: Float64Array;
  readonly rawDown: Float64Array;
  readonly upTotal: Float64Array;
  readonly downTotal: Float64Array;
  readonly connections: Int32Array;
}

/** Ties are decided by pid, then by slot; rows without a process stand behind every pid (at most 2^22). */
const TIE_SLOTS = 2 ** 18;
const BEHIND_ALL_PIDS = 2 ** 23;
const CODE_UNIT = 2 ** 16;

/** Order of the process table: fills the keys of a RowOrder for a sort. */
export class ProcessOrder extends RowOrder {
  /** Lower-cased names by owner slot, and what they were made from. */
  readonly #lowerNames: string[] = [];
  readonly #names: string[] = [];
  readonly #rowTexts: string[] = [];

  arrange(rows: OrderedColumns, owners: OwnerTable, sort: Sort, basis: RateBasis): void {
    this.begin(rows.count);
    const { pid, kind } = owners;
    for (let row = 0; row < rows.count; row++) {
      const owner = rows.owner[row]!;
      const place = kind[owner] === OwnerKind.PROCESS ? pid[owner]! : BEHIND_ALL_PIDS;
      this.ties[row] = place * TIE_SLOTS + owner;
    }
    if (sort.key === 'name') this.#arrangeByName(rows, owners, isAscending(sort));
    else this.#arrangeByNumber(rows, owners, sort, basis);
  }

  #arrangeByNumber(rows: OrderedColumns, owners: OwnerTable, sort: Sort, basis: RateBasis): void {
    const sign = isAscending(sort) ? 1 : -1;
    for (let row = 0; row < rows.count; row++) {
      const value = sortValue(rows, owners, row, sort, basis);
      // Unknown stands behind everything, whichever way the rest goes.
      this.keys[row] = Number.isNaN(value) ? Number.POSITIVE_INFINITY : value * sign;
    }
  }

  /** The first three code units decide most comparisons as one number; the whole text decides the rest. */
  #arrangeByName(rows: OrderedColumns, owners: OwnerTable, isUpwards: boolean): void {
    const sign = isUpwards ? 1 : -1;
    for (let row = 0; row < rows.count; row++) {
      const text = this.#lowerName(owners, rows.owner[row]!);
      this.#rowTexts[row] = text;
      const head = (unitAt(text, 0) * CODE_UNIT + unitAt(text, 1)) * CODE_UNIT + unitAt(text, 2);
      this.keys[row] = head * sign;
    }
    this.texts = this.#rowTexts;
    this.isTextAscending = isUpwards;
  }

  #lowerName(owners: OwnerTable, slot: number): string {
    const name = owners.names[slot] ?? '';
    if (this.#names[slot] !== name) {
      this.#names[slot] = name;
      this.#lowerNames[slot] = name.toLowerCase();
    }
    return this.#lowerNames[slot]!;
  }
}

function sortValue(
  rows: OrderedColumns,
  owners: OwnerTable,
  row: number,
  sort: Sort,
  basis: RateBasis,
): number {
  const up = basis === 'raw' ? rows.rawUp[row]! : rows.up[row]!;
  const down = basis === 'raw' ? rows.rawDown[row]! : rows.down[row]!;
  switch (sort.key) {
    case 'rate':
      return up + down;
    case 'upload':
      return up;
    case 'download':
      return down;
    case 'connections':
      return rows.connections[row]!;
    case 'total':
      return rows.upTotal[row]! + rows.downTotal[row]!;
    case 'upload-total':
      return rows.upTotal[row]!;
    case 'download-total':
      return rows.downTotal[row]!;
    case 'pid':
    case 'name': {
      const pid = owners.pid[rows.owner[row]!]!;
      return pid > 0 ? pid : Number.NaN;
    }
  }
}

/** Plus one, so that the end of a text sorts before every unit. */
function unitAt(text: string, index: number): number {
  return index < text.length ? text.charCodeAt(index) + 1 : 0;
}
