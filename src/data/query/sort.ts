import { numbers } from '../../kit/table/columns.ts';

/** What rows can be ordered by. `rate` is both directions together; `total` the bytes since start. */
export const SORT_KEYS = [
  'rate',
  'download',
  'upload',
  'pid',
  'name',
  'connections',
  'total',
  'download-total',
  'upload-total',
] as const;

export type SortKey = (typeof SORT_KEYS)[number];

/** An order by one of a list's own keys. */
export interface SortBy<Key extends string> {
  readonly key: Key;
  /** Against the key's natural direction. */
  readonly isReversed: boolean;
}

/** Order of the process table. */
export type Sort = SortBy<SortKey>;

/** Names, addresses and numbers by which people look something up rise; everything else falls, the largest first. */
const ASCENDING_KEYS: ReadonlySet<string> = new Set([
  'pid',
  'name',
  'port',
  'process',
  'protocol',
  'state',
  'local',
  'remote',
  'user',
]);

/** pid, name and the like rise, everything else falls: the largest stands first. */
function isNaturallyAscending(key: string): boolean {
  return ASCENDING_KEYS.has(key);
}

/** The direction in force. */
export function isAscending(sort: SortBy<string>): boolean {
  return isNaturallyAscending(sort.key) !== sort.isReversed;
}

/** What rows add up of traffic: rates and bytes, and live connections. */
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

type TrafficSortKey = Exclude<SortKey, 'pid' | 'name'>;

/** What a row is ordered by. */
export function trafficSortValue(rows: TrafficColumns, row: number, key: TrafficSortKey): number {
  switch (key) {
    case 'rate':
      return rows.up[row]! + rows.down[row]!;
    case 'upload':
      return rows.up[row]!;
    case 'download':
      return rows.down[row]!;
    case 'connections':
      return rows.connections[row]!;
    case 'total':
      return rows.upTotal[row]! + rows.downTotal[row]!;
    case 'upload-total':
      return rows.upTotal[row]!;
    case 'download-total':
      return rows.downTotal[row]!;
  }
}
