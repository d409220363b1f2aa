import { CONNECTION_FIELDS, ConnectionRows } from '../../data/query/connection-rows.ts';
import { nameBasisText } from '../../data/query/row-texts.ts';
import { PROTOCOL_TCP } from '../../data/sample/socket-table.ts';
import { NameBasis, TcpState } from '../../data/schema/network-columns.ts';
import type { Style } from '../../screen/style/style.ts';
import type { Theme } from '../../screen/style/theme.ts';
import { identity, type ListColumns, ListTable, left, RowList, right } from './list-table.ts';
import type { Identity, ListInput, NameLookup } from './network-list.ts';

/** A colour for each kind of state: open, opening, listening, on its way out. */
function stateStyle(state: number, theme: Theme): Style {
  switch (state) {
    case TcpState.ESTABLISHED:
      return theme.good;
    case TcpState.LISTEN:
      return theme.info;
    case TcpState.SYN_SENT:
    case TcpState.SYN_RECV:
      return theme.accent;
    case TcpState.TIME_WAIT:
    case TcpState.CLOSE:
      return theme.dim;
    default:
      return theme.warning;
  }
}

const COLUMNS: ListColumns<ConnectionList, typeof CONNECTION_FIELDS> = {
  protocol: left('PROTO', 40, [5, 5], ({ rows }, row, pen) =>
    pen.protocol(rows.protocol[row] === PROTOCOL_TCP),
  ),
  local: left('LOCAL', 35, [14, 24], ({ rows }, row, pen) =>
    pen.host(rows.localEndpoint(row), pen.theme.text),
  ),
  remote: identity('REMOTE', 100, [18, 47, 1], (list, row, pen) =>
    pen.host(list.remote(row), pen.theme.text),
  ),
  'name-basis': left('BY', 45, [4, 4], (list, row, pen) => pen.text(list.nameBasis(row), pen.theme.dim)),
  state: left('STATE', 60, [10, 10], ({ rows }, row, pen) => {
    // UDP has no states: the kernel reuses those of TCP.
    if (rows.protocol[row] !== PROTOCOL_TCP) pen.text('-', pen.theme.dim);
    else pen.text(rows.stateName(row), stateStyle(rows.state[row]!, pen.theme));
  }),
  service: left('SVC', 20, [5, 11], (list, row, pen) => pen.text(list.service(row), pen.theme.dim)),
  age: right('AGE', 30, [6, 6], ({ rows }, row, pen) => pen.age(rows.ageMicros[row]!)),
  rtt: right('RTT', 25, [5, 6], ({ rows }, row, pen) => pen.roundTrip(rows.rttMicros[row]!)),
  retransmits: right('RETR', 10, [4, 5], ({ rows }, row, pen) => pen.count(rows.retransmits[row]!)),
  retransmitted: right('RETR%', 8, [5, 6], ({ rows }, row, pen) => pen.share(rows.share[row]!)),
  'receive-queue': right('RECVQ', 6, [6, 6], ({ rows }, row, pen) =>
    pen.compact(rows.receiveQueue[row]!, pen.theme.text),
  ),
  'send-queue': right('SENDQ', 5, [6, 6], ({ rows }, row, pen) =>
    pen.compact(rows.sendQueue[row]!, pen.theme.text),
  ),
  upload: {
    ...right('UP/s', 89, [6, 8]),
    bitsTitle: 'UP b/s',
    marks: ['upload', 'rate'],
    paint: ({ rows }, row, pen) => pen.rate(rows.up[row]!, Number.NaN, 'up'),
  },
  download: {
    ...right('DOWN/s', 90, [6, 9]),
    bitsTitle: 'DOWN b/s',
    marks: ['download', 'rate'],
    paint: ({ rows }, row, pen) => pen.rate(rows.down[row]!, Number.NaN, 'down'),
  },
};

/** The connections of one process. */
export class ConnectionList extends RowList<ConnectionRows, typeof CONNECTION_FIELDS> {
  readonly rows = new ConnectionRows();
  protected readonly table = new ListTable(CONNECTION_FIELDS, COLUMNS);
  #names: NameLookup | undefined;

  rebuild({ data, scope, filter, names, owner }: ListInput): void {
    this.rows.build(data.section, data.rates, scope, owner, filter);
    this.#names = names;
  }

  protected identityOf(row: number): Identity {
    return { slot: this.rows.socket[row]!, serial: this.rows.serial[row]! };
  }

  protected rowOf({ slot, serial }: Identity): number {
    return this.rows.rowOfSocket(slot, serial);
  }

  /** Name or address of the remote end, and its port. */
  remote(row: number): string {
    const name = this.#shownName(row) ?? this.#names?.host(this.rows.remoteAddress(row));
    return name === undefined ? this.rows.remoteEndpoint(row) : `${name}:${this.rows.remotePort[row]}`;
  }

  /** Source of that name; '': an address is shown. */
  nameBasis(row: number): string {
    const { rows } = this;
    const seen = this.#shownName(row) === undefined ? NameBasis.NONE : rows.nameBasis[row]!;
    return nameBasisText(seen, this.#names?.host(rows.remoteAddress(row))) ?? '';
  }

  #shownName(row: number): string | undefined {
    return this.#names?.areShown?.() === false ? undefined : this.rows.remoteName[row];
  }

  /** Service of the remote port; for incoming connections, of the local port. */
  service(row: number): string {
    const protocol = this.rows.protocol[row] === PROTOCOL_TCP ? 'tcp' : 'udp';
    const lookUp = this.#names?.serviceName;
    return (
      lookUp?.(this.rows.remotePort[row]!, protocol) ?? lookUp?.(this.rows.localPort[row]!, protocol) ?? '-'
    );
  }
}
