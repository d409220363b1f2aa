import { OwnerKind, type OwnerTable } from '../sample/network-section.ts';
import { LowerNames } from './lower-names.ts';
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

/** The tie of an owner's row: unique, and the same as long as the owner lives. */
export function ownerTie(owners: OwnerTable, slot: number): number {
  const place = owners.kind[slot] === OwnerKind.PROCESS ? owners.pid[slot]! : BEHIND_ALL_PIDS;
  return place * TIE_SLOTS + slot;
}

/** Order of the process table: fills the keys of a RowOrder for a sort. */
export class ProcessOrder extends RowOrder {
  readonly #lowerNames = new LowerNames();
  readonly #rowTexts: string[] = [];

  arrange(rows: OrderedColumns, owners: OwnerTable, sort: Sort, basis: RateBasis): void {
    this.begin(rows.count);
    const isUpwards = isAscending(sort);
    for (let row = 0; row < rows.count; row++) this.ties[row] = ownerTie(owners, rows.owner[row]!);
    if (sort.key === 'name') {
      for (let row = 0; row < rows.count; row++) {
        this.#rowTexts[row] = this.#lowerNames.of(owners, rows.owner[row]!);
      }
      this.setTexts(this.#rowTexts, isUpwards);
      return;
    }
    for (let row = 0; row < rows.count; row++) {
      this.setNumber(row, sortValue(rows, owners, row, sort, basis), isUpwards);
    }
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
