import { LISTEN_FIELDS, ListenRows } from '../../data/query/listen-rows.ts';
import { OwnerKind, type OwnerTable } from '../../data/sample/network-section.ts';
import { PROTOCOL_TCP } from '../../data/sample/socket-table.ts';
import { commandTail } from '../../kit/text/command-text.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import { type ListColumns, left, right } from './list-column.ts';
import { ListTable } from './list-table.ts';
import type { Identity, ListHit, ListInput, ListLook, ListSort, NetworkList } from './network-list.ts';
import { TRAFFIC_COLUMNS } from './traffic-columns.ts';

const COLUMNS: ListColumns<ListenList, typeof LISTEN_FIELDS> = {
  protocol: {
    ...left('PROTO', 80, 6, 6),
    paint: ({ rows }, row, pen) => pen.protocol(rows.protocol[row] === PROTOCOL_TCP),
  },
  local: {
    ...left('LOCAL ADDRESS', 100, 14, 28),
    field: 'port',
    paint: ({ rows }, row, pen) => pen.endpoint(rows.endpointOf(row), pen.theme.text),
  },
  service: {
    ...left('SERVICE', 30, 7, 12),
    paint: ({ rows, serviceName }, row, pen) => {
      const protocol = rows.protocol[row] === PROTOCOL_TCP ? 'tcp' : 'udp';
      pen.text(serviceName?.(rows.port[row]!, protocol) ?? '-', pen.theme.dim);
    },
  },
  pid: {
    ...right('PID', 70, 7, 7),
    paint: ({ rows, owners }, row, pen) => pen.pid(owners, rows.owner[row]!),
  },
  process: {
    ...left('PROCESS', 90, 8, 20),
    paint: ({ rows, owners }, row, pen) => {
      const owner = rows.owner[row]!;
      const isProcess = owners?.kind[owner] === OwnerKind.PROCESS;
      pen.text(owners?.names[owner] ?? '-', isProcess ? pen.theme.text : pen.theme.dim);
    },
  },
  connections: TRAFFIC_COLUMNS.connections,
  command: {
    ...left('COMMAND', 20, 12, 30, 1),
    paint: ({ rows, owners }, row, pen) =>
      pen.text(commandTail(owners?.commandLines[rows.owner[row]!] ?? '-', ''), pen.theme.dim),
  },
};

/** Open ports: who listens where, TCP and UDP. */
export class ListenList implements NetworkList {
  readonly rows = new ListenRows();
  readonly #table = new ListTable(LISTEN_FIELDS, COLUMNS);
  readonly sortKeys = this.#table.keys;
  owners: OwnerTable | undefined;
  serviceName: ListInput['names']['serviceName'];

  get count(): number {
    return this.rows.count;
  }

  get unfilteredCount(): number {
    return this.rows.unfilteredCount;
  }

  rebuild({ data, scope, filter, names }: ListInput): void {
    this.rows.build(data.section, scope, filter);
    this.owners = data.section.owners;
    this.serviceName = names.serviceName;
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
    this.#table.render(area, buffer, look, this.rows, this);
  }

  hit(area: Rect, look: ListLook, x: number, y: number): ListHit | undefined {
    return this.#table.hit(area, look, this.count, x, y);
  }
}
