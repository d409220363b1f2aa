import { OwnerKind, type OwnerTable } from '../sample/network-section.ts';
import { LowerNames } from './owner-texts.ts';
import { type OrderedProcesses, PROCESS_FIELDS } from './process-fields.ts';
import { arrangeBy } from './row-fields.ts';
import { RowOrder } from './row-order.ts';
import type { Sort } from './sort.ts';
import type { TrafficColumns } from './network-fields.ts';

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

  arrange(rows: OrderedColumns, owners: OwnerTable, { key, isReversed }: Sort, basis: RateBasis): void {
    const { count, owner } = rows;
    this.begin(count);
    for (let row = 0; row < count; row++) this.ties[row] = ownerTie(owners, owner[row]!);
    const traffic = basis === 'raw' ? rawColumns(rows) : rows;
    const { up, down, upTotal, downTotal, connections } = traffic;
    const lowerNames = (): readonly string[] => {
      for (let row = 0; row < count; row++) this.#rowTexts[row] = this.#lowerNames.of(owners, owner[row]!);
      return this.#rowTexts;
    };
    const ordered = { owner, owners, lowerNames, up, down, upTotal, downTotal, connections };
    arrangeBy<OrderedProcesses>(PROCESS_FIELDS[key].order, isReversed, ordered, this, count);
  }
}

function rawColumns({ rawUp, rawDown, upTotal, downTotal, connections }: OrderedColumns): TrafficColumns {
  return { up: rawUp, down: rawDown, upTotal, downTotal, connections };
}
