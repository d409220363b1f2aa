import { parseDurationMillis } from '../../kit/text/units.ts';
import type { Vocabulary } from './config-file.ts';

const SORTS = ['rate', 'download', 'upload', 'pid', 'name', 'connections'] as const;
const COLUMNS = [
  'pid',
  'user',
  'process',
  'graph',
  'upload',
  'download',
  'connections',
  'listeners',
] as const;
const SOCKTOP_COLUMNS = [
  ...['pid', 'user', 'name', 'state', 'threads', 'time', 'read', 'written', 'network', 'memory'],
  ...['memory-percent', 'cpu'],
];
const ACTIONS = ['down', 'page-down', 'pause', 'slower', 'suspend', 'quit', 'seek'] as const;

/** A program's words, as the tests of this folder have them. `seek` is never asked for beside `pause`. */
export const VOCABULARY: Vocabulary<
  (typeof SORTS)[number],
  (typeof COLUMNS)[number],
  (typeof ACTIONS)[number]
> = {
  sorts: SORTS,
  columns: COLUMNS,
  socktopColumns: SOCKTOP_COLUMNS,
  actions: ACTIONS,
  parseInterval: (text) => {
    const millis = parseDurationMillis(text);
    return millis !== undefined && millis >= 100 && millis <= 10_000 ? millis : undefined;
  },
  intervalHint: '100ms to 10s, such as 500ms or 1s',
  areTogether: (one, other) =>
    !(one === 'seek' && other === 'pause') && !(one === 'pause' && other === 'seek'),
  defaults: { intervalMillis: 1000, sort: 'rate' },
};
