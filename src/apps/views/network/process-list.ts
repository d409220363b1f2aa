import { ProcessRows } from '../../../data/query/process-rows.ts';
import type { Scope } from '../../../data/query/scope.ts';
import type { Sort } from '../../../data/query/sort.ts';
import type { TreeRows } from '../../../data/query/tree-rows.ts';
import { HISTORY_LENGTH } from '../../../data/rates/rate-history.ts';
import { OwnerKind, type OwnerTable } from '../../../data/sample/network-section.ts';
import type { Slice } from '../../../data/sample/slice.ts';
import type { Buffer } from '../../../screen/buffer/buffer.ts';
import type { Rect } from '../../../screen/layout/rect.ts';
import type { Column } from '../../../screen/widgets/column-layout.ts';
import { plainSamples } from '../../../screen/widgets/levels.ts';
import { putSparkline } from '../../../screen/widgets/sparkline.ts';
import type { CellPen } from './cells.ts';
import { ListTable } from './list-table.ts';
import type { Alarm, Identity, ListHit, ListInput, ListLook, ListSort, NetworkList } from './network-list.ts';
import { ProcessTree } from './process-tree.ts';
import { CONNECTIONS, DOWNLOAD, TRAFFIC_COLUMNS_OF_KEY, UPLOAD } from './traffic-columns.ts';
import { trendMark } from './trend-mark.ts';

export const PROCESS_COLUMN_IDS = [
  'pid',
  'user',
  'process',
  'graph',
  'upload',
  'download',
  'connections',
  'listeners',
] as const;
export type ProcessColumn = (typeof PROCESS_COLUMN_IDS)[number];

const KEYS = ['rate', 'download', 'upload', 'pid', 'name', 'connections'] as const;
const TOTAL_KEYS = ['total', 'download-total', 'upload-total', 'pid', 'name', 'connections'] as const;
type RateKey = (typeof KEYS)[number];
type TotalKey = (typeof TOTAL_KEYS)[number];

/** A blank and the sign, after the graph. */
const TREND_WIDTH = 2;

const PID: Column<ProcessColumn> = {
  ...{ id: 'pid', title: 'PID', align: 'right' },
  ...{ minWidth: 7, idealWidth: 7, flex: 0, priority: 80 },
};
const USER: Column<ProcessColumn> = {
  ...{ id: 'user', title: 'USER', align: 'left' },
  // `www-data` and `postgres`, whole.
  ...{ minWidth: 8, idealWidth: 9, flex: 0, priority: 50 },
};
const PROCESS: Column<ProcessColumn> = {
  ...{ id: 'process', title: 'PROCESS', align: 'left' },
  ...{ minWidth: 8, idealWidth: 32, flex: 1, priority: 100 },
};
const GRAPH: Column<ProcessColumn> = {
  ...{ id: 'graph', title: 'GRAPH', align: 'left' },
  ...{ minWidth: 7, idealWidth: HISTORY_LENGTH + TREND_WIDTH, flex: 0, priority: 40 },
};
const LISTENERS: Column<ProcessColumn> = {
  ...{ id: 'listeners', title: 'LISTEN', align: 'right' },
  ...{ minWidth: 6, idealWidth: 6, flex: 0, priority: 30 },
};

const RATE_COLUMNS: readonly Column<ProcessColumn>[] = [
  ...[PID, USER, PROCESS, GRAPH, UPLOAD, DOWNLOAD, CONNECTIONS, LISTENERS],
];
const TOTAL_COLUMNS = RATE_COLUMNS.map((column): Column<ProcessColumn> => {
  if (column.id === 'upload') return { ...column, title: 'UP TOTAL', minWidth: 9 };
  return column.id === 'download' ? { ...column, title: 'DN TOTAL', minWidth: 9 } : column;
});

/** The table's columns in the order wanted; ids left out are not shown. */
function chosen(
  columns: readonly Column<ProcessColumn>[],
  ids: readonly ProcessColumn[],
): Column<ProcessColumn>[] {
  return ids.flatMap((id) => columns.filter((column) => column.id === id));
}

const history = new Float32Array(HISTORY_LENGTH);
const samples = plainSamples(history);

/** The process table: who uses the network, by rates or, in cumulative mode, by bytes since start. */
export class ProcessList implements NetworkList {
  readonly rows = new ProcessRows();
  readonly #tree = new ProcessTree(this.rows);
  readonly #rateTable: ListTable<ProcessColumn, RateKey>;
  readonly #totalTable: ListTable<ProcessColumn, TotalKey>;
  #owners: OwnerTable | undefined;
  /** Bytes instead of rates. */
  isCumulative = false;
  #isTree = false;
  /** What a full bar means. */
  #maximum = 0;

  constructor(columns: readonly ProcessColumn[]) {
    this.#rateTable = new ListTable(KEYS, {
      columns: chosen(RATE_COLUMNS, columns),
      columnsOfKey: {
        ...TRAFFIC_COLUMNS_OF_KEY,
        ...{ pid: ['pid'], name: ['process'] },
      },
      keyOfColumn: {
        ...{ pid: 'pid', process: 'name', graph: 'rate', upload: 'upload', download: 'download' },
        connections: 'connections',
      },
      rising: ['pid', 'name'],
    });
    this.#totalTable = new ListTable(TOTAL_KEYS, {
      columns: chosen(TOTAL_COLUMNS, columns),
      columnsOfKey: {
        ...{ total: ['upload', 'download'], 'download-total': ['download'], 'upload-total': ['upload'] },
        ...{ pid: ['pid'], name: ['process'], connections: ['connections'] },
      },
      keyOfColumn: {
        ...{ pid: 'pid', process: 'name', graph: 'total', upload: 'upload-total' },
        ...{ download: 'download-total', connections: 'connections' },
      },
      rising: ['pid', 'name'],
    });
  }

  get sortKeys(): readonly string[] {
    return this.isCumulative ? TOTAL_KEYS : KEYS;
  }

  get count(): number {
    return this.#isTree ? this.#tree.count : this.rows.count;
  }

  get unfilteredCount(): number {
    return this.rows.unfilteredCount;
  }

  rebuild(input: ListInput): void {
    const { data, filter, isCumulative } = input;
    const scope: Scope = { ...input.scope, includeExited: isCumulative };
    this.rows.build(data.section, data.rates, scope, filter);
    this.#owners = data.section.owners;
    this.isCumulative = isCumulative;
    this.#isTree = input.isTree;
    this.#tree.begin(data.section);
    const { rows } = this;
    this.#maximum = 0;
    for (let row = 0; row < rows.count; row++) {
      if (rows.up[row]! > this.#maximum) this.#maximum = rows.up[row]!;
      if (rows.down[row]! > this.#maximum) this.#maximum = rows.down[row]!;
    }
  }

  /** Before the first `rebuild`, which then finds its steps warm. */
  async prepare({ data, scope, filter }: ListInput, slice: Slice): Promise<void> {
    await this.rows.buildInSlices(data.section, data.rates, scope, filter, slice);
  }

  identityAt(sort: ListSort, rank: number): Identity | undefined {
    const row = this.isCumulative
      ? this.#totalTable.rowAt(this.#ordered, sort, rank)
      : this.#rateTable.rowAt(this.#ordered, sort, rank);
    if (row < 0) return undefined;
    const slot = this.#ownerOf(row);
    return { slot, serial: this.#owners?.slots.serial[slot] ?? 0 };
  }

  rankOf(sort: ListSort, { slot, serial }: Identity): number {
    if (this.#owners?.slots.serial[slot] !== serial) return -1;
    if (this.#isTree) return this.#tree.rankOfOwner(this.#anySortOf(sort), slot);
    const row = this.rows.rowOfOwner(slot);
    return this.isCumulative
      ? this.#totalTable.rankOf(this.rows, sort, row)
      : this.#rateTable.rankOf(this.rows, sort, row);
  }

  /** The rows of the table, not of the tree, which has processes that have none. */
  order(sort: ListSort): Int32Array {
    return this.rows.order(this.#anySortOf(sort));
  }

  render(area: Rect, buffer: Buffer, look: ListLook): void {
    const owners = this.#owners;
    if (owners === undefined) return;
    const paint = (row: number, column: ProcessColumn, pen: CellPen): void => {
      this.#paint(owners, row, column, pen);
    };
    const alarmOf = (row: number): Alarm => look.alarmOf(this.#ownerOf(row));
    if (this.isCumulative) this.#totalTable.render(area, buffer, look, this.#ordered, paint, alarmOf);
    else this.#rateTable.render(area, buffer, look, this.#ordered, paint, alarmOf);
  }

  hit(area: Rect, look: ListLook, x: number, y: number): ListHit | undefined {
    return this.isCumulative
      ? this.#totalTable.hit(area, look, this.count, x, y)
      : this.#rateTable.hit(area, look, this.count, x, y);
  }

  get #ordered(): ProcessRows | ProcessTree {
    return this.#isTree ? this.#tree : this.rows;
  }

  #anySortOf(sort: ListSort): Sort {
    return this.isCumulative ? this.#totalTable.sortOf(sort) : this.#rateTable.sortOf(sort);
  }

  /** `row` is a rank of the tree in tree mode. */
  #ownerOf(row: number): number {
    return this.#isTree ? this.#tree.rows.owner[row]! : this.rows.owner[row]!;
  }

  #paint(owners: OwnerTable, row: number, column: ProcessColumn, pen: CellPen): void {
    const rows = this.#isTree ? this.#tree.rows : this.rows;
    const owner = rows.owner[row]!;
    switch (column) {
      case 'pid':
        if (owners.kind[owner] === OwnerKind.PROCESS) pen.count(owners.pid[owner]!);
        else pen.right(pen.ascii ? '-' : '╶', pen.theme.dim);
        break;
      case 'user':
        pen.text(owners.users[owner] ?? '-', pen.theme.dim);
        break;
      case 'process':
        this.#paintName(owners, owner, row, pen);
        break;
      case 'graph':
        paintGraph(rows, row, pen);
        break;
      case 'upload':
        if (this.isCumulative) pen.total(rows.upTotal[row]!, 'up');
        else pen.rate(rows.up[row]!, this.#maximum, 'up');
        break;
      case 'download':
        if (this.isCumulative) pen.total(rows.downTotal[row]!, 'down');
        else pen.rate(rows.down[row]!, this.#maximum, 'down');
        break;
      case 'connections':
        pen.count(rows.connections[row]!);
        break;
      case 'listeners':
        if (rows.listeners[row]! > 0) pen.count(rows.listeners[row]!);
        break;
    }
  }

  #paintName(owners: OwnerTable, owner: number, row: number, pen: CellPen): void {
    if (!this.#isTree) {
      paintName(owners, owner, this.rows.isInferred[row] === 1, pen);
      return;
    }
    const indent = Math.min(this.#tree.paintBranch(row, pen), pen.width - 4);
    const { buffer, x, y, width } = pen;
    pen.moveTo(buffer, x + indent, y, width - indent);
    paintName(owners, owner, false, pen);
  }
}

/** As many of the last samples as there is room for, and where they are going; no sign for who is at rest. */
function paintGraph(rows: ProcessRows | TreeRows, row: number, pen: CellPen): void {
  const { buffer, x, y, width, theme, ascii } = pen;
  const graphWidth = Math.min(width - TREND_WIDTH, HISTORY_LENGTH);
  rows.historyInto(row, history);
  putSparkline(buffer, x, y, graphWidth, 1, samples, Number.NaN, theme.graphRamp, ascii);
  if (!(rows.up[row]! + rows.down[row]! > 0)) return;
  const trend = rows.trendOf(row);
  const style = trend === 'flat' ? theme.dim : theme.text;
  buffer.put(x + graphWidth + 1, y, trendMark(trend, ascii), style);
}

/** The name, then as much of the command line as there is room for; `~` where bytes were inferred. */
function paintName(owners: OwnerTable, owner: number, isInferred: boolean, pen: CellPen): void {
  const { buffer, x, y, width, theme } = pen;
  const room = isInferred ? width - 2 : width;
  const isFaint = owners.kind[owner] !== OwnerKind.PROCESS || owners.hasExited[owner] === 1;
  pen.name(owners.names[owner]!, isFaint ? theme.dim : theme.text, owners.commandLines[owner], room);
  if (isInferred) buffer.putCodePoint(x + width - 1, y, 0x7e, theme.dim);
}
