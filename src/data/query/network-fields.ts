import { type Arrays, numbers } from '../../kit/table/columns.ts';
import { retransmittedShare, type SubjectGrowths } from '../rates/health-rates.ts';
import type { NetworkRates } from '../rates/network-rates.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { countValue, exported, falls, inJson, type RowFields, rateValue } from './row-fields.ts';

/** Common export input of the network, with name lookups. */
export interface NetworkExport {
  readonly section: NetworkSection;
  readonly rates: NetworkRates;
  /** Name of a remote address, if known yet. */
  readonly hostName?: ((address: string) => string | undefined) | undefined;
  readonly serviceName?: ((port: number, protocol: 'tcp' | 'udp') => string | undefined) | undefined;
  readonly country?: ((address: string) => string | undefined) | undefined;
}

/** A listening address and port, as in exports. */
export interface Listener {
  readonly proto: 'tcp' | 'udp';
  readonly ip: string;
  readonly port: number;
}

/** Columns of sums of traffic, each starting as `unknown`: bytes per second, bytes (NaN unknown), live connections. */
export const trafficColumns = (unknown: number) => ({
  /** Smoothed, for the screen. */
  up: numbers('f64', unknown),
  down: numbers('f64', unknown),
  /** Not smoothed, for exports. */
  rawUp: numbers('f64', unknown),
  rawDown: numbers('f64', unknown),
  upTotal: numbers('f64', unknown),
  downTotal: numbers('f64', unknown),
  connections: numbers('i32'),
});

export type AllTrafficColumns = Arrays<ReturnType<typeof trafficColumns>>;
/** The same, with smoothed rates alone. */
export type TrafficColumns = Omit<AllTrafficColumns, 'rawUp' | 'rawDown'>;

/** Export input of traffic: raw rates. */
export interface ExportedTraffic {
  readonly rows: Omit<AllTrafficColumns, 'up' | 'down'>;
}

/** Fields of every list that sums traffic. `rate` and `total` are both directions together. */
export const TRAFFIC_FIELDS = {
  rate: {
    help: 'both directions, bytes per second',
    order: falls(1, (rows, row) => rows.up[row]! + rows.down[row]!),
  },
  upload: {
    help: 'bytes sent per second',
    ...exported('upload_bytes_per_s', 'up_rate'),
    order: falls(3, (rows, row) => rows.up[row]!),
    value: ({ rows }, row) => rateValue(rows.rawUp[row]!),
  },
  download: {
    help: 'bytes received per second',
    ...exported('download_bytes_per_s', 'down_rate'),
    order: falls(2, (rows, row) => rows.down[row]!),
    value: ({ rows }, row) => rateValue(rows.rawDown[row]!),
  },
  total: {
    help: 'both directions, bytes since the start',
    order: falls(1, (rows, row) => rows.upTotal[row]! + rows.downTotal[row]!),
  },
  'upload-total': {
    help: 'bytes sent since the start',
    ...exported('upload_bytes', 'cum_up'),
    order: falls(3, (rows, row) => rows.upTotal[row]!),
    value: ({ rows }, row) => countValue(rows.upTotal[row]!),
  },
  'download-total': {
    help: 'bytes received since the start',
    ...exported('download_bytes', 'cum_down'),
    order: falls(2, (rows, row) => rows.downTotal[row]!),
    value: ({ rows }, row) => countValue(rows.downTotal[row]!),
  },
  connections: {
    help: 'current connections',
    ...exported('connections', 'conn_count'),
    order: falls(6, (rows, row) => rows.connections[row]!),
    value: ({ rows }, row) => rows.connections[row]!,
  },
} satisfies RowFields<TrafficColumns, ExportedTraffic>;

/** Whether a section has rates: bytes are counted, and there are two samples. */
export function hasRates(section: NetworkSection, rates: NetworkRates): boolean {
  return section.counted !== 'none' && !Number.isNaN(rates.intervalSeconds);
}

/** Sum of the known values; NaN only if both are unknown. */
export function knownSum(a: number, b: number): number {
  if (Number.isNaN(a)) return b;
  return Number.isNaN(b) ? a : a + b;
}

type Subject = 'owners' | 'hosts';
type Health = NetworkSection[Subject];
/** Columns of connection health in exports. */
type Figure =
  | ('rttMicros' | 'rttMinMicros' | 'rttP95Micros' | 'connectMicros' | 'retransmits' | 'dataSegments')
  | ('reorderings' | 'refused' | 'timedOut' | 'resets' | 'drops' | 'receiveQueue' | 'sendQueue');

/** Sort input of health; NaN unknown. */
export interface OrderedHealth {
  /** Microseconds. */
  rttOf(row: number): number;
  /** Share of the last ten seconds, 0 to 1. */
  retransmittedOf(row: number): number;
  /** In the last ten seconds. */
  dropsOf(row: number): number;
}

/** The same, by slot of the owners or hosts table. */
export class HealthFigures {
  readonly #table: Health;
  readonly #rates: SubjectGrowths;

  constructor(subject: Subject, section: NetworkSection, rates: NetworkRates) {
    this.#table = section[subject];
    this.#rates = rates.health[subject];
  }

  rtt(slot: number): number {
    return this.#table.rttMicros[slot]!;
  }

  retransmitted(slot: number): number {
    return retransmittedShare(this.#rates, slot, this.#table.slots.serial[slot]!);
  }

  drops(slot: number): number {
    return this.#rates.drops.of(slot, this.#table.slots.serial[slot]!);
  }
}

/** Fields of the health of owners or hosts; `slotOf` is the slot of a row in that table. NaN is unknown: null. */
export const healthFields = <Source extends NetworkExport>(
  subject: Subject,
  slotOf: (source: Source, row: number) => number,
) => {
  const figure = <Json extends string>(json: Json, column: Figure, help: string) => ({
    help,
    ...inJson(json),
    value: (source: Source, row: number): number | null =>
      countValue(source.section[subject][column][slotOf(source, row)]!),
  });
  return {
    rtt: {
      ...figure('rtt_us', 'rttMicros', 'mean TCP round-trip time of the connections used last, microseconds'),
      order: falls<OrderedHealth>(7, (rows, row) => rows.rttOf(row)),
    },
    'rtt-min': figure('rtt_min_us', 'rttMinMicros', 'shortest TCP round-trip time, microseconds'),
    'rtt-p95': figure(
      'rtt_p95_us',
      'rttP95Micros',
      '95th percentile of the TCP round-trip times of the last minute, microseconds, within an eighth',
    ),
    connect: figure(
      'connect_us',
      'connectMicros',
      'mean time that the last connects took, microseconds (tier `ebpf`)',
    ),
    retransmitted: {
      help: 'share of the TCP segments of the last ten seconds that were sent again, 0 to 1',
      ...inJson('retransmitted_ratio'),
      order: falls<OrderedHealth>(8, (rows, row) => rows.retransmittedOf(row)),
      value: (source: Source, row: number): number | null => {
        const slot = slotOf(source, row);
        const { serial } = source.section[subject].slots;
        const share = retransmittedShare(source.rates.health[subject], slot, serial[slot]!);
        return Number.isNaN(share) ? null : Math.round(share * 1e6) / 1e6;
      },
    },
    retransmits: figure('retransmits', 'retransmits', 'TCP segments sent again since the start'),
    'data-segments': figure('data_segments', 'dataSegments', 'TCP segments sent with data since the start'),
    reorderings: figure(
      'reorderings',
      'reorderings',
      'times that segments were seen to arrive out of order since the start',
    ),
    refused: figure('refused', 'refused', 'attempts to connect that were refused since the start'),
    'timed-out': figure('timed_out', 'timedOut', 'attempts to connect that got no reply since the start'),
    resets: figure(
      'resets',
      'resets',
      'open connections that the other end has reset since the start (tier `ebpf`)',
    ),
    drops: {
      ...figure(
        'drops',
        'drops',
        'connections and datagrams dropped since the start because the queue of a listening socket was full',
      ),
      order: falls<OrderedHealth>(9, (rows, row) => rows.dropsOf(row)),
    },
    'receive-queue': figure('receive_queue', 'receiveQueue', 'bytes received that the process has not read'),
    'send-queue': figure('send_queue', 'sendQueue', 'bytes sent that the other end has not acknowledged'),
  };
};
