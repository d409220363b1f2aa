import { lengthened } from '../../kit/table/slot-table.ts';
import { BUSY_COLUMNS, CPU_TOTAL_ROW, type CpuTable, WAITING_COLUMNS } from '../sample/cpu-sample.ts';

const COLUMNS = [...BUSY_COLUMNS, ...WAITING_COLUMNS] as const;
/** A counter of 64 bits that went below zero is about so large; no machine runs so long. */
const WRAPPED_TICKS = 2 ** 62;

/** Shares of the time between two samples in which processors worked, percent of each; NaN unknown. */
export class CpuUsage {
  /** Rows as in CpuTable: 0 all cores together, `core + 1` one core. */
  percent = new Float64Array(0);
  /** Rows in use. */
  count = 0;
  /** Ticks of the last sample, a row's columns one after another. */
  #last = new Float64Array(0);

  /** All cores together, 0 to 100. */
  get total(): number {
    return this.count > CPU_TOTAL_ROW ? this.percent[CPU_TOTAL_ROW]! : Number.NaN;
  }

  /** Takes a sample. Ticks that did not advance, such as those of a core that came back, leave its share unknown. */
  update(times: CpuTable): void {
    if (times.count > this.percent.length) this.#grow(times.count);
    this.count = times.count;
    for (let row = 0; row < times.count; row++) {
      let busy = 0;
      let all = 0;
      for (let i = 0; i < COLUMNS.length; i++) {
        const now = times[COLUMNS[i]!][row]!;
        const at = row * COLUMNS.length + i;
        const growth = growthOf(now, this.#last[at]!);
        this.#last[at] = now;
        if (i < BUSY_COLUMNS.length) busy += growth;
        all += growth;
      }
      this.percent[row] = all > 0 ? (busy / all) * 100 : Number.NaN;
    }
  }

  /** The next sample is the first again. */
  reset(): void {
    this.percent.fill(Number.NaN);
    this.#last.fill(Number.NaN);
  }

  #grow(n: number): void {
    const from = this.percent.length;
    this.percent = lengthened(this.percent, new Float64Array(n)).fill(Number.NaN, from);
    const last = new Float64Array(n * COLUMNS.length);
    this.#last = lengthened(this.#last, last).fill(Number.NaN, from * COLUMNS.length);
  }
}

/**
 * Steal, idle and iowait step back now and then (proc(5); hypervisors), and some kernels let them wrap below zero: a
 * column that fell, or is unknown in either sample, has not grown, and takes nothing from the others.
 */
function growthOf(now: number, last: number): number {
  const growth = now - last;
  return growth > 0 && growth < WRAPPED_TICKS ? growth : 0;
}
