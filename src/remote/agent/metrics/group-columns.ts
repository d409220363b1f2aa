import { columnsClass, numbers } from '../../../kit/table/columns.ts';
import { GROUP_STATES, OTHER_GROUP } from './group-labels.ts';

/** Columns by group. */
export class GroupColumns extends columnsClass({
  /** Counters. Only ever grow, but for a group that loses its label: its go to `other`. */
  cpuNanos: numbers('f64'),
  rxBytes: numbers('f64'),
  txBytes: numbers('f64'),
  /** Gauges of the last sample. */
  processes: numbers('f64'),
  threads: numbers('f64'),
  residentBytes: numbers('f64'),
  states: numbers('f64', 0, GROUP_STATES.length),
  /** Clock ticks since boot; NaN: no process. */
  oldestStartTicks: numbers('f64', Number.NaN),
}) {
  clearGauges(): void {
    this.processes.fill(0);
    this.threads.fill(0);
    this.residentBytes.fill(0);
    this.states.fill(0);
    this.oldestStartTicks.fill(Number.NaN);
  }

  /** Counters of a group go to `other`. */
  fold(group: number): void {
    for (const column of [this.cpuNanos, this.rxBytes, this.txBytes]) {
      column[OTHER_GROUP]! += column[group]!;
      column[group] = 0;
    }
  }
}
