import { columnsClass, numbers, TEXT } from '../../kit/table/columns.ts';
import type { Grouping } from '../sample/process-table.ts';
import { USAGE_RATE_IDS, type UsageRateId } from '../schema/process-columns.ts';
import {
  FIGURE_COLUMNS,
  FIGURE_FIELDS,
  FIGURE_NAMES,
  type MachineProcessRows,
} from './machine-process-rows.ts';
import { RowsByName } from './name-counts.ts';
import { knownSum } from './network-fields.ts';
import { arrangeBy, exported, falls, type RowFields, risesByText, type SortKeyOf } from './row-fields.ts';
import { RankedRows, type RowOrder, type SortBy } from './row-order.ts';

/** Export input of sums: raw rates. */
export interface MachineGroupExport {
  readonly rows: MachineGroupRows;
  rateOf(id: UsageRateId, row: number): number;
}

/** The fields of sums over a machine's processes. */
export const MACHINE_GROUP_FIELDS = {
  name: {
    help: 'program, user, container or unit',
    ...exported('group', 'group'),
    order: risesByText(4, (rows) => rows.names),
    value: ({ rows }, row) => rows.names[row]!,
  },
  processes: {
    help: 'number of processes',
    ...exported('processes', 'processes'),
    order: falls(3, (rows, row) => rows.processes[row]!),
    value: ({ rows }, row) => rows.processes[row]!,
  },
  ...FIGURE_FIELDS,
  threads: { ...FIGURE_FIELDS.threads, csvAt: 2 },
} satisfies RowFields<MachineGroupRows, MachineGroupExport>;

type MachineGroupSortKey = SortKeyOf<typeof MACHINE_GROUP_FIELDS>;

const SUM_COLUMNS = { ...FIGURE_COLUMNS, processes: numbers('i32'), names: TEXT };

const PLAIN_FIGURES = FIGURE_NAMES.filter((name) => !USAGE_RATE_IDS.some((id) => id === name));

/**
 * Sums of the listed processes by program, user, container or unit, as columns `[0..count)` in no particular order.
 * Sums add known values only, NaN if none is known. Processes without a group are one row with an empty name. Valid
 * until the next `build`.
 */
export class MachineGroupRows extends columnsClass(SUM_COLUMNS, RankedRows) {
  declare readonly sort: SortBy<MachineGroupSortKey>;
  by: Grouping = 'program';
  readonly #named = new RowsByName();

  /** Rebuilds the rows; `usageOf` supplies other rates than the smoothed ones, for exports. */
  build(
    from: MachineProcessRows,
    by: Grouping,
    usageOf: MachineGroupExport['rateOf'] = (id, row) => from[id][row]!,
  ): void {
    this.by = by;
    this.revision++;
    this.count = 0;
    this.clearRows();
    this.#named.begin();
    for (let place = 0; place < from.count; place++) {
      const member = from.listed[place]!;
      const row = this.#rowFor(member, from.memberOf(by, member));
      this.processes[row]!++;
      for (const name of PLAIN_FIGURES) this[name][row] = knownSum(this[name][row]!, from[name][member]!);
      for (const id of USAGE_RATE_IDS) this[id][row] = knownSum(this[id][row]!, usageOf(id, member));
    }
    this.unfilteredCount = this.count;
  }

  /** Rows go by their names. */
  identityOf(row: number): string {
    return this.names[row]!;
  }

  /** The row of a name, -1 none. */
  rowOf(name: string): number {
    return this.#named.find(name);
  }

  protected override arrange(order: RowOrder, { key, isReversed }: SortBy<MachineGroupSortKey>): void {
    for (let row = 0; row < this.count; row++) order.ties[row] = this.#named.tieOf(this.names[row]!);
    arrangeBy(MACHINE_GROUP_FIELDS[key].order, isReversed, this, order, this.count);
  }

  /** `member` is the process's row; the lookup is skipped while it keeps its name. */
  #rowFor(member: number, name: string): number {
    const row = this.#named.findOrAdd(member, name, this.count);
    if (row < this.count) return row;
    this.count++;
    this.reserveAhead(this.count);
    this.names[row] = name;
    return row;
  }
}
