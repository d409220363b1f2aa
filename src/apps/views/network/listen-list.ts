import { ListenRows } from '../../../data/query/listen-rows.ts';
import { type NetworkSection, OwnerKind } from '../../../data/sample/network-section.ts';
import { PROTOCOL_TCP } from '../../../data/sample/socket-table.ts';
import { commandTail } from '../../../kit/text/command-text.ts';
import type { Buffer } from '../../../screen/buffer/buffer.ts';
import type { Rect } from '../../../screen/layout/rect.ts';
import type { CellPen } from './cells.ts';
import { ListTable } from './list-table.ts';
import type { Identity, ListHit, ListInput, ListLook, ListSort, NetworkList } from './network-list.ts';
import { CONNECTIONS } from './traffic-columns.ts';

type ListenColumn = 'protocol' | 'local' | 'service' | 'pid' | 'process' | 'connections' | 'command';

const KEYS = ['port', 'process', 'pid', 'protocol', 'connections'] as const;

/** Open ports: who listens where, TCP and UDP. */
export class ListenList implements NetworkList {
  readonly sortKeys: readonly string[] = KEYS;
  readonly rows = new ListenRows();
  readonly #table = new ListTable<ListenColumn, (typeof KEYS)[number]>(KEYS, {
    columns: [
      { id: 'protocol', title: 'PROTO', align: 'left', minWidth: 6, idealWidth: 6, flex: 0, priority: 80 },
      {
        id: 'local',
        title: 'LOCAL ADDRESS',
        align: 'left',
        minWidth: 14,
        idealWidth: 28,
        flex: 0,
        priority: 100,
      },
      { id: 'service', title: 'SERVICE', align: 'left', minWidth: 7, idealWidth: 12, flex: 0, priority: 30 },
      { id: 'pid', title: 'PID', align: 'right', minWidth: 7, idealWidth: 7, flex: 0, priority: 70 },
      { id: 'process', title: 'PROCESS', align: 'left', minWidth: 8, idealWidth: 20, flex: 0, priority: 90 },
      CONNECTIONS,
      { id: 'command', title: 'COMMAND', align: 'left', minWidth: 12, idealWidth: 30, flex: 1, priority: 20 },
    ],
    columnsOfKey: {
      ...{ port: ['local'], process: ['process'], pid: ['pid'], protocol: ['protocol'] },
      connections: ['connections'],
    },
    keyOfColumn: {
      ...{ local: 'port', process: 'process', pid: 'pid', protocol: 'protocol' },
      connections: 'connections',
    },
    rising: ['port', 'process', 'pid', 'protocol'],
  });
  #section: NetworkSection | undefined;
  #serviceName: ListInput['names']['serviceName'];

  get count(): number {
    return this.rows.count;
  }

  get unfilteredCount(): number {
    return this.rows.unfilteredCount;
  }

  rebuild({ data, scope, filter, names }: ListInput): void {
    this.rows.build(data.section, scope, filter);
    this.#section = data.section;
    this.#serviceName = names.serviceName;
  }

  identityAt(sort: ListSort, rank: number): Identity | undefined {
    const row = this.#table.rowAt(this.rows, sort, rank);
    return row < 0 ? undefined : { slot: this.rows.socket[row]!, serial: this.rows.serial[row]! };
  }

  rankOf(sort: ListSort, { slot, serial }: Identity): number {
    return this.#table.rankOf(this.rows, sort, this.rows.rowOfSocket(slot, serial));
  }

  /** The owner of the port at a rank, -1 none. */
  ownerAt(sort: ListSort, rank: number): number {
    const row = this.#table.rowAt(this.rows, sort, rank);
    return row < 0 ? -1 : this.rows.owner[row]!;
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

  readonly #paint = (row: number, column: ListenColumn, pen: CellPen): void => {
    const { rows } = this;
    const { theme } = pen;
    const owners = this.#section?.owners;
    const owner = rows.owner[row]!;
    const isTcp = rows.protocol[row] === PROTOCOL_TCP;
    switch (column) {
      case 'protocol':
        pen.text(isTcp ? 'TCP' : 'UDP', isTcp ? theme.info : theme.special);
        break;
      case 'local':
        pen.endpoint(rows.endpointOf(row), theme.text);
        break;
      case 'service':
        pen.text(this.#serviceName?.(rows.port[row]!, isTcp ? 'tcp' : 'udp') ?? '-', theme.dim);
        break;
      case 'pid':
        if (owners?.kind[owner] === OwnerKind.PROCESS) pen.count(owners.pid[owner]!);
        else pen.right(pen.ascii ? '-' : '╶', theme.dim);
        break;
      case 'process':
        pen.text(
          owners?.names[owner] ?? '-',
          owners?.kind[owner] === OwnerKind.PROCESS ? theme.text : theme.dim,
        );
        break;
      case 'connections':
        pen.count(rows.connections[row]!);
        break;
      case 'command':
        pen.text(commandTail(owners?.commandLines[owner] ?? '-', ''), theme.dim);
        break;
    }
  };
}
