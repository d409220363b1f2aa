import { LISTEN_FIELDS, ListenRows } from '../../data/query/listen-rows.ts';
import type { OwnerTable } from '../../data/sample/network-section.ts';
import { PROTOCOL_TCP } from '../../data/sample/socket-table.ts';
import { OwnerKind } from '../../data/schema/network-columns.ts';
import { commandTail } from '../../kit/text/command-text.ts';
import {
  identity,
  type ListColumns,
  ListTable,
  left,
  RowList,
  right,
  TRAFFIC_COLUMNS,
} from './list-table.ts';
import type { Identity, ListInput, ListSort } from './network-list.ts';
import { nameOf } from './network-process-list.ts';

const COLUMNS: ListColumns<ListenList, typeof LISTEN_FIELDS> = {
  protocol: left('PROTO', 80, [6, 6], ({ rows }, row, pen) =>
    pen.protocol(rows.protocol[row] === PROTOCOL_TCP),
  ),
  local: {
    ...identity('LOCAL ADDRESS', 100, [14, 47]),
    field: 'port',
    paint: ({ rows }, row, pen) => pen.host(rows.endpointOf(row), pen.theme.text),
  },
  service: left('SERVICE', 30, [7, 12], ({ rows, serviceName }, row, pen) => {
    const protocol = rows.protocol[row] === PROTOCOL_TCP ? 'tcp' : 'udp';
    pen.text(serviceName?.(rows.port[row]!, protocol) ?? '-', pen.theme.dim);
  }),
  pid: right('PID', 70, [7, 7], ({ rows, owners }, row, pen) => pen.pid(owners, rows.owner[row]!)),
  process: identity('PROCESS', 90, [8, 20], ({ rows, owners }, row, pen) => {
    const owner = rows.owner[row]!;
    const isProcess = owners?.kind[owner] === OwnerKind.PROCESS;
    const name = owners === undefined || owner < 0 ? '-' : nameOf(owners, owner);
    pen.text(name, isProcess ? pen.theme.text : pen.theme.dim);
  }),
  connections: TRAFFIC_COLUMNS.connections,
  waiting: {
    ...right('QUEUE', 25, [6, 9]),
    help: 'connections waiting for accept(2), and the limit',
    paint: ({ rows }, row, pen) => {
      const [waiting, backlog] = [rows.waiting[row]!, rows.backlog[row]!];
      if (Number.isNaN(waiting)) pen.right('-', pen.theme.dim);
      else pen.right(`${waiting}/${backlog}`, waiting > backlog ? pen.theme.bad : pen.theme.dim);
    },
  },
  drops: right('DROPS', 26, [5, 6], ({ rows }, row, pen) => pen.count(rows.drops[row]!)),
  command: left('COMMAND', 20, [12, 30, 1], ({ rows, owners }, row, pen) =>
    pen.text(commandTail(owners?.commandLines[rows.owner[row]!] ?? '-', ''), pen.theme.dim),
  ),
};

/** Listening TCP and UDP ports with their owners. */
export class ListenList extends RowList<ListenRows, typeof LISTEN_FIELDS> {
  readonly rows = new ListenRows();
  protected readonly table = new ListTable(LISTEN_FIELDS, COLUMNS);
  owners: OwnerTable | undefined;
  serviceName: ListInput['names']['serviceName'];

  rebuild({ data, scope, filter, names }: ListInput): void {
    this.rows.build(data.section, scope, filter);
    this.owners = data.section.owners;
    this.serviceName = names.serviceName;
  }

  protected identityOf(row: number): Identity {
    return { slot: this.rows.socket[row]!, serial: this.rows.serial[row]! };
  }

  protected rowOf({ slot, serial }: Identity): number {
    return this.rows.rowOfSocket(slot, serial);
  }

  /** Owner of the port at a rank; -1: none. */
  ownerAt(sort: ListSort, rank: number): number {
    const row = this.rowAt(sort, rank);
    return row < 0 ? -1 : this.rows.owner[row]!;
  }
}
