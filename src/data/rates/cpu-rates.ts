import { columnsClass, numbers } from '../../kit/table/columns.ts';
import {
  BUSY_COLUMNS,
  CPU_TOTAL_ROW,
  type CpuTable,
  TICK_COLUMNS,
  TIME_COLUMNS,
} from '../schema/cpu-sample.ts';
import { SampleHistory, type Trend, Trends } from './histories.ts';

/** A counter of 64 bits that went below zero is about so large; no machine runs so long. */
const WRAPPED_TICKS = 2 ** 62;
/** Three seconds of usual ticks: what steps back by more begins anew, as of a core that was away. */
const BACK_TICKS = 300;

/** Rows as in CpuTable: 0 all cores together, `core + 1` one core. */
const USAGE_COLUMNS = {
  percent: numbers('f64', Number.NaN),
  /** As of the last sample. */
  ...TICK_COLUMNS,
};

/** Shares of the time between two samples in which processors worked, percent of each; NaN unknown. */
export class CpuUsage extends columnsClass(USAGE_COLUMNS) {
  /** Rows in use. */
  count = 0;
  /** Shares of the time of all cores together, percent; NaN unknown. */
  iowaitPercent = Number.NaN;
  stealPercent = Number.NaN;

  /** All cores together, 0 to 100. */
  get total(): number {
    return this.count > CPU_TOTAL_ROW ? this.percent[CPU_TOTAL_ROW]! : Number.NaN;
  }

  /**
   * Takes a sample. Ticks that did not advance, such as those of a core that came back, leave its share unknown, and so
   * does idle time that steps back, which is most of the time: the next sample is compared with the one before it then.
   */
  update(times: CpuTable): void {
    this.reserve(times.count);
    this.count = times.count;
    // NaN where either sample does not know.
    const waited = times.iowait[CPU_TOTAL_ROW]! - this.iowait[CPU_TOTAL_ROW]!;
    const stolen = times.steal[CPU_TOTAL_ROW]! - this.steal[CPU_TOTAL_ROW]!;
    for (let row = 0; row < times.count; row++) {
      const idleGrowth = times.idle[row]! - this.idle[row]!;
      const isBack = idleGrowth < 0 && idleGrowth >= -BACK_TICKS;
      const isIdleUnknown = !(times.idle[row]! < WRAPPED_TICKS) && times.user[row]! >= 0;
      if (isBack || isIdleUnknown) {
        this.#setShares(row, 0, 0, 0, Number.NaN);
        continue;
      }
      const isAnew = idleGrowth < 0;
      let busy = 0;
      let all = 0;
      for (let i = 0; i < TIME_COLUMNS.length; i++) {
        const name = TIME_COLUMNS[i]!;
        const now = times[name][row]!;
        const growth = growthOf(now, this[name][row]!);
        // Where a column stepped back a little it comes back to where it was, and that is no growth either.
        const isBackALittle = now < this[name][row]! && this[name][row]! - now <= BACK_TICKS;
        if (!isBackALittle || isAnew) this[name][row] = now;
        if (i < BUSY_COLUMNS.length) busy += growth;
        all += growth;
      }
      this.#setShares(row, busy, waited, stolen, idleGrowth >= 0 ? all : Number.NaN);
    }
  }

  /** Of `all` ticks; NaN: no share is known. */
  #setShares(row: number, busy: number, waited: number, stolen: number, all: number): void {
    this.percent[row] = shareOf(busy, all);
    if (row !== CPU_TOTAL_ROW) return;
    this.iowaitPercent = shareOf(waited, all);
    this.stealPercent = shareOf(stolen, all);
  }

  /** The next sample is the first again. */
  reset(): void {
    this.clearRows();
  }
}

/**
 * Steal and iowait step back now and then (proc(5); hypervisors), and some kernels let them wrap below zero: a column
 * that fell, or is unknown in either sample, has not grown, and takes nothing from the others.
 */
function growthOf(now: number, last: number): number {
  const growth = now - last;
  return growth > 0 && growth < WRAPPED_TICKS ? growth : 0;
}

function shareOf(grown: number, all: number): number {
  return all > 0 ? (Math.max(0, grown) / all) * 100 : Number.NaN;
}

/** Use of the processors with its past: all together and each core, percent. */
export class CpuRates {
  readonly usage = new CpuUsage();
  readonly total = new SampleHistory();
  /** By core number. */
  readonly cores: SampleHistory[] = [];
  readonly #trends = new Trends();

  /** Takes a sample; the first leaves everything unknown, and unknown is pushed too: a gap is to be seen. */
  update(times: CpuTable): void {
    const { usage } = this;
    usage.update(times);
    this.total.push(usage.percent[CPU_TOTAL_ROW]!);
    this.#trends.reserve(usage.count);
    for (let core = 0; core < usage.count - 1; core++) {
      const percent = usage.percent[core + 1]!;
      this.cores[core] ??= new SampleHistory();
      this.cores[core]!.push(percent);
      if (Number.isNaN(percent)) this.#trends.reset(core);
      else this.#trends.push(core, percent);
    }
  }

  /** Share of a core's time, percent; NaN unknown. */
  coreOf(core: number): number {
    return this.usage.percent[core + 1] ?? Number.NaN;
  }

  trendOf(core: number): Trend {
    return this.#trends.of(core);
  }

  /** The next sample is the first again; the past stays. */
  rebase(): void {
    this.usage.reset();
  }
}
