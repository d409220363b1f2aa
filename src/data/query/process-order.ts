import { OwnerKind, type OwnerTable } from '../sample/network-section.ts';
import { LowerNames } from './lower-names.ts';
import { RowOrder } from './row-order.ts';
import { isAscending, type Sort, type TrafficColumns, trafficSortValue } from './sort.ts';

/** Which rates a sort goes by: those of the screen or those of exports. */
export type RateBasis = 'smooth' | 'raw';

/** The columns of the process table that it can be ordered by. */
export interface OrderedColumns extends TrafficColumns {
  readonly count: number;
  readonly owner: Int32Array;
  readonly rawUp: Float64Array;
  readonly rawDown: Float64Array;
}

/** Ties are decided by pid, then by slot; rows without a process stand behind every pid (at most 2^22). */
const TIE_SLOTS = 2 ** 18;
const BEHIND_ALL_PIDS = 2 ** 23;

/** The tie of an owner's row: unique, and the same as long as the owner lives. */
function ownerTie(owners: OwnerTable, slot: number): number {
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
    const { key } = sort;
    if (key === 'pid') {
      for (let row = 0; row < rows.count; row++) {
        const pid = owners.pid[rows.owner[row]!]!;
        this.setNumber(row, pid > 0 ? pid : Number.NaN, isUpwards);
      }
      return;
    }
    const traffic = basis === 'raw' ? rawColumns(rows) : rows;
    for (let row = 0; row < rows.count; row++)
      this.setNumber(row, trafficSortValue(traffic, row, key), isUpwards);
  }
}

function rawColumns({ rawUp, rawDown, upTotal, downTotal, connections }: OrderedColumns): TrafficColumns {
  return { up: rawUp, down: rawDown, upTotal, downTotal, connections };
}
