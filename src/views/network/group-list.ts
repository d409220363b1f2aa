import { GROUP_FIELDS, GroupRows } from '../../data/query/group-rows.ts';
import type { Scope } from '../../data/query/scope.ts';
import { HISTORY_LENGTH } from '../../data/rates/histories.ts';
import type { Grouping } from '../../data/sample/process-table.ts';
import { GRAPH_MIN_WIDTH, paintGraph, TREND_WIDTH } from './cells.ts';
import {
  identity,
  type ListColumns,
  ListTable,
  left,
  maximumOf,
  RowList,
  right,
  TOTAL_TRAFFIC_COLUMNS,
  TRAFFIC_COLUMNS,
  UNGROUPED,
} from './list-table.ts';
import type { Identity, ListInput, ListSort } from './network-list.ts';

type Columns = ListColumns<GroupList, typeof GROUP_FIELDS>;

const nameColumn = (title: string): Columns => ({
  group: {
    ...identity(title, 100, [12, 40, 1]),
    field: 'name',
    paint: ({ rows, by }, row, pen) => {
      const name = rows.nameOf(row);
      if (name === '') pen.text(UNGROUPED[by ?? 'group'], pen.theme.dim);
      else pen.text(name, pen.theme.text);
    },
  },
});

const PROCESSES: Columns = {
  processes: right('PROCS', 70, [5, 6], ({ rows }, row, pen) => pen.count(rows.processes[row]!)),
};

const COLUMNS: Columns = {
  ...nameColumn('GROUP'),
  type: left('TYPE', 50, [9, 12], ({ rows }, row, pen) => {
    const type = rows.typeOf(row);
    pen.text(type, type === 'container' ? pen.theme.info : pen.theme.dim);
  }),
  processes: { ...PROCESSES['processes']!, priority: 40 },
  ...TRAFFIC_COLUMNS,
};

/** Columns of the process table with one row per program, user, container or unit. */
const groupedColumns = (by: Grouping, isCumulative: boolean): Columns => ({
  ...nameColumn(by.toUpperCase()),
  ...PROCESSES,
  graph: {
    ...left('GRAPH', 40, [GRAPH_MIN_WIDTH, 16 + TREND_WIDTH]),
    wideWidth: HISTORY_LENGTH + TREND_WIDTH,
    field: isCumulative ? 'total' : 'rate',
    marks: [],
    paint: ({ rows, maximum }, row, pen) => paintGraph(rows, row, maximum, pen),
  },
  ...TRAFFIC_COLUMNS,
  ...(isCumulative ? TOTAL_TRAFFIC_COLUMNS : {}),
  listeners: right('LISTEN', 30, [6, 6], ({ rows }, row, pen) => {
    if (rows.listeners[row]! > 0) pen.count(rows.listeners[row]!);
    else if (rows.foreign[row] === 1) pen.right('-', pen.theme.dim);
  }),
});

/** Sums of processes by control group (containers, services, sessions), or by program, user, container or unit. */
export class GroupList extends RowList<GroupRows, typeof GROUP_FIELDS> {
  readonly rows = new GroupRows();
  /** Tables, created when first shown. */
  readonly #tables = new Map<string, ListTable<GroupList, typeof GROUP_FIELDS>>();
  /** Grouping of the process table; undefined: control groups. */
  by: Grouping | undefined;
  /** Bytes instead of rates, only in the process table. */
  isCumulative = false;
  /** Names seen so far. Groups have no slot, so the index here identifies them. */
  readonly #known = new Map<string, number>();
  #names: string[] = [];
  /** Rate of a full bar. */
  maximum = 0;

  rebuild({ data, scope: shown, filter, groupBy, isCumulative }: ListInput): void {
    const { rows } = this;
    this.by = groupBy;
    this.isCumulative = isCumulative && groupBy !== undefined;
    const scope: Scope = { ...shown, includeExited: this.isCumulative };
    rows.build(data.section, data.rates, scope, filter, groupBy);
    this.maximum = maximumOf(rows, rows.count);
  }

  protected identityOf(row: number): Identity {
    return { slot: this.#placeOf(this.rows.nameOf(row)), serial: 1 };
  }

  protected rowOf({ slot }: Identity): number {
    return this.rows.rowOfGroup(this.#names[slot] ?? '');
  }

  /** The filter that matches exactly the group at a rank; '' past the end. */
  filterAt(sort: ListSort, rank: number): string {
    const row = this.rowAt(sort, rank);
    return row < 0 ? '' : this.rows.filterTextOf(row);
  }

  protected get table(): ListTable<GroupList, typeof GROUP_FIELDS> {
    const { by, isCumulative } = this;
    const key = `${by} ${isCumulative}`;
    const known = this.#tables.get(key);
    if (known !== undefined) return known;
    const table = new ListTable(GROUP_FIELDS, by === undefined ? COLUMNS : groupedColumns(by, isCumulative));
    this.#tables.set(key, table);
    return table;
  }

  #placeOf(name: string): number {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    // Groups come and go with containers, so only the selected one is kept.
    if (this.#names.length >= 256) {
      this.#known.clear();
      this.#names = [];
    }
    this.#known.set(name, this.#names.length);
    return this.#names.push(name) - 1;
  }
}
