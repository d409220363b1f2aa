import { CpuTable } from '../../../data/schema/cpu-sample.ts';

/** Modes of node_exporter's `node_cpu_seconds_total`, as it spells them; time in guests is in user and nice. */
export const CPU_MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const;

/** Idle time that jumps back by more than this was reset: the core was away. Less is the kernel's own rounding. */
const RESET_SECONDS = 3;

/**
 * Processor time that never falls: the kernel's idle and iowait go back a little now and then (proc(5)), which a
 * server would take for a restart of the machine. A core that was away begins anew.
 */
export class CpuCounters {
  /** Ticks, as in CpuTable; row 0 is not kept. */
  readonly highest = new CpuTable();

  absorb(times: CpuTable, ticksPerSecond: number): void {
    const { highest } = this;
    for (let row = 1; row < times.count; row++) {
      highest.rowOf(row - 1);
      const fallen = highest.idle[row]! - times.idle[row]!;
      const isReset = fallen > RESET_SECONDS * ticksPerSecond;
      for (const mode of CPU_MODES) {
        const was = highest[mode][row]!;
        const now = times[mode][row]!;
        // NaN on either side: the core is new, or it is away and has no values to show.
        if (isReset || !(now <= was)) highest[mode][row] = now;
      }
    }
    highest.count = times.count;
  }
}
