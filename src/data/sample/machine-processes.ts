import { columnsClass } from '../../kit/table/columns.ts';
import { PROCESS_TEXT_COLUMNS, PROCESS_USAGE_COLUMNS } from '../schema/process-columns.ts';
import type { ProcessTable } from './process-table.ts';
import type { Section } from './snapshot.ts';

/**
 * Columns beside `ProcessTable`, same slots, filled for the rows asked for in this sample; NaN for all others and where
 * it is not permitted.
 */
export class ProcessUsage extends columnsClass(PROCESS_USAGE_COLUMNS) {
  /** All columns at least so long, all values unknown. */
  clear(capacity: number): void {
    this.reserve(capacity);
    this.clearRows();
  }
}

/** Texts of processes, by the slots of their table; undefined unknown. Those of another machine are cleaned. */
export class ProcessTexts extends columnsClass(PROCESS_TEXT_COLUMNS) {}

/** Every process of the machine; threads are not listed. CPU time and memory are counters and gauges of the table. */
export interface MachineProcesses extends Section {
  readonly processes: ProcessTable;
  readonly usage: ProcessUsage;
  /** Of the whole machine; NaN unknown: for a process's share of memory. */
  readonly memoryTotalBytes: number;
  /** Cores online; with them CPU nanoseconds become a share of the whole machine. */
  readonly coreCount: number;
  /** Of the whole machine, where the table may hold fewer; undefined: the rows of the table. */
  readonly processCount?: number | undefined;
  /** Of the rows asked for or of all, by the slots of the table, not sanitised; undefined: not asked for, or there is none. */
  readonly commandLines?: readonly (string | undefined)[] | undefined;
  /** False: the source tells no CPU time, and that of the table began when it was first asked. Undefined: true. */
  readonly isCpuTimeWhole?: boolean;
  /** Beside the table, of another machine: its users are not this one's. Undefined as a whole: ask this machine. */
  readonly texts?: ProcessTexts | undefined;
}
