import { columnsClass, numbers } from '../../kit/table/columns.ts';
import { allTicks, busyTicks, CPU_TOTAL_ROW, type CpuTable } from '../sample/cpu-sample.ts';

/** Rows as in CpuTable: 0 all cores together, `core + 1` one core. */
const USAGE_COLUMNS = {
  percent: numbers('f64', Number.NaN),
  /** Ticks as of the last sample. */
  lastBusy: numbers('f64', Number.NaN),
  lastAll: numbers('f64', Number.NaN),
};

/** Shares of the time between two samples in which processors worked, percent of each; NaN unknown. */
export class CpuUsage extends columnsClass(USAGE_COLUMNS) {
  /** Rows in use. */
  count = 0;

  /** All cores together, 0 to 100. */
  get total(): number {
    return this.count > CPU_TOTAL_ROW ? this.percent[CPU_TOTAL_ROW]! : Number.NaN;
  }

  /** Takes a sample. Ticks that did not advance, such as those of a core that came back, leave its share unknown. */
  update(times: CpuTable): void {
    this.reserve(times.count);
    this.count = times.count;
    for (let row = 0; row < times.count; row++) {
      const busy = busyTicks(times, row);
      const all = allTicks(times, row);
      this.percent[row] = shareOf(busy - this.lastBusy[row]!, all - this.lastAll[row]!);
      this.lastBusy[row] = busy;
      this.lastAll[row] = all;
    }
  }

  /** The next sample is the first again. */
  reset(): void {
    this.clearRows();
  }
}

/** The kernel's idle time may step back a little (proc(5), iowait): a share stays within 0 and 100. */
function shareOf(busy: number, all: number): number {
  if (!(all > 0)) return Number.NaN;
  return Math.min(100, Math.max(0, (busy / all) * 100));
}
