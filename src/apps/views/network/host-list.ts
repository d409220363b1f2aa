import { HostRows } from '../../../data/query/host-rows.ts';
import type { NetworkSection } from '../../../data/sample/network-section.ts';
import type { Buffer } from '../../../screen/buffer/buffer.ts';
import type { Rect } from '../../../screen/layout/rect.ts';
import type { CellPen } from './cells.ts';
import { ListTable } from './list-table.ts';
import type {
  Identity,
  ListHit,
  ListInput,
  ListLook,
  ListSort,
  NameLookup,
  NetworkList,
} from './network-list.ts';
import { CONNECTIONS, DOWNLOAD, TRAFFIC_COLUMNS_OF_KEY, UPLOAD } from './traffic-columns.ts';

type HostColumn = 'host' | 'country' | 'upload' | 'download' | 'connections' | 'processes';

const KEYS = ['rate', 'download', 'upload', 'connections', 'name'] as const;
const NAMED_PROCESSES = 4;

/** Remote hosts over all processes: which of them use the network most. */
export class HostList implements NetworkList {
  readonly sortKeys: readonly string[] = KEYS;
  readonly rows = new HostRows();
  readonly #table = new ListTable<HostColumn, (typeof KEYS)[number]>(KEYS, {
    columns: [
      { id: 'host', title: 'HOST', align: 'left', minWidth: 15, idealWidth: 40, flex: 2, priority: 100 },
      { id: 'country', title: 'COUNTRY', align: 'left', minWidth: 8, idealWidth: 9, flex: 0, priority: 40 },
      UPLOAD,
      DOWNLOAD,
      CONNECTIONS,
      {
        id: 'processes',
        title: 'PROCESSES',
        align: 'left',
        minWidth: 10,
        idealWidth: 24,
        flex: 1,
        priority: 50,
      },
    ],
    columnsOfKey: {
      ...TRAFFIC_COLUMNS_OF_KEY,
      name: ['host'],
    },
    keyOfColumn: { host: 'name', upload: 'upload', download: 'download', connections: 'connections' },
    rising: ['name'],
  });
  readonly #owners = new Int32Array(NAMED_PROCESSES);
  #section: NetworkSection | undefined;
  #names: NameLookup | undefined;
  #maximum = 0;

  get count(): number {
    return this.rows.count;
  }

  get unfilteredCount(): number {
    return this.rows.unfilteredCount;
  }

  rebuild({ data, scope, filter, names }: ListInput): void {
    const { rows } = this;
    rows.build(data.section, data.rates, scope, filter, names);
    this.#section = data.section;
    this.#names = names;
    this.#maximum = 0;
    for (let row = 0; row < rows.count; row++) {
      if (rows.up[row]! > this.#maximum) this.#maximum = rows.up[row]!;
      if (rows.down[row]! > this.#maximum) this.#maximum = rows.down[row]!;
    }
  }

  identityAt(sort: ListSort, rank: number): Identity | undefined {
    const row = this.#table.rowAt(this.rows, sort, rank);
    if (row < 0) return undefined;
    const slot = this.rows.host[row]!;
    return { slot, serial: this.#section?.hosts.slots.serial[slot] ?? 0 };
  }

  rankOf(sort: ListSort, { slot, serial }: Identity): number {
    if (this.#section?.hosts.slots.serial[slot] !== serial) return -1;
    return this.#table.rankOf(this.rows, sort, this.rows.rowOfHost(slot));
  }

  /** The address of the host at a rank, '' where there is none: what a filter for it would name. */
  addressAt(sort: ListSort, rank: number): string {
    const row = this.#table.rowAt(this.rows, sort, rank);
    return row < 0 ? '' : this.rows.addressOf(row);
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

  readonly #paint = (row: number, column: HostColumn, pen: CellPen): void => {
    const { rows } = this;
    const { theme } = pen;
    switch (column) {
      case 'host': {
        const address = rows.addressOf(row);
        if (address === '') pen.text('earlier hosts', theme.dim);
        else pen.text(this.#names?.host(address) ?? address, theme.text);
        break;
      }
      case 'country':
        pen.text(this.#names?.country(rows.addressOf(row)) ?? '-', theme.dim);
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
      case 'processes':
        pen.text(this.#processNames(row), theme.dim);
        break;
    }
  };

  #processNames(row: number): string {
    const count = this.rows.processesInto(row, this.#owners);
    let names = '';
    for (let i = 0; i < count; i++) {
      names += `${i === 0 ? '' : ', '}${this.#section?.owners.names[this.#owners[i]!] ?? ''}`;
    }
    const more = this.rows.processCount[row]! - count;
    return more > 0 ? `${names} +${more}` : names;
  }
}
