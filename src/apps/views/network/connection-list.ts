import { ConnectionRows } from '../../../data/query/connection-rows.ts';
import { PROTOCOL_TCP, TcpState } from '../../../data/sample/socket-table.ts';
import type { Buffer } from '../../../screen/buffer/buffer.ts';
import type { Rect } from '../../../screen/layout/rect.ts';
import type { Style } from '../../../screen/style/style.ts';
import type { Theme } from '../../../screen/style/theme.ts';
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

type ConnectionColumn =
  | 'protocol'
  | 'local'
  | 'remote'
  | 'state'
  | 'service'
  | 'age'
  | 'rtt'
  | 'retransmits'
  | 'upload'
  | 'download';

const KEYS = ['rate', 'download', 'upload', 'state', 'age', 'remote'] as const;

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

/** The connections of one process. */
export class ConnectionList implements NetworkList {
  readonly sortKeys: readonly string[] = KEYS;
  readonly rows = new ConnectionRows();
  readonly #table = new ListTable<ConnectionColumn, (typeof KEYS)[number]>(KEYS, {
    columns: [
      { id: 'protocol', title: 'PROTO', align: 'left', minWidth: 5, idealWidth: 5, flex: 0, priority: 40 },
      { id: 'local', title: 'LOCAL', align: 'left', minWidth: 14, idealWidth: 24, flex: 1, priority: 35 },
      { id: 'remote', title: 'REMOTE', align: 'left', minWidth: 18, idealWidth: 30, flex: 1, priority: 100 },
      { id: 'state', title: 'STATE', align: 'left', minWidth: 10, idealWidth: 10, flex: 0, priority: 60 },
      { id: 'service', title: 'SVC', align: 'left', minWidth: 5, idealWidth: 11, flex: 0, priority: 20 },
      { id: 'age', title: 'AGE', align: 'right', minWidth: 6, idealWidth: 6, flex: 0, priority: 30 },
      { id: 'rtt', title: 'RTT', align: 'right', minWidth: 5, idealWidth: 6, flex: 0, priority: 25 },
      { id: 'retransmits', title: 'RETR', align: 'right', minWidth: 4, idealWidth: 5, flex: 0, priority: 10 },
      { id: 'upload', title: 'UP/s', align: 'right', minWidth: 6, idealWidth: 8, flex: 0, priority: 89 },
      { id: 'download', title: 'DOWN/s', align: 'right', minWidth: 6, idealWidth: 9, flex: 0, priority: 90 },
    ],
    columnsOfKey: {
      ...{ rate: ['upload', 'download'], download: ['download'], upload: ['upload'] },
      ...{ state: ['state'], age: ['age'], remote: ['remote'] },
    },
    keyOfColumn: {
      ...{ remote: 'remote', state: 'state', age: 'age' },
      ...{ upload: 'upload', download: 'download' },
    },
    rising: ['remote', 'state'],
  });
  #names: NameLookup | undefined;

  get count(): number {
    return this.rows.count;
  }

  get unfilteredCount(): number {
    return this.rows.unfilteredCount;
  }

  rebuild({ data, scope, filter, names, owner }: ListInput): void {
    this.rows.build(data.section, data.rates, scope, owner, filter);
    this.#names = names;
  }

  identityAt(sort: ListSort, rank: number): Identity | undefined {
    const row = this.#table.rowAt(this.rows, sort, rank);
    return row < 0 ? undefined : { slot: this.rows.socket[row]!, serial: this.rows.serial[row]! };
  }

  rankOf(sort: ListSort, { slot, serial }: Identity): number {
    return this.#table.rankOf(this.rows, sort, this.rows.rowOfSocket(slot, serial));
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

  readonly #paint = (row: number, column: ConnectionColumn, pen: CellPen): void => {
    const { rows } = this;
    const { theme } = pen;
    const isTcp = rows.protocol[row] === PROTOCOL_TCP;
    switch (column) {
      case 'protocol':
        pen.text(isTcp ? 'TCP' : 'UDP', isTcp ? theme.info : theme.special);
        break;
      case 'local':
        pen.endpoint(rows.localEndpoint(row), theme.dim);
        break;
      case 'remote':
        pen.endpoint(this.#remote(row), theme.text);
        break;
      case 'state':
        pen.text(rows.stateName(row), stateStyle(rows.state[row]!, theme));
        break;
      case 'service':
        pen.text(this.#service(row, isTcp ? 'tcp' : 'udp'), theme.dim);
        break;
      case 'age':
        pen.age(rows.ageMicros[row]!);
        break;
      case 'rtt':
        pen.roundTrip(rows.rttMicros[row]!);
        break;
      case 'retransmits':
        pen.count(rows.retransmits[row]!);
        break;
      case 'upload':
        pen.rate(rows.up[row]!, Number.NaN, 'up');
        break;
      case 'download':
        pen.rate(rows.down[row]!, Number.NaN, 'down');
        break;
    }
  };

  #remote(row: number): string {
    const name = this.#names?.host(this.rows.remoteAddress(row));
    return name === undefined ? this.rows.remoteEndpoint(row) : `${name}:${this.rows.remotePort[row]}`;
  }

  /** The service of the remote port, or of the local one for connections that came in. */
  #service(row: number, protocol: 'tcp' | 'udp'): string {
    const lookUp = this.#names?.serviceName;
    return (
      lookUp?.(this.rows.remotePort[row]!, protocol) ?? lookUp?.(this.rows.localPort[row]!, protocol) ?? '-'
    );
  }
}
