import { numbers, TEXT, tableClass } from '../../kit/table/columns.ts';

export const PROCESS_COLUMNS = {
  pid: numbers('i32'),
  ppid: numbers('i32'),
  /** /proc/PID/stat field 22: clock ticks since boot. */
  startTicks: numbers('f64'),
  /** Effective user. */
  uid: numbers('i32', -1),
  /** One ASCII letter as in /proc/PID/stat (`R`, `S`, `D`, `Z`, ...). */
  state: numbers('u8', 0x3f),
  threads: numbers('i32', -1),
  /** CPU time of all threads, from the process's CPU clock. */
  cpuNanos: numbers('f64', Number.NaN),
  rssBytes: numbers('f64', Number.NaN),
  /** The collector's generation in which the process was last seen to have used CPU. */
  lastRanGeneration: numbers('u32'),
  /** Task name (`comm`), decoded, neither sanitised nor shortened. */
  names: TEXT,
};

/**
 * Every process known to the collector, one slot each, keyed by (pid, 0, 0, 0). A recycled pid gets a new slot
 * and so a new serial; the identity that outlives the table is (pid, startTicks).
 */
export class ProcessTable extends tableClass(PROCESS_COLUMNS, { capacity: 512, limit: 1 << 20 }) {
  /** Slot of a live process, or -1. */
  find(pid: number): number {
    return this.slots.find(pid, 0, 0, 0);
  }

  /** The rows of these slots in a table of their own, in this order. */
  pick(slots: ArrayLike<number>): ProcessTable {
    const picked = new ProcessTable(Math.max(1, slots.length));
    for (let i = 0; i < slots.length; i++) {
      picked.copyRow(picked.slots.add(this.pid[slots[i]!]!, 0, 0, 0), this, slots[i]!);
    }
    return picked;
  }
}
