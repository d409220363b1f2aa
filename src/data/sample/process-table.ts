import { tableClass } from '../../kit/table/columns.ts';
import { PROCESS_COLUMNS } from '../schema/process-columns.ts';

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
