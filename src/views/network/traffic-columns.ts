import type { CellPen } from './cells.ts';
import { right } from './list-column.ts';

/** What cells of traffic are painted from. */
interface TrafficList {
  readonly rows: {
    readonly up: Float64Array;
    readonly down: Float64Array;
    readonly connections: Int32Array;
  };
  /** What a full bar means. */
  readonly maximum: number;
}

/** The columns of traffic in every list that adds it up; the rate that most people look for stays longest. */
export const TRAFFIC_COLUMNS = {
  upload: {
    ...right('UPLOAD/s', 89, 9, 16),
    marks: ['upload', 'rate'],
    paint: ({ rows, maximum }: TrafficList, row: number, pen: CellPen) =>
      pen.rate(rows.up[row]!, maximum, 'up'),
  },
  download: {
    ...right('DOWNLOAD/s', 90, 11, 16),
    marks: ['download', 'rate'],
    paint: ({ rows, maximum }: TrafficList, row: number, pen: CellPen) =>
      pen.rate(rows.down[row]!, maximum, 'down'),
  },
  connections: {
    ...right('CONNS', 60, 6, 6),
    paint: ({ rows }: Pick<TrafficList, 'rows'>, row: number, pen: CellPen) =>
      pen.count(rows.connections[row]!),
  },
} as const;

/** The largest rate of the rows. */
export function maximumOf({ up, down }: TrafficList['rows'], count: number): number {
  let maximum = 0;
  for (let row = 0; row < count; row++) maximum = Math.max(maximum, up[row]! || 0, down[row]! || 0);
  return maximum;
}
