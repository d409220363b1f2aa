import {
  MACHINE_SORT_KEYS,
  type MachineProcessRows,
  type MachineSort,
  type MachineSortKey,
  type ProcessIdentity,
} from '../../../data/query/machine-process-rows.ts';
import type { Buffer } from '../../../screen/buffer/buffer.ts';
import type { Rect } from '../../../screen/layout/rect.ts';
import type { Theme } from '../../../screen/style/theme.ts';
import type { Column } from '../../../screen/widgets/column-layout.ts';
import type { Viewport } from '../../../screen/widgets/viewport.ts';
import type { CellPen } from '../network/cells.ts';
import { ListTable } from '../network/list-table.ts';
import type { ListHit, ListSort } from '../network/network-list.ts';

type Id =
  | 'pid'
  | 'user'
  | 'name'
  | 'state'
  | 'threads'
  | 'cpu'
  | 'memory'
  | 'memory-percent'
  | 'read'
  | 'written'
  | 'network'
  | 'time';

/** How the table is drawn. */
interface MachineListLook {
  readonly sort: ListSort;
  readonly viewport: Viewport;
  /** CPU as a share of one core instead of the whole machine. */
  readonly isPerCore: boolean;
  /** With the column of network use. */
  readonly hasTraffic: boolean;
  readonly theme: Theme;
  readonly ascii: boolean;
}

const COLUMNS: readonly Column<Id>[] = [
  { id: 'pid', title: 'PID', align: 'right', minWidth: 7, idealWidth: 8, flex: 0, priority: 80 },
  { id: 'user', title: 'USER', align: 'left', minWidth: 4, idealWidth: 10, flex: 0, priority: 50 },
  { id: 'name', title: 'NAME', align: 'left', minWidth: 10, idealWidth: 20, flex: 3, priority: 100 },
  { id: 'state', title: 'S', align: 'left', minWidth: 1, idealWidth: 1, flex: 0, priority: 30 },
  { id: 'threads', title: 'THR', align: 'right', minWidth: 4, idealWidth: 5, flex: 0, priority: 20 },
  { id: 'time', title: 'TIME', align: 'right', minWidth: 7, idealWidth: 8, flex: 0, priority: 25 },
  { id: 'read', title: 'R/s', align: 'right', minWidth: 6, idealWidth: 7, flex: 0, priority: 41 },
  { id: 'written', title: 'W/s', align: 'right', minWidth: 6, idealWidth: 7, flex: 0, priority: 40 },
  { id: 'network', title: 'NET', align: 'right', minWidth: 6, idealWidth: 7, flex: 0, priority: 85 },
  { id: 'memory', title: 'MEM', align: 'right', minWidth: 9, idealWidth: 9, flex: 0, priority: 90 },
  { id: 'memory-percent', title: 'MEM %', align: 'right', minWidth: 5, idealWidth: 6, flex: 0, priority: 60 },
  { id: 'cpu', title: 'CPU %', align: 'right', minWidth: 6, idealWidth: 14, flex: 0, priority: 95 },
];

const KEYS_WITHOUT_TRAFFIC = MACHINE_SORT_KEYS.filter((key) => key !== 'network');

function tableOf(columns: readonly Column<Id>[]): ListTable<Id, MachineSortKey> {
  return new ListTable<Id, MachineSortKey>(MACHINE_SORT_KEYS, {
    columns,
    columnsOfKey: {
      ...{ cpu: ['cpu'], memory: ['memory'], pid: ['pid'], name: ['name'], user: ['user'] },
      ...{ threads: ['threads'], time: ['time'], read: ['read'], written: ['written'], network: ['network'] },
    },
    keyOfColumn: {
      ...{ cpu: 'cpu', memory: 'memory', 'memory-percent': 'memory', pid: 'pid', name: 'name' },
      ...{ user: 'user', threads: 'threads', time: 'time', read: 'read', written: 'written' },
      network: 'network',
    },
    rising: ['pid', 'name', 'user'],
  });
}

/** The process table of a machine. */
export class MachineProcessList {
  readonly #table = tableOf(COLUMNS.filter(({ id }) => id !== 'network'));
  readonly #trafficTable = tableOf(COLUMNS);

  /** The round of orders; nothing is ordered by a column that is not there. */
  sortKeys(hasTraffic: boolean): readonly MachineSortKey[] {
    return hasTraffic ? MACHINE_SORT_KEYS : KEYS_WITHOUT_TRAFFIC;
  }

  sortOf(sort: ListSort): MachineSort {
    return this.#table.sortOf(sort);
  }

  /** The process at a rank, undefined past the end. */
  identityAt(rows: MachineProcessRows, sort: ListSort, rank: number): ProcessIdentity | undefined {
    const row = this.#table.rowAt(rows, sort, rank);
    return row < 0 ? undefined : rows.identityOf(row);
  }

  /** -1 where it is not listed. */
  rankOf(rows: MachineProcessRows, sort: ListSort, identity: ProcessIdentity): number {
    return this.#table.rankOf(rows, sort, rows.rowOf(identity));
  }

  render(area: Rect, buffer: Buffer, rows: MachineProcessRows, look: MachineListLook): void {
    const table = look.hasTraffic ? this.#trafficTable : this.#table;
    table.render(area, buffer, { ...look, alarmOf: () => 'none' }, rows, (row, column, pen) => {
      paint(rows, row, column, pen, look.isPerCore);
    });
  }

  hit(
    area: Rect,
    rows: MachineProcessRows,
    look: Pick<MachineListLook, 'sort' | 'viewport' | 'hasTraffic'>,
    x: number,
    y: number,
  ): ListHit | undefined {
    return (look.hasTraffic ? this.#trafficTable : this.#table).hit(area, look, rows.count, x, y);
  }
}

function paint(rows: MachineProcessRows, row: number, column: Id, pen: CellPen, isPerCore: boolean): void {
  const { theme } = pen;
  switch (column) {
    case 'pid':
      pen.count(rows.pid[row]!);
      break;
    case 'user':
      pen.text(rows.users[row]!, theme.dim);
      break;
    case 'name':
      pen.name(rows.names[row]!, theme.text, rows.commandLines[row]!);
      break;
    case 'state':
      paintState(rows.state[row]!, pen);
      break;
    case 'threads':
      pen.dimCount(rows.threads[row]!);
      break;
    case 'time':
      pen.age(rows.cpuNanos[row]! / 1000);
      break;
    case 'cpu':
      pen.percent((isPerCore ? rows.corePercent : rows.machinePercent)[row]!);
      break;
    case 'memory':
      pen.bytes(rows.residentBytes[row]!, theme.text);
      break;
    case 'memory-percent':
      pen.percent(rows.memoryPercent[row]!);
      break;
    case 'read':
      pen.compact(rows.read[row]!, theme.download);
      break;
    case 'written':
      pen.compact(rows.written[row]!, theme.upload);
      break;
    case 'network':
      pen.compact(rows.network[row]!, theme.text);
      break;
  }
}

const RUNNING = 0x52;
const UNINTERRUPTIBLE = 0x44;
const ZOMBIE = 0x5a;
const HYPHEN = 0x2d;

/** Sleep is what processes do: only the others have a colour. */
function paintState(state: number, pen: CellPen): void {
  const { theme, buffer, x, y } = pen;
  const style =
    state === RUNNING
      ? theme.good
      : state === UNINTERRUPTIBLE
        ? theme.warning
        : state === ZOMBIE
          ? theme.bad
          : theme.dim;
  buffer.putCodePoint(x, y, state === 0 ? HYPHEN : state, style);
}
