import { GroupRows, type GroupType } from '../../../data/query/group-rows.ts';
import type { Buffer } from '../../../screen/buffer/buffer.ts';
import type { Rect } from '../../../screen/layout/rect.ts';
import type { CellPen } from './cells.ts';
import { ListTable } from './list-table.ts';
import type { Identity, ListHit, ListInput, ListLook, ListSort, NetworkList } from './network-list.ts';
import { CONNECTIONS, DOWNLOAD, TRAFFIC_COLUMNS_OF_KEY, UPLOAD } from './traffic-columns.ts';

type GroupColumn = 'group' | 'type' | 'processes' | 'upload' | 'download' | 'connections';

const KEYS = ['rate', 'download', 'upload', 'connections', 'processes', 'name'] as const;

const TYPE_NAMES: Readonly<Record<GroupType, string>> = {
  container: 'container',
  systemd: 'systemd',
  'user session': 'user session',
  other: 'other',
};

/** Control groups: containers, services, sessions. */
export class GroupList implements NetworkList {
  readonly sortKeys: readonly string[] = KEYS;
  readonly rows = new GroupRows();
  readonly #table = new ListTable<GroupColumn, (typeof KEYS)[number]>(KEYS, {
    columns: [
      { id: 'group', title: 'GROUP', align: 'left', minWidth: 12, idealWidth: 40, flex: 1, priority: 100 },
      { id: 'type', title: 'TYPE', align: 'left', minWidth: 9, idealWidth: 12, flex: 0, priority: 50 },
      { id: 'processes', title: 'PROCS', align: 'right', minWidth: 5, idealWidth: 6, flex: 0, priority: 40 },
      UPLOAD,
      DOWNLOAD,
      CONNECTIONS,
    ],
    columnsOfKey: {
      ...TRAFFIC_COLUMNS_OF_KEY,
      ...{ processes: ['processes'], name: ['group'] },
    },
    keyOfColumn: {
      ...{ group: 'name', processes: 'processes', upload: 'upload' },
      ...{ download: 'download', connections: 'connections' },
    },
    rising: ['name'],
  });
  /** Names seen so far: a group has no slot of its own, so its name's place here stands for it. */
  readonly #known = new Map<string, number>();
  #names: string[] = [];
  #maximum = 0;

  get count(): number {
    return this.rows.count;
  }

  get unfilteredCount(): number {
    return this.rows.unfilteredCount;
  }

  rebuild({ data, scope, filter }: ListInput): void {
    const { rows } = this;
    rows.build(data.section, data.rates, scope, filter);
    this.#maximum = 0;
    for (let row = 0; row < rows.count; row++) {
      if (rows.up[row]! > this.#maximum) this.#maximum = rows.up[row]!;
      if (rows.down[row]! > this.#maximum) this.#maximum = rows.down[row]!;
    }
  }

  identityAt(sort: ListSort, rank: number): Identity | undefined {
    const row = this.#table.rowAt(this.rows, sort, rank);
    return row < 0 ? undefined : { slot: this.#placeOf(this.rows.nameOf(row)), serial: 1 };
  }

  rankOf(sort: ListSort, { slot }: Identity): number {
    return this.#table.rankOf(this.rows, sort, this.rows.rowOfGroup(this.#names[slot] ?? ''));
  }

  /** The filter that lets exactly the group at a rank through; '' past the end. */
  filterAt(sort: ListSort, rank: number): string {
    const row = this.#table.rowAt(this.rows, sort, rank);
    return row < 0 ? '' : this.rows.filterTextOf(row);
  }

  order(sort: ListSort): Int32Array {
    return this.rows.order(this.#table.sortOf(sort));
  }

  render(area: Rect, buffer: Buffer, look: ListLook): void {
    this.#table.render(area, buffer, look, this.rows, this.#paint);
  }

  hit(area: Rect, look: ListLook, x: number, y: number): ListHit | undefined {
    return this.#table.hit(area, look, this.count, x, y);
  }

  #placeOf(name: string): number {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    // Groups come and go with containers: only the selected one has to be found again.
    if (this.#names.length >= 256) {
      this.#known.clear();
      this.#names = [];
    }
    this.#known.set(name, this.#names.length);
    return this.#names.push(name) - 1;
  }

  readonly #paint = (row: number, column: GroupColumn, pen: CellPen): void => {
    const { rows } = this;
    const { theme } = pen;
    const name = rows.nameOf(row);
    switch (column) {
      case 'group':
        pen.text(name === '' ? 'no group known' : name, name === '' ? theme.dim : theme.text);
        break;
      case 'type':
        pen.text(TYPE_NAMES[rows.typeOf(row)], rows.typeOf(row) === 'container' ? theme.info : theme.dim);
        break;
      case 'processes':
        pen.count(rows.processes[row]!);
        break;
      case 'upload':
        pen.rate(rows.up[row]!, this.#maximum, 'up');
        break;
      case 'download':
        pen.rate(rows.down[row]!, this.#maximum, 'down');
        break;
      case 'connections':
        pen.count(rows.connections[row]!);
        break;
    }
  };
}
