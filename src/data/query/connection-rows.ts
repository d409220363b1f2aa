import { columnsClass, numbers, OPTIONAL_TEXT } from '../../kit/table/columns.ts';
import { shareOf } from '../rates/health-rates.ts';
import type { NetworkRates } from '../rates/network-rates.ts';
import { addressText, isIpv4 } from '../sample/address.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { isConnection } from '../sample/socket-table.ts';
import { ADDRESS_WORDS } from '../schema/network-columns.ts';
import type { FilterExpression } from './filter/filter-expression.ts';
import { hasRates, type NetworkExport, TRAFFIC_FIELDS } from './network-fields.ts';
import {
  arrangeBy,
  countValue,
  exported,
  falls,
  inJson,
  type RowFields,
  rateValue,
  rises,
  type SortKeyOf,
} from './row-fields.ts';
import { RankedRows, type RowOrder, rowOfSocket, type SortBy } from './row-order.ts';
import {
  EndpointTexts,
  isLinkLocal,
  linkScope,
  nameBasisText,
  protocolName,
  scopedAddressText,
  socketStateName,
  stateName,
} from './row-texts.ts';
import { type Scope, ScopeFilter } from './scope.ts';

/** Fields of the connections of a process. Exports read them by socket slot. */
export const CONNECTION_FIELDS = {
  rate: TRAFFIC_FIELDS.rate,
  protocol: {
    help: '`tcp` or `udp`',
    ...exported('proto', 'proto'),
    value: ({ section }, slot) => protocolName(section.sockets, slot),
  },
  'local-address': {
    help: 'local address; link-local with its interface, `fe80::1%eth0`',
    ...exported('local_ip', 'src_ip'),
    value: ({ section }, slot) => scopedAddress(section, section.sockets.localAddress, slot),
  },
  'local-port': {
    help: 'local port',
    ...exported('local_port', 'src_port'),
    value: ({ section }, slot) => section.sockets.localPort[slot]!,
  },
  local: {
    help: 'local address and port',
  },
  'remote-address': {
    help: 'remote address; link-local with its interface, `fe80::1%eth0`',
    ...exported('remote_ip', 'dst_ip'),
    value: ({ section }, slot) => scopedAddress(section, section.sockets.remoteAddress, slot),
  },
  'remote-port': {
    help: 'remote port',
    ...exported('remote_port', 'dst_port'),
    value: ({ section }, slot) => section.sockets.remotePort[slot]!,
  },
  remote: {
    help: 'remote host name or address, and port',
    order: { round: 6, isRising: true, arrange: (rows, order, isUp) => rows.arrangeByRemote(order, isUp) },
  },
  state: {
    help: 'state as in ss(8)',
    ...exported('state', 'state'),
    order: rises(4, (rows, row) => rows.protocol[row]! * 256 + rows.state[row]!),
    value: ({ section }, slot) => socketStateName(section.sockets, slot),
  },
  upload: {
    ...TRAFFIC_FIELDS.upload,
    value: (source, slot) => rateOf(source, source.rates.sockets.rawTx[slot]!),
  },
  download: {
    ...TRAFFIC_FIELDS.download,
    value: (source, slot) => rateOf(source, source.rates.sockets.rawRx[slot]!),
  },
  'upload-total': {
    ...exported('upload_bytes', 'cum_up'),
    help: TRAFFIC_FIELDS['upload-total'].help,
    value: ({ section }, slot) => countValue(section.accounts.txBytes[slot]!),
  },
  'download-total': {
    ...exported('download_bytes', 'cum_down'),
    help: TRAFFIC_FIELDS['download-total'].help,
    value: ({ section }, slot) => countValue(section.accounts.rxBytes[slot]!),
  },
  age: {
    help: 'seconds since it was first seen; unknown if it is older than sstop',
    ...exported('age_s', 'age_s'),
    csvAt: 8,
    order: falls(5, (rows, row) => rows.ageOrder(row)),
    value: ({ section }, slot) => {
      const { bornBeforeStart, firstSeenMicros } = section.sockets;
      if (bornBeforeStart[slot] === 1) return null;
      return rateValue(Math.max(0, section.monotonicMicros - firstSeenMicros[slot]!) / 1e6);
    },
  },
  rtt: {
    help: 'TCP round-trip time, microseconds',
    ...exported('rtt_us', 'rtt_us'),
    csvAt: 9,
    order: falls(7, (rows, row) => rows.rttMicros[row]!),
    value: ({ section }, slot) => countValue(section.sockets.rttMicros[slot]!),
  },
  retransmits: {
    help: 'retransmitted TCP segments',
    ...exported('retransmits', 'retransmits'),
    csvAt: 10,
    value: ({ section }, slot) => countValue(section.sockets.retransmits[slot]!),
  },
  'rtt-min': {
    help: 'shortest TCP round-trip time of the last five minutes, microseconds',
    ...inJson('rtt_min_us'),
    value: ({ section }, slot) => countValue(section.sockets.rttMinMicros[slot]!),
  },
  retransmitted: {
    help: 'share of the TCP segments since it opened that were sent again, 0 to 1',
    ...inJson('retransmitted_ratio'),
    order: falls(8, (rows, row) => rows.share[row]!),
    value: ({ section: { sockets } }, slot) => {
      const share = shareOf(sockets.retransmits[slot]!, sockets.dataSegments[slot]!);
      return Number.isNaN(share) ? null : Math.round(share * 1e6) / 1e6;
    },
  },
  'data-segments': {
    help: 'TCP segments sent with data',
    ...inJson('data_segments'),
    value: ({ section }, slot) => countValue(section.sockets.dataSegments[slot]!),
  },
  reorderings: {
    help: 'times that segments were seen to arrive out of order',
    ...inJson('reorderings'),
    value: ({ section }, slot) => countValue(section.sockets.reorderings[slot]!),
  },
  'receive-queue': {
    help: 'bytes received that the process has not read',
    ...inJson('receive_queue'),
    order: falls(9, (rows, row) => rows.receiveQueue[row]!),
    value: ({ section }, slot) => countValue(section.sockets.receiveQueue[slot]!),
  },
  'send-queue': {
    help: 'bytes sent that the other end has not acknowledged',
    ...inJson('send_queue'),
    order: falls(10, (rows, row) => rows.sendQueue[row]!),
    value: ({ section }, slot) => countValue(section.sockets.sendQueue[slot]!),
  },
  'remote-name': {
    help: 'remote host name',
    ...exported('remote_host', 'remote_host'),
    csvAt: 5,
    value: ({ section, hostName }, slot) =>
      section.sockets.remoteName[slot] ?? hostName?.(remoteAddress(section, slot)) ?? null,
  },
  'name-basis': {
    help: 'where that name is from: `sni`, `http` or `dns` ([names.md](names.md)), `ptr` for a reverse lookup',
    ...exported('name_basis', 'name_basis'),
    csvAt: 18,
    value: ({ section, hostName }, slot) =>
      nameBasisText(section.sockets.nameBasis[slot]!, hostName?.(remoteAddress(section, slot))) ?? null,
  },
  'offered-protocols': {
    help: 'protocols offered in the ClientHello (ALPN)',
    ...exported('alpn', 'alpn'),
    csvAt: 19,
    value: ({ section }, slot) => section.sockets.offeredProtocols[slot]?.split(',') ?? null,
  },
  service: {
    help: 'service of the remote port, else of the local port',
    ...exported('service', 'service'),
    csvAt: 6,
    value: ({ section, serviceName }, slot) => {
      const { sockets } = section;
      const protocol = protocolName(sockets, slot);
      const { remotePort, localPort } = sockets;
      return serviceName?.(remotePort[slot]!, protocol) ?? serviceName?.(localPort[slot]!, protocol) ?? null;
    },
  },
} satisfies RowFields<ConnectionRows, NetworkExport>;

function scopedAddress(section: NetworkExport['section'], addresses: Uint32Array, slot: number): string {
  return scopedAddressText(addresses, slot * ADDRESS_WORDS, linkScope(section, slot));
}

function remoteAddress({ sockets }: NetworkExport['section'], slot: number): string {
  return addressText(sockets.remoteAddress, slot * ADDRESS_WORDS);
}

/** Unknown before the second sample, and where bytes are not counted. */
function rateOf({ section, rates }: NetworkExport, bytesPerSecond: number): number | null {
  return hasRates(section, rates) ? rateValue(bytesPerSecond) : null;
}

export type ConnectionSortKey = SortKeyOf<typeof CONNECTION_FIELDS>;

const SLOT_VALUES = 2 ** 18;
const IPV6_BEHIND = 2 ** 32;

const CONNECTION_COLUMNS = {
  /** Identity: slot in `section.sockets` and its serial. */
  socket: numbers('i32'),
  serial: numbers('u32'),
  /** IANA number and TcpState, as in SocketTable. */
  protocol: numbers('u8'),
  state: numbers('u8'),
  local: numbers('u32', 0, ADDRESS_WORDS),
  remote: numbers('u32', 0, ADDRESS_WORDS),
  localPort: numbers('u16'),
  remotePort: numbers('u16'),
  /** Smoothed, bytes per second; NaN unknown. */
  up: numbers('f64'),
  down: numbers('f64'),
  /** Bytes since start; NaN not counted. */
  upTotal: numbers('f64'),
  downTotal: numbers('f64'),
  /** Since it was first seen; NaN: it is older than the program, and the kernel does not tell when it was opened. */
  ageMicros: numbers('f64'),
  /** NaN unknown. */
  rttMicros: numbers('f64'),
  retransmits: numbers('f64'),
  /** Share of the data segments that were retransmitted, 0 to 1. */
  share: numbers('f64'),
  receiveQueue: numbers('f64'),
  sendQueue: numbers('f64'),
  /** Name that the process used, and its NameBasis. */
  remoteName: OPTIONAL_TEXT,
  nameBasis: numbers('u8'),
  /** Compared by the filter key `conns`: each row is one connection. */
  connections: numbers('i32'),
};

/**
 * Live connections of one owner in scope (sockets that are no listeners), as columns `[0..count)` in no particular
 * order. Holds copies: readable while a collection writes to the sockets, until the next `build`.
 */
export class ConnectionRows extends columnsClass(CONNECTION_COLUMNS, RankedRows) {
  declare readonly sort: SortBy<ConnectionSortKey>;
  readonly #texts = new EndpointTexts();
  /** Per row: the interface of its link-local addresses. */
  readonly #linkScopes: string[] = [];

  build(
    section: NetworkSection,
    rates: NetworkRates,
    scope: Scope,
    owner: number,
    filter?: FilterExpression,
  ): void {
    const inScope = new ScopeFilter(scope, section.interfaces);
    const { sockets, accounts } = section;
    const { rows, count } = sockets.slots;
    filter?.begin({ section, inScope, columns: this });
    this.count = 0;
    this.unfilteredCount = 0;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      if (accounts.owner[slot] !== owner || accounts.isClosed[slot] === 1) continue;
      if (!isConnection(sockets, slot) || !inScope.has(accounts.interfaceIndex[slot]!)) continue;
      this.unfilteredCount++;
      const row = this.count;
      this.reserveAhead(row + 1);
      this.#copy(section, rates, slot, row);
      this.#linkScopes[row] = linkScope(section, slot);
      if (filter === undefined) this.count++;
      else {
        const host = accounts.host[slot]!;
        const text = this.localEndpoint(row);
        if (filter.passes(filter.alternativesOfSocket(owner, slot, host, text), row)) this.count++;
      }
    }
  }

  /** The row of a socket, -1 none. */
  rowOfSocket(slot: number, serial: number): number {
    return rowOfSocket(this, slot, serial);
  }

  /** As `socketStateName`. */
  stateName(row: number): string {
    return stateName(this.protocol[row]!, this.state[row]!);
  }

  /** `10.0.0.5:51234`, `[2001:db8::1]:443`, `[fe80::1%eth0]:443`. */
  localEndpoint(row: number): string {
    return this.#endpoint(this.local, this.localPort[row]!, row);
  }

  remoteEndpoint(row: number): string {
    return this.#endpoint(this.remote, this.remotePort[row]!, row);
  }

  #endpoint(addresses: Uint32Array, port: number, row: number): string {
    const at = row * ADDRESS_WORDS;
    const scope = this.#linkScopes[row] ?? '';
    if (scope === '' || !isLinkLocal(addresses, at)) return this.#texts.endpoint(addresses, at, port);
    return `[${scopedAddressText(addresses, at, scope)}]:${port}`;
  }

  /** As `addressText`. */
  localAddress(row: number): string {
    return this.#texts.address(this.local, row * ADDRESS_WORDS);
  }

  /** As `addressText`; key of name lookups. */
  remoteAddress(row: number): string {
    return this.#texts.address(this.remote, row * ADDRESS_WORDS);
  }

  /** Compared by the filter keys `rtt` and `retrans`. */
  rttOf(row: number): number {
    return this.rttMicros[row]!;
  }

  retransmittedOf(row: number): number {
    return this.share[row]!;
  }

  /** Connections older than the program come last. */
  ageOrder(row: number): number {
    return Number.isNaN(this.ageMicros[row]!) ? Number.MAX_VALUE : this.ageMicros[row]!;
  }

  protected override arrange(order: RowOrder, { key, isReversed }: SortBy<ConnectionSortKey>): void {
    for (let row = 0; row < this.count; row++) {
      order.ties[row] = this.localPort[row]! * SLOT_VALUES + this.socket[row]!;
    }
    arrangeBy(CONNECTION_FIELDS[key].order, isReversed, this, order, this.count);
  }

  /** By address, IPv4 before IPv6, then by port. The first bits are the key; the words decide the rest. */
  arrangeByRemote(order: RowOrder, isUpwards: boolean): void {
    const words = this.remote;
    const ports = this.remotePort;
    const sign = isUpwards ? 1 : -1;
    for (let row = 0; row < this.count; row++) order.keys[row] = headOf(words, row * ADDRESS_WORDS) * sign;
    order.compare = (a, b) => {
      for (let word = 0; word < ADDRESS_WORDS; word++) {
        const difference = words[a * ADDRESS_WORDS + word]! - words[b * ADDRESS_WORDS + word]!;
        if (difference !== 0) return difference * sign;
      }
      return (ports[a]! - ports[b]!) * sign;
    };
  }

  #copy(section: NetworkSection, rates: NetworkRates, slot: number, row: number): void {
    const { sockets, accounts } = section;
    const isKnown = hasRates(section, rates);
    this.socket[row] = slot;
    this.serial[row] = sockets.slots.serial[slot]!;
    this.protocol[row] = sockets.protocol[slot]!;
    this.state[row] = sockets.state[slot]!;
    this.localPort[row] = sockets.localPort[slot]!;
    this.remotePort[row] = sockets.remotePort[slot]!;
    this.up[row] = isKnown ? rates.sockets.smoothTx[slot]! : Number.NaN;
    this.down[row] = isKnown ? rates.sockets.smoothRx[slot]! : Number.NaN;
    this.upTotal[row] = accounts.txBytes[slot]!;
    this.downTotal[row] = accounts.rxBytes[slot]!;
    const age = section.monotonicMicros - sockets.firstSeenMicros[slot]!;
    this.ageMicros[row] = sockets.bornBeforeStart[slot] === 1 ? Number.NaN : Math.max(0, age);
    this.rttMicros[row] = sockets.rttMicros[slot]!;
    this.retransmits[row] = sockets.retransmits[slot]!;
    this.share[row] = shareOf(sockets.retransmits[slot]!, sockets.dataSegments[slot]!);
    this.receiveQueue[row] = sockets.receiveQueue[slot]!;
    this.sendQueue[row] = sockets.sendQueue[slot]!;
    this.remoteName[row] = sockets.remoteName[slot];
    this.nameBasis[row] = sockets.nameBasis[slot]!;
    this.connections[row] = 1;
    for (let word = 0; word < ADDRESS_WORDS; word++) {
      this.local[row * ADDRESS_WORDS + word] = sockets.localAddress[slot * ADDRESS_WORDS + word]!;
      this.remote[row * ADDRESS_WORDS + word] = sockets.remoteAddress[slot * ADDRESS_WORDS + word]!;
    }
  }
}

/** A number that rises with the address, with 53 bits of precision. */
function headOf(words: Uint32Array, at: number): number {
  if (isIpv4(words, at)) return words[at + 3]!;
  return IPV6_BEHIND + words[at]! * 2 ** 20 + (words[at + 1]! >>> 12);
}
