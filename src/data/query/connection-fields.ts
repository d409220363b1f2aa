import { ADDRESS_WORDS } from '../sample/address.ts';
import { addressText } from '../sample/address-text.ts';
import { countValue, rateValue } from './cell-values.ts';
import { linkScope, scopedAddressText } from './link-scope.ts';
import type { NetworkExport } from './network-export.ts';
import { exported, falls, type RowFields, rises } from './row-fields.ts';
import type { RowOrder } from './row-order.ts';
import { protocolName, socketStateName } from './socket-names.ts';
import { TRAFFIC_FIELDS, type TrafficColumns } from './traffic-fields.ts';

/** What connections are ordered by. */
interface OrderedConnections extends TrafficColumns {
  readonly protocol: Uint8Array;
  readonly state: Uint8Array;
  ageOrder(row: number): number;
  arrangeByRemote(order: RowOrder, isUpwards: boolean): void;
}

/** The fields of the connections of a process. Exports read them by the slot of the socket. */
export const CONNECTION_FIELDS = {
  rate: TRAFFIC_FIELDS.rate,
  protocol: {
    help: '`tcp` or `udp`',
    ...exported('proto', 'proto'),
    value: ({ section }, slot) => protocolName(section.sockets, slot),
  },
  'local-address': {
    help: 'address of this machine; one of the link with its interface, `fe80::1%eth0`',
    ...exported('local_ip', 'src_ip'),
    value: ({ section }, slot) => scopedAddress(section, section.sockets.localAddress, slot),
  },
  'local-port': {
    help: 'port of this machine',
    ...exported('local_port', 'src_port'),
    value: ({ section }, slot) => section.sockets.localPort[slot]!,
  },
  local: {
    help: 'address and port of this machine',
  },
  'remote-address': {
    help: 'address of the other end; one of the link with its interface, `fe80::1%eth0`',
    ...exported('remote_ip', 'dst_ip'),
    value: ({ section }, slot) => scopedAddress(section, section.sockets.remoteAddress, slot),
  },
  'remote-port': {
    help: 'port of the other end',
    ...exported('remote_port', 'dst_port'),
    value: ({ section }, slot) => section.sockets.remotePort[slot]!,
  },
  remote: {
    help: 'name or address of the other end, and its port',
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
    help: 'seconds since it was first seen; unknown where it is older than sstop',
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
    help: 'round trip of TCP, microseconds',
    ...exported('rtt_us', 'rtt_us'),
    csvAt: 9,
    value: ({ section }, slot) => countValue(section.sockets.rttMicros[slot]!),
  },
  retransmits: {
    help: 'segments that TCP sent again',
    ...exported('retransmits', 'retransmits'),
    csvAt: 10,
    value: ({ section }, slot) => countValue(section.sockets.retransmits[slot]!),
  },
  'remote-name': {
    help: 'name of the other end',
    ...exported('remote_host', 'remote_host'),
    csvAt: 5,
    value: ({ section, hostName }, slot) => hostName?.(remoteAddress(section, slot)) ?? null,
  },
  service: {
    help: 'service of the other port, else of the own one',
    ...exported('service', 'service'),
    csvAt: 6,
    value: ({ section, serviceName }, slot) => {
      const { sockets } = section;
      const protocol = protocolName(sockets, slot);
      const { remotePort, localPort } = sockets;
      return serviceName?.(remotePort[slot]!, protocol) ?? serviceName?.(localPort[slot]!, protocol) ?? null;
    },
  },
} satisfies RowFields<OrderedConnections, NetworkExport>;

function scopedAddress(section: NetworkExport['section'], addresses: Uint32Array, slot: number): string {
  return scopedAddressText(addresses, slot * ADDRESS_WORDS, linkScope(section, slot));
}

function remoteAddress({ sockets }: NetworkExport['section'], slot: number): string {
  return addressText(sockets.remoteAddress, slot * ADDRESS_WORDS);
}

/** Nothing is known before the second sample, nor where nothing is counted. */
function rateOf({ section, rates }: NetworkExport, bytesPerSecond: number): number | null {
  const isKnown = section.counted !== 'none' && !Number.isNaN(rates.intervalSeconds);
  return isKnown ? rateValue(bytesPerSecond) : null;
}
