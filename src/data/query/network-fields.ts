import { numbers } from '../../kit/table/columns.ts';
import type { NetworkRates } from '../rates/network-rates.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import { countValue, exported, falls, type RowFields, rateValue } from './row-fields.ts';

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

/** Sums of traffic: rates in bytes per second, bytes (NaN unknown), and live connections. */
export interface TrafficColumns {
  readonly up: Float64Array;
  readonly down: Float64Array;
  readonly upTotal: Float64Array;
  readonly downTotal: Float64Array;
  readonly connections: Int32Array;
}

/** Columns of a list of TrafficColumns, each starting as `unknown`. Rates are bytes per second. */
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

/** The same, with raw rates. */
export interface AllTrafficColumns extends TrafficColumns {
  readonly rawUp: Float64Array;
  readonly rawDown: Float64Array;
}

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
