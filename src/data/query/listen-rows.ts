import { columnsClass, keptRows, numbers } from '../../kit/table/columns.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { isListener } from '../sample/socket-table.ts';
import { ADDRESS_WORDS, TcpState } from '../schema/network-columns.ts';
import { type FilterExpression, NONE } from './filter/filter-expression.ts';
import { ListenerIndex } from './listener-index.ts';
import { knownSum, type Listener, type NetworkExport } from './network-fields.ts';
import { pidNumber, pidValue } from './process-fields.ts';
import {
  arrangeBy,
  countValue,
  exported,
  falls,
  inJson,
  type RowFields,
  rises,
  risesByText,
  type SortKeyOf,
} from './row-fields.ts';
import { RankedRows, type RowOrder, rowOfSocket, type SortBy } from './row-order.ts';
import { EndpointTexts, LowerNames } from './row-texts.ts';
import { type Scope, ScopeFilter } from './scope.ts';

export interface OwnerExport extends NetworkExport {
  readonly ownerOf: (row: number) => number;
}

/** Export input of a listening port. */
export interface ListenExport extends OwnerExport {
  readonly listenerOf: (row: number) => Listener;
  /** Accepted connections; null if unknown. */
  readonly acceptedOf: (row: number) => number | null;
  readonly socketsOf?: (row: number) => number;
  /** For TCP: connections waiting for accept(2), and the limit; NaN unknown. */
  readonly waitingOf: (row: number) => number;
  readonly backlogOf: (row: number) => number;
  /** Connections or datagrams dropped because the queue was full, since the sockets were opened; NaN unknown. */
  readonly dropsOf: (row: number) => number;
}

export const OWNER_FIELDS = {
  pid: {
    help: 'process ID, if known',
    ...exported('pid', 'pid'),
    value: ({ section, ownerOf }, row) => pidValue(section.owners, ownerOf(row)),
  },
  process: {
    help: 'process name, or a description of the row',
    ...exported('process', 'process'),
    value: ({ section, ownerOf }, row) => section.owners.names[ownerOf(row)] ?? '',
  },
  user: {
    help: 'user name',
    csv: 'user',
    value: ({ section, ownerOf }, row) => section.owners.users[ownerOf(row)] ?? null,
  },
} satisfies RowFields<never, OwnerExport>;

export const LISTEN_FIELDS = {
  protocol: {
    help: '`tcp` or `udp`',
    ...exported('proto', 'proto'),
    order: rises(4, (rows, row) => rows.protocol[row]! * 2 ** 16 + rows.port[row]!),
    value: ({ listenerOf }, row) => listenerOf(row).proto,
  },
  address: {
    help: 'local address',
    ...exported('local_ip', 'ip'),
    value: ({ listenerOf }, row) => listenerOf(row).ip,
  },
  port: {
    help: 'local port',
    ...exported('local_port', 'port'),
    order: rises(1, (rows, row) => rows.port[row]!),
    value: ({ listenerOf }, row) => listenerOf(row).port,
  },
  service: {
    help: 'service of the port',
    csv: 'service',
    value: ({ listenerOf, serviceName }, row) => {
      const { port, proto } = listenerOf(row);
      return serviceName?.(port, proto) ?? null;
    },
  },
  pid: { ...OWNER_FIELDS.pid, order: rises(3, (rows, row) => rows.pidOf(row)) },
  process: { ...OWNER_FIELDS.process, order: risesByText(2, (rows) => rows.lowerNames()) },
  user: OWNER_FIELDS.user,
  connections: {
    help: 'accepted connections; `null` for UDP in JSON',
    ...exported('connections', 'conn_count'),
    order: falls(5, (rows, row) => rows.connections[row]!),
    value: ({ acceptedOf }, row) => acceptedOf(row),
  },
  sockets: {
    help: 'sockets of the process on this port',
    csv: 'sockets',
    value: ({ socketsOf }, row) => socketsOf?.(row) ?? null,
  },
  waiting: {
    help: 'TCP connections waiting for accept(2)',
    ...inJson('accept_queue'),
    order: falls(6, (rows, row) => rows.waiting[row]!),
    value: ({ waitingOf }, row) => countValue(waitingOf(row)),
  },
  backlog: {
    help: 'limit of the accept queue',
    ...inJson('accept_queue_limit'),
    value: ({ backlogOf }, row) => countValue(backlogOf(row)),
  },
  drops: {
    help: 'connections or datagrams dropped since the socket was opened because its queue was full',
    ...inJson('drops'),
    order: falls(7, (rows, row) => rows.drops[row]!),
    value: ({ dropsOf }, row) => countValue(dropsOf(row)),
  },
  command: {
    help: 'command line',
    ...exported('command', 'cmdline'),
    value: ({ section, ownerOf }, row) => section.owners.commandLines[ownerOf(row)] ?? null,
  },
} satisfies RowFields<ListenRows, ListenExport>;

export type ListenSortKey = SortKeyOf<typeof LISTEN_FIELDS>;

const SLOT_VALUES = 2 ** 18;

const LISTEN_COLUMNS = {
  /** Identity: slot in `section.sockets` and its serial; of several sockets the one with the lowest serial. */
  socket: numbers('i32'),
  serial: numbers('u32'),
  /** IANA number, as in SocketTable. */
  protocol: numbers('u8'),
  address: numbers('u32', 0, ADDRESS_WORDS),
  port: numbers('u16'),
  /** Slot in `section.owners`. */
  owner: numbers('i32'),
  /** Live accepted connections, without opening ones and TIME_WAIT. UDP: connected sockets of its port. */
  connections: numbers('i32'),
  socketCount: numbers('i32'),
  /** As in ListenExport, summed over its sockets. */
  waiting: numbers('f64', Number.NaN),
  backlog: numbers('f64', Number.NaN),
  drops: numbers('f64', Number.NaN),
};

/**
 * Listening TCP sockets and bound, unconnected UDP ones, as columns `[0..count)` in no particular order. Sockets that
 * share endpoint and owner (SO_REUSEPORT) are one row. Holds copies: readable at any time, until the next `build`.
 */
export class ListenRows extends columnsClass(LISTEN_COLUMNS, RankedRows) {
  declare readonly sort: SortBy<ListenSortKey>;
  #section: NetworkSection | undefined;
  readonly #index = new ListenerIndex();
  readonly #texts = new EndpointTexts();
  readonly #lowerNames = new LowerNames();
  readonly #sortTexts: string[] = [];

  /** Rebuilds the rows; with `onlyOwner` only those of that owner slot. */
  build(section: NetworkSection, scope: Scope, filter?: FilterExpression, onlyOwner = NONE): void {
    const inScope = new ScopeFilter(scope, section.interfaces);
    this.#section = section;
    this.count = 0;
    this.#index.clear();
    this.#addListeners(section, inScope);
    this.#countConnections(section, inScope);
    this.unfilteredCount = this.count;
    const isWhole = onlyOwner < 0 && (filter === undefined || filter.isEmpty);
    if (!isWhole) this.#keepMatching(section, inScope, filter, onlyOwner);
  }

  /** The row of a socket; -1: gone, filtered out, or represented by another socket. */
  rowOfSocket(slot: number, serial: number): number {
    return rowOfSocket(this, slot, serial);
  }

  /** Local address, as `addressText`. */
  addressOf(row: number): string {
    return this.#texts.address(this.address, row * ADDRESS_WORDS);
  }

  /** `127.0.0.1:80`, `[::]:53`. */
  endpointOf(row: number): string {
    return this.#texts.endpoint(this.address, row * ADDRESS_WORDS, this.port[row]!);
  }

  /** Compared by the filter key `drops`. */
  dropsOf(row: number): number {
    return this.drops[row]!;
  }

  /** NaN: the owner is not a process. */
  pidOf(row: number): number {
    return this.#section === undefined ? Number.NaN : pidNumber(this.#section.owners, this.owner[row]!);
  }

  /** Names of the owners in lower case, by row. */
  lowerNames(): readonly string[] {
    const owners = this.#section?.owners;
    for (let row = 0; row < this.count; row++) {
      this.#sortTexts[row] = owners === undefined ? '' : this.#lowerNames.of(owners, this.owner[row]!);
    }
    return this.#sortTexts;
  }

  protected override arrange(order: RowOrder, { key, isReversed }: SortBy<ListenSortKey>): void {
    for (let row = 0; row < this.count; row++) {
      const place = this.port[row]! * 256 + this.protocol[row]!;
      order.ties[row] = place * SLOT_VALUES + this.socket[row]!;
    }
    arrangeBy(LISTEN_FIELDS[key].order, isReversed, this, order, this.count);
  }

  #addListeners(section: NetworkSection, inScope: ScopeFilter): void {
    const { sockets, accounts } = section;
    const { rows, count, serial } = sockets.slots;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const owner = accounts.owner[slot]!;
      if (owner < 0 || accounts.isClosed[slot] === 1 || sockets.localPort[slot] === 0) continue;
      if (!isListener(sockets, slot) || !inScope.hasListener(accounts.interfaceIndex[slot]!)) continue;
      const row = this.#index.find(sockets, slot, owner);
      if (row < 0) this.#add(section, slot, owner);
      else {
        this.socketCount[row]!++;
        this.#addQueue(sockets, slot, row);
        if (serial[slot]! < this.serial[row]!) this.#represent(row, slot, serial[slot]!);
      }
    }
  }

  #add({ sockets }: NetworkSection, slot: number, owner: number): void {
    const row = this.count++;
    this.reserveAhead(this.count);
    this.#represent(row, slot, sockets.slots.serial[slot]!);
    this.protocol[row] = sockets.protocol[slot]!;
    this.port[row] = sockets.localPort[slot]!;
    this.owner[row] = owner;
    this.connections[row] = 0;
    this.socketCount[row] = 1;
    this.waiting[row] = Number.NaN;
    this.backlog[row] = Number.NaN;
    this.drops[row] = Number.NaN;
    this.#addQueue(sockets, slot, row);
    for (let word = 0; word < ADDRESS_WORDS; word++) {
      this.address[row * ADDRESS_WORDS + word] = sockets.localAddress[slot * ADDRESS_WORDS + word]!;
    }
    this.#index.add(sockets, slot, owner, row);
  }

  #addQueue(sockets: NetworkSection['sockets'], slot: number, row: number): void {
    this.drops[row] = knownSum(this.drops[row]!, sockets.drops[slot]!);
    if (sockets.state[slot] !== TcpState.LISTEN) return;
    this.waiting[row] = knownSum(this.waiting[row]!, sockets.receiveQueue[slot]!);
    this.backlog[row] = knownSum(this.backlog[row]!, sockets.sendQueue[slot]!);
  }

  #represent(row: number, slot: number, serial: number): void {
    this.socket[row] = slot;
    this.serial[row] = serial;
  }

  #countConnections(section: NetworkSection, inScope: ScopeFilter): void {
    if (this.count === 0) return;
    const { sockets, accounts } = section;
    const { rows, count } = sockets.slots;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      if (accounts.isClosed[slot] === 1 || !isAccepted(sockets.state[slot]!)) continue;
      if (!inScope.hasListener(accounts.interfaceIndex[slot]!)) continue;
      const row = this.#index.accepting(sockets, slot, accounts.owner[slot]!);
      if (row >= 0) this.connections[row]!++;
    }
  }

  #keepMatching(
    section: NetworkSection,
    inScope: ScopeFilter,
    filter: FilterExpression | undefined,
    onlyOwner: number,
  ): void {
    filter?.begin({ section, inScope, columns: this });
    this.unfilteredCount = 0;
    const kept = keptRows(this.count);
    let keptCount = 0;
    for (let row = 0; row < this.count; row++) {
      const owner = this.owner[row]!;
      if (onlyOwner >= 0 && owner !== onlyOwner) continue;
      this.unfilteredCount++;
      if (filter === undefined || this.#passes(filter, owner, row)) kept[keptCount++] = row;
    }
    this.count = this.compact(kept, keptCount);
  }

  #passes(filter: FilterExpression, owner: number, row: number): boolean {
    const text = this.endpointOf(row);
    return filter.passes(filter.alternativesOfSocket(owner, this.socket[row]!, NONE, text), row);
  }
}

/** Whether the connection is established: TCP opened by both ends and closed by neither; UDP connected. */
function isAccepted(state: number): boolean {
  switch (state) {
    case TcpState.ESTABLISHED:
    case TcpState.FIN_WAIT1:
    case TcpState.FIN_WAIT2:
    case TcpState.CLOSE_WAIT:
    case TcpState.LAST_ACK:
    case TcpState.CLOSING:
      return true;
    default:
      return false;
  }
}
