import { lengthened } from '../../kit/table/slot-table.ts';

/** Row of `CpuTable` that holds all cores together. */
export const CPU_TOTAL_ROW = 0;

/** More cores than the kernel can be built for (NR_CPUS); a higher number is a lie. */
const CORES_LIMIT = 8192;

/**
 * CPU time in clock ticks since boot, as /proc/stat counts it: row 0 all cores together, row `core + 1` one core. NaN
 * where a core is offline. A core that was away may come back with counters that start again.
 */
export class CpuTable {
  /** Rows in use: highest core number + 2. */
  count = 1;
  /** Time in guests is in `user` and `nice` already; `guest` says how much of them that is. */
  user = new Float64Array(9).fill(Number.NaN);
  nice = new Float64Array(9).fill(Number.NaN);
  system = new Float64Array(9).fill(Number.NaN);
  idle = new Float64Array(9).fill(Number.NaN);
  iowait = new Float64Array(9).fill(Number.NaN);
  irq = new Float64Array(9).fill(Number.NaN);
  softirq = new Float64Array(9).fill(Number.NaN);
  steal = new Float64Array(9).fill(Number.NaN);
  guest = new Float64Array(9).fill(Number.NaN);
  /** NaN unknown; row 0 is not used. */
  frequencyHz = new Float64Array(9).fill(Number.NaN);
  /** 1: the core takes part. Row 0 is not used. */
  isOnline = new Uint8Array(9);

  /** Row of a core, with all columns long enough for it; -1 for a number that no kernel gives out. */
  reserve(core: number): number {
    if (!(core >= 0 && core < CORES_LIMIT)) return -1;
    const row = core + 1;
    if (row >= this.user.length) this.#grow(Math.max(row + 1, this.user.length * 2));
    if (row >= this.count) this.count = row + 1;
    return row;
  }

  #grow(n: number): void {
    const longer = (column: Float64Array<ArrayBuffer>) =>
      lengthened(column, new Float64Array(n).fill(Number.NaN));
    this.user = longer(this.user);
    this.nice = longer(this.nice);
    this.system = longer(this.system);
    this.idle = longer(this.idle);
    this.iowait = longer(this.iowait);
    this.irq = longer(this.irq);
    this.softirq = longer(this.softirq);
    this.steal = longer(this.steal);
    this.guest = longer(this.guest);
    this.frequencyHz = longer(this.frequencyHz);
    this.isOnline = lengthened(this.isOnline, new Uint8Array(n));
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
