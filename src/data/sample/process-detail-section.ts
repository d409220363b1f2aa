import { PROCESS_COLUMNS } from '../schema/process-columns.ts';
import { PROCESS_FACTS, THREADS } from '../schema/process-detail.ts';
import { record, rows, type ValueOf } from '../schema/record.ts';
import type { Section } from '../schema/section-facts.ts';
import { ProcessTable } from './process-table.ts';

const CHILDREN_LIMIT = 16_384;

/** A process, its threads and its children. */
export const PROCESS_DETAIL = record({
  process: PROCESS_FACTS,
  threads: THREADS,
  /** By pid, in a table of their own. */
  children: rows({
    columns: PROCESS_COLUMNS,
    key: 'pid',
    most: CHILDREN_LIMIT,
    isKept: false,
    internal: {
      ppid: 'is the pid of the process that they are children of',
      lastRanGeneration: PROCESS_COLUMNS.lastRanGeneration.internal,
    },
    create: (rows) => new ProcessTable(rows),
  }),
});
export type ProcessDetailSection = Section & ValueOf<typeof PROCESS_DETAIL>;
