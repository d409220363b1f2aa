import { PROCESS_FIELDS } from '../../data/query/process-fields.ts';
import { ProcessRows } from '../../data/query/process-rows.ts';
import { nameAndMore } from '../../data/query/row-texts.ts';
import type { Scope } from '../../data/query/scope.ts';
import type { TreeRows } from '../../data/query/tree-rows.ts';
import { HISTORY_LENGTH } from '../../data/rates/histories.ts';
import type { NetworkSection, OwnerTable } from '../../data/sample/network-section.ts';
import type { Slice } from '../../data/sample/slice.ts';
import { OwnerKind } from '../../data/schema/network-columns.ts';
import { cellWidth } from '../../kit/text/cell-width.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import { type CellPen, GRAPH_MIN_WIDTH, paintGraph, TREND_WIDTH } from './cells.ts';
import {
  identity,
  type ListColumns,
  ListTable,
  left,
  maximumOf,
  optional,
  RowList,
  right,
  roundOf,
  TOTAL_TRAFFIC_COLUMNS,
  TRAFFIC_COLUMNS,
} from './list-table.ts';
import type { Identity, ListInput, ListLook, ListSort } from './network-list.ts';
import { ProcessTree } from './process-tree.ts';

export const PROCESS_COLUMNS = {
  pid: right('PID', 80, [7, 7], (list, row, pen) => pen.pid(list.owners, list.ownerOf(row))),
  user: {
    // Wide enough for `www-data` and `postgres`.
    ...left('USER', 50, [8, 9]),
    paint: (list, row, pen) => pen.text(list.owners?.users[list.ownerOf(row)] ?? '-', pen.theme.dim),
  },
  process: {
    ...identity('PROCESS', 100, [8, 32, 1]),
    // Command lines grow with the graphs, for which the rest of a wide screen would be too much.
    wideWidth: 56,
    field: 'name',
    paint: (list, row, pen) => list.paintName(row, pen),
  },
  graph: {
    ...left('GRAPH', 40, [GRAPH_MIN_WIDTH, 16 + TREND_WIDTH]),
    wideWidth: HISTORY_LENGTH + TREND_WIDTH,
    help: 'both directions over the last samples, with trend',
    field: 'rate',
    marks: [],
    paint: ({ painted, maximum }, row, pen) => paintGraph(painted, row, maximum, pen),
  },
  upload: {
    ...TRAFFIC_COLUMNS.upload,
    paint: ({ painted, maximum }, row, pen) => pen.rate(painted.up[row]!, maximum, 'up'),
  },
  download: {
    ...TRAFFIC_COLUMNS.download,
    paint: ({ painted, maximum }, row, pen) => pen.rate(painted.down[row]!, maximum, 'down'),
  },
  connections: {
    ...TRAFFIC_COLUMNS.connections,
    paint: ({ painted }, row, pen) => pen.count(painted.connections[row]!),
  },
  listeners: right('LISTEN', 30, [6, 6], (list, row, pen) => {
    const { listeners } = list.painted;
    // The kernel does not list listeners of another namespace here; those found from packets are incomplete.
    const isForeign = list.owners?.namespaces[list.ownerOf(row)] !== undefined;
    if (isForeign) pen.right('-', pen.theme.dim);
    else if (listeners[row]! > 0) pen.count(listeners[row]!);
  }),
  remote: {
    ...left('REMOTE', 29, [12, 30, 1]),
    help: 'the first of the names that it uses for remote hosts, and how many more; see [names.md](names.md)',
    isOptional: true,
    paint: (list, row, pen) => {
      const names = list.areNamesShown ? list.rows.namesOfOwner(list.ownerOf(row)) : [];
      pen.host(nameAndMore(names), pen.theme.text);
    },
  },
  rtt: optional(
    right('RTT', 28, [5, 6], (list, row, pen) =>
      pen.roundTrip(list.health?.rtt(list.ownerOf(row)) ?? Number.NaN),
    ),
  ),
  retransmitted: optional(
    right('RETR%', 27, [5, 6], (list, row, pen) =>
      pen.share(list.health?.retransmitted(list.ownerOf(row)) ?? Number.NaN),
    ),
  ),
  drops: {
    ...right('DROPS', 26, [5, 6]),
    help: 'connections and datagrams dropped in the last ten seconds because the queue of a listening socket was full',
    isOptional: true,
    paint: (list, row, pen) => pen.count(list.health?.drops(list.ownerOf(row)) ?? Number.NaN),
  },
} satisfies ListColumns<ProcessList, typeof PROCESS_FIELDS>;

/** The same columns in cumulative mode. */
const TOTAL_COLUMNS: ListColumns<ProcessList, typeof PROCESS_FIELDS> = {
  ...PROCESS_COLUMNS,
  graph: { ...PROCESS_COLUMNS.graph, field: 'total' },
  upload: {
    ...TOTAL_TRAFFIC_COLUMNS.upload,
    paint: ({ painted }, row, pen) => pen.total(painted.upTotal[row]!, 'up'),
  },
  download: {
    ...TOTAL_TRAFFIC_COLUMNS.download,
    paint: ({ painted }, row, pen) => pen.total(painted.downTotal[row]!, 'down'),
  },
};

/** In the tree, figures are sums over the branch. This column shows the process's own traffic. */
const OWN_COLUMN: ListColumns<ProcessList, typeof PROCESS_FIELDS> = {
  own: {
    ...right('OWN/s', 55, [6, 6]),
    bitsTitle: 'OWN b/s',
    field: 'rate',
    marks: [],
    paint: (list, row, pen) => pen.compactRate(list.ownRate(row), pen.theme.text),
  },
};
const OWN_TOTAL_COLUMN: ListColumns<ProcessList, typeof PROCESS_FIELDS> = {
  own: {
    ...right('OWN', 55, [9, 9]),
    field: 'total',
    marks: [],
    paint: (list, row, pen) => pen.bytes(list.ownTotal(row), pen.theme.text),
  },
};

/** Inserts the tree's own column before the sums. */
function withOwn(columns: readonly string[]): readonly string[] {
  const at = columns.findIndex((id) => id === 'upload' || id === 'download');
  return at < 0 ? [...columns, 'own'] : [...columns.slice(0, at), 'own', ...columns.slice(at)];
}

export type ProcessColumn = keyof typeof PROCESS_COLUMNS;

/** Sort keys that configuration and command line accept, the default first. */
export const PROCESS_SORT_KEYS = roundOf(PROCESS_FIELDS, PROCESS_COLUMNS);

/** Columns that the configuration accepts. */
export const PROCESS_COLUMN_IDS = Object.keys(PROCESS_COLUMNS) as readonly ProcessColumn[];

type Columns = ListColumns<ProcessList, typeof PROCESS_FIELDS>;

/** Default columns. */
export const USUAL_PROCESS_COLUMN_IDS = PROCESS_COLUMN_IDS.filter(
  (id) => (PROCESS_COLUMNS as Columns)[id]?.isOptional !== true,
);

/** The process table, by rates or, in cumulative mode, by bytes since start. */
export class ProcessList extends RowList<ProcessRows, typeof PROCESS_FIELDS> {
  /** Rows of the table without the tree's extra ancestors; `order` uses these. */
  readonly rows = new ProcessRows();
  readonly #tree = new ProcessTree(this.rows);
  /** By rates and by totals, then the same of the tree. */
  readonly #tables: readonly ListTable<ProcessList, typeof PROCESS_FIELDS>[];
  owners: OwnerTable | undefined;
  /** Bytes instead of rates. */
  isCumulative = false;
  /** False: show addresses instead of names. */
  areNamesShown = true;
  #isTree = false;
  /** Rate of a full bar. */
  maximum = 0;

  constructor(columns: readonly ProcessColumn[]) {
    super();
    const tableOf = (
      all: Columns,
      shown: readonly string[],
    ): ListTable<ProcessList, typeof PROCESS_FIELDS> => {
      // An optional column that is hidden is not a sort key either.
      const known = Object.entries(all).filter(
        ([id, { isOptional }]) => isOptional !== true || shown.includes(id),
      );
      return new ListTable(PROCESS_FIELDS, Object.fromEntries(known), shown);
    };
    this.#tables = [
      tableOf(PROCESS_COLUMNS, columns),
      tableOf(TOTAL_COLUMNS, columns),
      tableOf({ ...PROCESS_COLUMNS, ...OWN_COLUMN }, withOwn(columns)),
      tableOf({ ...TOTAL_COLUMNS, ...OWN_TOTAL_COLUMN }, withOwn(columns)),
    ];
  }

  override get count(): number {
    return this.#isTree ? this.#tree.count : this.rows.count;
  }

  rebuild(input: ListInput): void {
    const { data, filter, isCumulative } = input;
    const scope: Scope = { ...input.scope, includeExited: isCumulative };
    this.rows.build(data.section, data.rates, scope, filter);
    this.owners = data.section.owners;
    this.isCumulative = isCumulative;
    this.areNamesShown = input.names.areShown?.() !== false;
    this.#isTree = input.isTree;
    this.#tree.begin(data.section, input.folded);
    const { rows } = this;
    this.maximum = maximumOf(rows, rows.count);
  }

  /** Prepares the first `rebuild` in slices, so that its code is compiled. */
  async prepare({ data, scope, filter }: ListInput, slice: Slice): Promise<void> {
    await this.rows.buildInSlices(data.section, data.rates, scope, filter, slice);
  }

  protected override rowAt(sort: ListSort, rank: number): number {
    return this.table.rowAt(this.#ordered, sort, rank);
  }

  protected identityOf(row: number): Identity {
    const slot = this.ownerOf(row);
    return { slot, serial: this.owners?.slots.serial[slot] ?? 0 };
  }

  override rankOf(sort: ListSort, identity: Identity): number {
    if (!this.#isTree) return super.rankOf(sort, identity);
    return this.#isThere(identity) ? this.#tree.rankOfOwner(this.table.sortOf(sort), identity.slot) : -1;
  }

  protected rowOf(identity: Identity): number {
    return this.#isThere(identity) ? this.rows.rowOfOwner(identity.slot) : -1;
  }

  #isThere({ slot, serial }: Identity): boolean {
    return this.owners?.slots.serial[slot] === serial;
  }

  override render(area: Rect, buffer: Buffer, look: ListLook): void {
    const hasExited = this.owners?.hasExited;
    this.table.render(area, buffer, look, this.#ordered, this, {
      alarmOfRow: (row) => look.alarmOf(this.ownerOf(row)),
      isFaintRow: (row) => hasExited?.[this.ownerOf(row)] === 1,
    });
  }

  get #ordered(): ProcessRows | ProcessTree {
    return this.#isTree ? this.#tree : this.rows;
  }

  protected get table(): ListTable<ProcessList, typeof PROCESS_FIELDS> {
    return this.#tables[(this.#isTree ? 2 : 0) + (this.isCumulative ? 1 : 0)]!;
  }

  /** Rows that cells are drawn from. In the tree, a row is a rank of the tree. */
  get painted(): ProcessRows | TreeRows {
    return this.#isTree ? this.#tree.rows : this.rows;
  }

  /** By owner slot. */
  get health(): ProcessRows['health'] {
    return this.rows.health;
  }

  ownerOf(row: number): number {
    return this.painted.owner[row]!;
  }

  /** Of a tree row. */
  ownRate(row: number): number {
    return this.#tree.rows.ownRate(row);
  }

  ownTotal(row: number): number {
    return this.#tree.rows.ownTotal(row);
  }

  /** Whether the tree row at a rank has children. */
  hasBranch(sort: ListSort, rank: number): boolean {
    const row = this.#isTree ? this.table.rowAt(this.#tree, sort, rank) : -1;
    return row >= 0 && this.#tree.rows.members[row]! > 1;
  }

  /** Draws the name; in the tree, behind its branch lines. */
  paintName(row: number, pen: CellPen): void {
    const { owners } = this;
    if (owners === undefined) return;
    const owner = this.ownerOf(row);
    if (!this.#isTree) {
      paintName(owners, owner, nameOf(owners, owner), this.rows.isInferred[row] === 1, pen);
      return;
    }
    const name = `${nameOf(owners, owner)}${this.#tree.branchText(row)}`;
    if (pen.isMeasured(this.#tree.needOf(row, cellWidth(name)))) return;
    const indent = Math.min(this.#tree.paintBranch(row, pen), pen.width - 4);
    const { buffer, x, y, width } = pen;
    pen.moveTo(buffer, x + indent, y, width - indent);
    paintName(owners, owner, name, false, pen);
  }
}

/** The name, with `@NAMESPACE` for another network namespace and `(exited)` for an exited process. */
export function nameOf({ names, namespaces, hasExited }: OwnerTable, owner: number): string {
  const namespace = namespaces[owner];
  const name = namespace === undefined ? names[owner]! : `${names[owner]} @${namespace}`;
  return hasExited[owner] === 1 ? `${name} (exited)` : name;
}

/** Draws the name and as much of the command line as fits; `~` marks inferred bytes. */
function paintName(owners: OwnerTable, owner: number, name: string, isInferred: boolean, pen: CellPen): void {
  if (pen.isMeasured(cellWidth(name) + (isInferred ? 2 : 0))) return;
  const { buffer, x, y, width, theme } = pen;
  const room = isInferred ? width - 2 : width;
  const isFaint = owners.kind[owner] !== OwnerKind.PROCESS || owners.hasExited[owner] === 1;
  const style = isFaint ? theme.dim : theme.text;
  pen.name(name, style, owners.commandLines[owner], room, owners.names[owner]!);
  if (isInferred) buffer.putCodePoint(x + width - 1, y, 0x7e, theme.dim);
}

/** Explains in one line why a row has no process; undefined for a process. */
export function ownerNote(section: NetworkSection, owner: number): string | undefined {
  switch (section.owners.kind[owner]) {
    case OwnerKind.KERNEL:
      return 'Sockets of the kernel, and orphans still being closed: no process holds them.';
    case OwnerKind.USER:
      return 'Sockets of another user: root or CAP_SYS_PTRACE is needed to find their processes.';
    case OwnerKind.CGROUP:
      return 'Only the control group of these sockets is known: their processes are not visible here.';
    case OwnerKind.CLOSED:
      return 'Connections that opened and closed between two samples: the kernel counts the bytes but names no process.';
    case OwnerKind.EXITED:
      return 'Traffic of processes that have exited.';
    case OwnerKind.UNKNOWN:
      return 'No visible process holds these sockets: another namespace, or the process exited too soon.';
    default:
      return undefined;
  }
}
