import { columnsClass, numbers } from '../../kit/table/columns.ts';
import {
  amount,
  columns,
  count,
  counter,
  divisor,
  gauge,
  optional,
  record,
  text,
  type ValueOf,
} from './record.ts';

/** Row of `CpuTable` that holds all cores together. */
export const CPU_TOTAL_ROW = 0;

/** More cores than the kernel can be built for (NR_CPUS); a higher number is a lie. */
const CORES_LIMIT = 8192;

const UNKNOWN = Number.NaN;
const FIRST_ROWS = 9;

/** All of a core's time, in clock ticks. */
export const TICK_COLUMNS = {
  user: numbers('f64', UNKNOWN),
  nice: numbers('f64', UNKNOWN),
  system: numbers('f64', UNKNOWN),
  idle: numbers('f64', UNKNOWN),
  iowait: numbers('f64', UNKNOWN),
  irq: numbers('f64', UNKNOWN),
  softirq: numbers('f64', UNKNOWN),
  steal: numbers('f64', UNKNOWN),
};

const CPU_COLUMNS = {
  ...TICK_COLUMNS,
  /** Time in guests is in `user` and `nice` already; this says how much of them that is. */
  guest: numbers('f64', UNKNOWN),
  /** NaN unknown; row 0 is not used. */
  frequencyHz: numbers('f64', UNKNOWN),
  /** 1: the core takes part. Row 0 is not used. */
  isOnline: numbers('u8'),
};

/**
 * CPU time in clock ticks since boot, as /proc/stat counts it: row 0 all cores together, row `core + 1` one core. NaN
 * where a core is offline. A core that was away may come back with counters that start again.
 */
export class CpuTable extends columnsClass(CPU_COLUMNS) {
  /** Rows in use: highest core number + 2. */
  count = 1;

  constructor() {
    super(FIRST_ROWS);
  }

  /** Row of a core, with all columns long enough for it; -1 for a number that no kernel gives out. */
  rowOf(core: number): number {
    if (!(core >= 0 && core < CORES_LIMIT)) return -1;
    const row = core + 1;
    if (row >= this.capacity) this.reserve(Math.max(row + 1, this.capacity * 2));
    if (row >= this.count) this.count = row + 1;
    return row;
  }
}

/** Columns of CpuTable in which a core did anything but wait, stolen time included; guests are in user and nice. */
export const BUSY_COLUMNS = ['user', 'nice', 'system', 'irq', 'softirq', 'steal'] as const;
/** These, and those in which it waited: together they are all of its time. */
export const TIME_COLUMNS = [...BUSY_COLUMNS, 'idle', 'iowait'] as const;

/** Shares of time in which tasks waited for a resource (PSI): averages, and what there was since boot. */
const STALL = record({
  avg10: amount('percent', UNKNOWN),
  avg60: amount('percent', UNKNOWN),
  avg300: amount('percent', UNKNOWN),
  totalMicros: count('microseconds', UNKNOWN),
});
export type Stall = ValueOf<typeof STALL>;

/** /proc/pressure/NAME; `full` is missing for the CPU on kernels before 5.13. */
export const PRESSURE = record({ some: optional(STALL), full: optional(STALL) });
export type Pressure = ValueOf<typeof PRESSURE>;

/** Processors and what the scheduler says of them. */
export const CPU = record({
  times: columns({ columns: CPU_COLUMNS, most: CORES_LIMIT + 1, create: () => new CpuTable() }),
  ticksPerSecond: divisor('ticks a second', 100),
  onlineCount: count('', UNKNOWN, { json: 'cores_online' }),
  /** Processor as the kernel names it, on small boards the board. */
  modelName: optional(text(), { json: 'model' }),
  /** The highest that a core may reach. */
  maxFrequencyHz: amount('hertz', undefined, { json: 'max_frequency_hz' }),
  load1: amount('', undefined, { metric: gauge('node_load1', '1m load average.') }),
  load5: amount('', undefined, { metric: gauge('node_load5', '5m load average.') }),
  load15: amount('', undefined, { metric: gauge('node_load15', '15m load average.') }),
  /** All tasks (threads). */
  tasks: count(),
  uptimeSeconds: amount('seconds'),
  contextSwitches: count('', undefined, {
    metric: counter('node_context_switches_total', 'Total number of context switches.'),
  }),
  forks: count('', undefined, { metric: counter('node_forks_total', 'Total number of forks.') }),
  interrupts: count('', undefined, {
    metric: counter('node_intr_total', 'Total number of interrupts serviced.'),
  }),
  /** Tasks that run or wait to. */
  runnableTasks: count('', undefined, {
    metric: gauge('node_procs_running', 'Number of processes in runnable state.'),
  }),
  blockedTasks: count('', undefined, {
    metric: gauge('node_procs_blocked', 'Number of processes blocked waiting for I/O to complete.'),
  }),
  /** undefined: the kernel does not measure it. */
  cpuPressure: optional(PRESSURE),
  memoryPressure: optional(PRESSURE),
  ioPressure: optional(PRESSURE),
});
export type CpuSample = ValueOf<typeof CPU>;
