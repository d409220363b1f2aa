import { GROUP_STATES, OTHER_GROUP } from './group-labels.ts';

/** Columns by group. */
export class GroupColumns {
  /** Counters. Only ever grow, but for a group that loses its label: its go to `other`. */
  readonly cpuNanos: Float64Array;
  readonly rxBytes: Float64Array;
  readonly txBytes: Float64Array;
  /** Gauges of the last sample. */
  readonly processes: Float64Array;
  readonly threads: Float64Array;
  readonly residentBytes: Float64Array;
  /** GROUP_STATES.length per group. */
  readonly states: Float64Array;
  /** Clock ticks since boot; NaN: no process. */
  readonly oldestStartTicks: Float64Array;

  constructor(capacity: number) {
    this.cpuNanos = new Float64Array(capacity);
    this.rxBytes = new Float64Array(capacity);
    this.txBytes = new Float64Array(capacity);
    this.processes = new Float64Array(capacity);
    this.threads = new Float64Array(capacity);
    this.residentBytes = new Float64Array(capacity);
    this.states = new Float64Array(capacity * GROUP_STATES.length);
    this.oldestStartTicks = new Float64Array(capacity).fill(Number.NaN);
  }

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
