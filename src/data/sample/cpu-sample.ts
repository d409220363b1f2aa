import { columnsClass, numbers } from '../../kit/table/columns.ts';

/** Row of `CpuTable` that holds all cores together. */
export const CPU_TOTAL_ROW = 0;

/** More cores than the kernel can be built for (NR_CPUS); a higher number is a lie. */
const CORES_LIMIT = 8192;

const UNKNOWN = Number.NaN;
const FIRST_ROWS = 9;

const CPU_COLUMNS = {
  /** Time in guests is in `user` and `nice` already; `guest` says how much of them that is. */
  user: numbers('f64', UNKNOWN),
  nice: numbers('f64', UNKNOWN),
  system: numbers('f64', UNKNOWN),
  idle: numbers('f64', UNKNOWN),
  iowait: numbers('f64', UNKNOWN),
  irq: numbers('f64', UNKNOWN),
  softirq: numbers('f64', UNKNOWN),
  steal: numbers('f64', UNKNOWN),
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
/** And those in which it waited: together they are all of its time. */
export const WAITING_COLUMNS = ['idle', 'iowait'] as const;

/** Shares of time in which tasks waited for a resource (PSI), averages in percent, `totalMicros` cumulative. */
export interface Stall {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
  readonly totalMicros: number;
}

/** /proc/pressure/NAME; `full` is missing for the CPU on kernels before 5.13. */
export interface Pressure {
  readonly some: Stall | undefined;
  readonly full: Stall | undefined;
}

/** Processors and what the scheduler says of them. */
export interface CpuSample {
  readonly times: CpuTable;
  readonly ticksPerSecond: number;
  readonly onlineCount: number;
  /** Processor as the kernel names it, on small boards the board. */
  readonly modelName: string | undefined;
  /** The highest that a core may reach. */
  readonly maxFrequencyHz: number | undefined;
  readonly load1: number | undefined;
  readonly load5: number | undefined;
  readonly load15: number | undefined;
  /** Tasks (threads) that run or wait to, and all. */
  readonly runnableTasks: number | undefined;
  readonly tasks: number | undefined;
  readonly uptimeSeconds: number | undefined;
  /** Cumulative since boot. */
  readonly contextSwitches: number | undefined;
  readonly forks: number | undefined;
  readonly interrupts: number | undefined;
  readonly blockedTasks: number | undefined;
  /** undefined: the kernel does not measure it. */
  readonly cpuPressure: Pressure | undefined;
  readonly memoryPressure: Pressure | undefined;
  readonly ioPressure: Pressure | undefined;
}
