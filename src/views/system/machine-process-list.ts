import { MACHINE_GROUP_FIELDS, type MachineGroupRows } from '../../data/query/machine-group-rows.ts';
import {
  type FIGURE_FIELDS,
  type Figures,
  MACHINE_PROCESS_FIELDS,
  type MachineProcessRows,
  type MachineSort,
  type ProcessIdentity,
} from '../../data/query/machine-process-rows.ts';
import type { RowFields } from '../../data/query/row-fields.ts';
import type { RankedRows } from '../../data/query/row-order.ts';
import type { Grouping } from '../../data/sample/process-table.ts';
import type { ProcessesWant } from '../../data/sample/snapshot.ts';
import { type UsageColumn, usageColumnOf } from '../../data/schema/process-columns.ts';
import type { RateUnits } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import { KeptCells } from '../../screen/buffer/kept-cells.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import type { Theme } from '../../screen/style/theme.ts';
import type { Viewport } from '../../screen/widgets/viewport.ts';
import type { CellPen } from '../network/cells.ts';
import {
  identity,
  type ListColumns,
  ListTable,
  left,
  optional,
  right,
  UNGROUPED,
} from '../network/list-table.ts';
import type { ListHit, ListSort } from '../network/network-list.ts';

/** Look of the table. */
export interface MachineListLook {
  readonly sort: ListSort;
  readonly viewport: Viewport;
  /** CPU as a share of one core instead of the whole machine. */
  readonly isPerCore: boolean;
  /** Show the column of network use. */
  readonly hasTraffic: boolean;
  /** Units of network use. */
  readonly units: RateUnits;
  readonly theme: Theme;
}

/** Input of the cells. */
export interface Painted<Rows> {
  readonly rows: Rows;
  readonly isPerCore: boolean;
}

/** Rows of a table of a machine, each of which has an identity. */
export interface MachineRows<Identity> extends RankedRows {
  identityOf(row: number): Identity;
  /** -1: there is none. */
  rowOf(identity: Identity): number;
}

/** Common part of the tables of a machine. They belong to the screen; their rows are those of the host that is shown. */
export abstract class MachineList<
  Identity,
  Rows extends MachineRows<Identity>,
  Fields extends RowFields<never, never>,
> {
  readonly #kept = new KeptCells();

  /** `width`: in cells; where it is left out, the table is not to be shown. */
  protected abstract tableOf(
    rows: Rows,
    hasTraffic: boolean,
    width?: number,
  ): ListTable<Painted<Rows>, Fields>;

  /** Sort keys in the order of the key `s`; hidden columns are left out. */
  sortKeys(rows: Rows, hasTraffic: boolean): readonly string[] {
    return this.tableOf(rows, hasTraffic).keys;
  }

  /** What is at a rank; undefined past the end. */
  identityAt(rows: Rows, sort: ListSort, rank: number): Identity | undefined {
    const row = this.tableOf(rows, true).rowAt(rows, sort, rank);
    return row < 0 ? undefined : rows.identityOf(row);
  }

  /** -1 if it is not listed. */
  rankOf(rows: Rows, sort: ListSort, identity: Identity): number {
    return this.tableOf(rows, true).rankOf(rows, sort, rows.rowOf(identity));
  }

  render(area: Rect, buffer: Buffer, rows: Rows, look: MachineListLook): void {
    const { isPerCore, hasTraffic, sort, viewport, units, theme } = look;
    // Most frames have new figures of the machine, and the same processes as the one before.
    const from = [
      ...[rows, rows.revision, sort.key, sort.isReversed, viewport.offset, viewport.selected],
      ...[isPerCore, hasTraffic, units, theme, buffer.isAscii],
    ];
    this.#kept.render(area, buffer, from, () => {
      const table = this.tableOf(rows, hasTraffic, area.width);
      table.render(area, buffer, { ...look, alarmOf: () => 'none' }, rows, { rows, isPerCore });
    });
  }

  hit(
    area: Rect,
    rows: Rows,
    look: Pick<MachineListLook, 'viewport' | 'hasTraffic'>,
    x: number,
    y: number,
  ): ListHit | undefined {
    return this.tableOf(rows, look.hasTraffic, area.width).hit(area, look, rows.count, x, y);
  }
}

/** What a screen does with a table of a machine. */
export type ShownList<Identity, Rows extends MachineRows<Identity>> = Pick<
  MachineList<Identity, Rows, never>,
  'sortKeys' | 'identityAt' | 'rankOf' | 'render' | 'hit'
>;

/** Milliseconds per second. */
const MILLIS_PER_PERCENT = 10;

const FIGURES = {
  threads: right('THR', 20, [4, 5], ({ rows }, row, pen) => pen.count(rows.threads[row]!)),
  time: right('TIME', 25, [7, 8], ({ rows }, row, pen) => pen.age(rows.cpuNanos[row]! / 1000)),
  read: right('R/s', 41, [6, 7], ({ rows }, row, pen) => pen.compact(rows.read[row]!, pen.theme.download)),
  written: right('W/s', 40, [6, 7], ({ rows }, row, pen) =>
    pen.compact(rows.written[row]!, pen.theme.upload),
  ),
  'context-switches': optional(
    right('CTX/s', 35, [6, 7], ({ rows }, row, pen) => pen.count(rows['context-switches'][row]!)),
  ),
  'run-delay': optional(
    right('CPU WAIT %', 92, [10, 10], ({ rows }, row, pen) =>
      pen.percent(rows['run-delay'][row]! / MILLIS_PER_PERCENT),
    ),
  ),
  'block-delay': optional(
    right('DISK WAIT %', 91, [11, 11], ({ rows }, row, pen) =>
      pen.percent(rows['block-delay'][row]! / MILLIS_PER_PERCENT),
    ),
  ),
  'memory-delay': optional(
    right('MEM WAIT %', 90, [10, 10], ({ rows }, row, pen) =>
      pen.percent(rows['memory-delay'][row]! / MILLIS_PER_PERCENT),
    ),
  ),
  'major-faults': optional(
    right('FAULT/s', 89, [7, 7], ({ rows }, row, pen) => pen.count(rows['major-faults'][row]!)),
  ),
  'io-calls': optional(right('IO/s', 36, [6, 7], ({ rows }, row, pen) => pen.count(rows['io-calls'][row]!))),
  network: {
    ...right('NET', 85, [6, 7]),
    bitsTitle: 'NET b',
    paint: ({ rows }, row, pen) => pen.compactRate(rows.network[row]!, pen.theme.text),
  },
  memory: right('MEM', 90, [9, 9], ({ rows }, row, pen) =>
    pen.bytes(rows.residentBytes[row]!, pen.theme.text),
  ),
  'memory-percent': {
    ...right('MEM %', 60, [5, 6]),
    order: 'memory',
    marks: [],
    paint: ({ rows }, row, pen) => pen.percent(rows.memoryPercent[row]!),
  },
  cpu: {
    ...right('CPU %', 95, [6, 14]),
    wideWidth: 22,
    paint: ({ rows, isPerCore }, row, pen) =>
      pen.percent((isPerCore ? rows.corePercent : rows.machinePercent)[row]!),
  },
} satisfies ListColumns<Painted<Figures>, typeof FIGURE_FIELDS>;

/** Columns of a machine's process table. */
export const MACHINE_COLUMNS = {
  pid: right('PID', 80, [7, 8], ({ rows }, row, pen) => pen.count(rows.pid[row]!)),
  user: left('USER', 50, [4, 10], ({ rows }, row, pen) => pen.text(rows.users[row]!, pen.theme.dim)),
  name: identity('NAME', 100, [10, 20, 3], ({ rows }, row, pen) =>
    pen.name(rows.names[row]!, pen.theme.text, rows.commandLines[row]!),
  ),
  state: left('S', 30, [1, 1], ({ rows }, row, pen) => paintState(rows.state[row]!, pen)),
  ...FIGURES,
} satisfies ListColumns<Painted<MachineProcessRows>, typeof MACHINE_PROCESS_FIELDS>;

/** Columns that the configuration accepts. */
export const MACHINE_COLUMN_IDS: readonly string[] = Object.keys(MACHINE_COLUMNS);

type Columns = ListColumns<Painted<MachineProcessRows>, typeof MACHINE_PROCESS_FIELDS>;

/** A sort key for the footer. One of several words, such as `run-delay`, is shown as the title of its column. */
export function machineSortText(key: string): string {
  return (key.includes('-') ? (MACHINE_COLUMNS as Columns)[key]?.title : undefined) ?? key;
}

/** Default columns. */
export const USUAL_MACHINE_COLUMN_IDS = MACHINE_COLUMN_IDS.filter(
  (id) => (MACHINE_COLUMNS as Columns)[id]?.isOptional !== true,
);

export const WAIT_COLUMN_IDS: readonly string[] = [
  ...['pid', 'user', 'name', 'state', 'run-delay', 'block-delay', 'memory-delay'],
  ...['major-faults', 'read', 'written', 'io-calls', 'context-switches', 'cpu'],
];

type ProcessTable = ListTable<Painted<MachineProcessRows>, typeof MACHINE_PROCESS_FIELDS>;

export class MachineProcessList extends MachineList<
  ProcessIdentity,
  MachineProcessRows,
  typeof MACHINE_PROCESS_FIELDS
> {
  readonly #table: ProcessTable;
  readonly #withoutTraffic: ProcessTable;
  readonly #usageColumns: readonly UsageColumn[];

  /** `columns`: ids of the shown columns, in order. Network use comes last if it is not among them. */
  constructor(columns: readonly string[] = USUAL_MACHINE_COLUMN_IDS) {
    super();
    const withTraffic = columns.includes('network') ? columns : [...columns, 'network'];
    // An optional column that is hidden is not a sort key either.
    const known = Object.entries<Columns[string]>(MACHINE_COLUMNS).filter(
      ([id, { isOptional }]) => isOptional !== true || columns.includes(id),
    );
    const table = Object.fromEntries(known);
    const { network: _network, ...withoutTraffic } = table;
    this.#table = new ListTable(MACHINE_PROCESS_FIELDS, table, withTraffic);
    this.#withoutTraffic = new ListTable(MACHINE_PROCESS_FIELDS, withoutTraffic, columns);
    this.#usageColumns = columns.flatMap((id) => usageColumnOf(id) ?? []);
  }

  /** What samples must contain for the shown columns and a sort order. */
  wantedColumns(sort: ListSort): Pick<ProcessesWant, 'columns' | 'columnsOfAll'> {
    const ordering = usageColumnOf(this.sortOf(sort).key);
    return { columns: this.#usageColumns, columnsOfAll: ordering === undefined ? [] : [ordering] };
  }

  sortOf(sort: ListSort): MachineSort {
    return this.#table.sortOf(sort);
  }

  protected override tableOf(_rows: MachineProcessRows, hasTraffic: boolean): ProcessTable {
    return hasTraffic ? this.#table : this.#withoutTraffic;
  }
}

const RUNNING = 0x52;
const UNINTERRUPTIBLE = 0x44;
const ZOMBIE = 0x5a;
const HYPHEN = 0x2d;

/** Sleeping is normal; only other states have a colour. */
function paintState(state: number, pen: CellPen): void {
  const { theme } = pen;
  const style =
    state === RUNNING
      ? theme.good
      : state === UNINTERRUPTIBLE
        ? theme.warning
        : state === ZOMBIE
          ? theme.bad
          : theme.dim;
  pen.glyph(state === 0 ? HYPHEN : state, style);
}

const columnsBy = (by: Grouping): ListColumns<Painted<MachineGroupRows>, typeof MACHINE_GROUP_FIELDS> => ({
  name: identity(by.toUpperCase(), 100, [10, 40, 3], ({ rows }, row, pen) => {
    const name = rows.names[row]!;
    pen.text(name === '' ? UNGROUPED[by] : name, name === '' ? pen.theme.dim : pen.theme.text);
  }),
  processes: right('PROCS', 70, [5, 6], ({ rows }, row, pen) => pen.count(rows.processes[row]!)),
  ...FIGURES,
});

type GroupTable = ListTable<Painted<MachineGroupRows>, typeof MACHINE_GROUP_FIELDS>;

/** A machine's process table with one row per program, user, container or unit. */
export class MachineGroupList extends MachineList<string, MachineGroupRows, typeof MACHINE_GROUP_FIELDS> {
  /** Ids of the shown figures, in order. */
  readonly #figures: readonly string[];
  /** Tables, created when first shown. */
  readonly #tables = new Map<string, GroupTable>();

  /** `columns`: ids of the columns of the process table. */
  constructor(columns: readonly string[]) {
    super();
    this.#figures = columns.filter((id) => id in FIGURES && id !== 'network');
  }

  protected override tableOf({ by }: MachineGroupRows, hasTraffic: boolean): GroupTable {
    const key = `${by} ${hasTraffic}`;
    const known = this.#tables.get(key);
    if (known !== undefined) return known;
    const shown = ['name', 'processes', ...this.#figures, ...(hasTraffic ? ['network'] : [])];
    const all = columnsBy(by);
    const columns = Object.fromEntries(Object.entries(all).filter(([id]) => shown.includes(id)));
    const table: GroupTable = new ListTable(MACHINE_GROUP_FIELDS, columns, shown);
    this.#tables.set(key, table);
    return table;
  }
}
