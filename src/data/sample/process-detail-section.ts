import { PROCESS_COLUMNS } from '../schema/process-columns.ts';
import { CHILD_FACTS, PROCESS_FACTS, THREADS } from '../schema/process-detail.ts';
import { list, record, rows, seldom, type ValueOf } from '../schema/record.ts';
import type { Section } from '../schema/section-facts.ts';
import { ProcessTable } from './process-table.ts';

const CHILDREN_LIMIT = 16_384;
/** Each costs three reads: a screen shows fewer. */
export const CHILD_FACTS_LIMIT = 256;

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
  /** More of the first of the children, by pid. */
  childFacts: seldom(list(CHILD_FACTS, CHILD_FACTS_LIMIT)),
});
export type ProcessDetailSection = Section & ValueOf<typeof PROCESS_DETAIL>;
