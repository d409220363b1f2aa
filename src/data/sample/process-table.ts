import { numbers, tableClass } from '../../kit/table/columns.ts';
import { EXITED_COLUMNS } from '../schema/network-columns.ts';
import { PROCESS_COLUMNS } from '../schema/process-columns.ts';

/**
 * Every process known to the collector, one slot each, keyed by (pid, 0, 0, 0). A recycled pid gets a new slot
 * and so a new serial; the identity that outlives the table is (pid, startTicks).
 */
export class ProcessTable extends tableClass(PROCESS_COLUMNS, 1 << 20, 512) {
  /** Slot of a live process, or -1. */
  find(pid: number): number {
    return this.slots.find(pid, 0, 0, 0);
  }

  /** Whether the process with this pid is still the one that started then. */
  isAlive(pid: number, startTicks: number): boolean {
    const slot = this.find(pid);
    return slot >= 0 && this.startTicks[slot] === startTicks;
  }
  /** A copy of the processes with this parent, by pid, `most` of them. */
  childrenOf(parent: number, most = Number.POSITIVE_INFINITY): ProcessTable {
    const { slots, ppid, pid } = this;
    const found = slots.rows.subarray(0, slots.count).filter((slot) => ppid[slot] === parent);
    return this.pick(found.sort((a, b) => pid[a]! - pid[b]!).subarray(0, most));
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

const EXITS_LIMIT = 1 << 16;
const TWO_32 = 2 ** 32;

/** By pid alone: the slot of the process that started last. */
class LatestTable extends tableClass({ slot: numbers('i32') }, EXITS_LIMIT) {}

/** Processes that have ended, keyed (pid, start ticks low and high word, 0): what their rows need to be named. */
export class ExitedTable extends tableClass(EXITED_COLUMNS, EXITS_LIMIT) {
  readonly #latest = new LatestTable();

  /** Of the processes that had a pid the one that started last, -1 none. */
  latestOf(pid: number): number {
    const found = this.#latest.slots.find(pid, 0, 0, 0);
    return found < 0 ? -1 : this.#latest.slot[found]!;
  }

  /** The slot of a process, -1 unknown. */
  find(pid: number, startTicks: number): number {
    return this.slots.find(pid, startTicks >>> 0, Math.floor(startTicks / TWO_32), 0);
  }

  /** The slot of a process that is there or new, with nothing known but its key; -1: the table is full. */
  add(pid: number, startTicks: number): number {
    const known = this.find(pid, startTicks);
    if (known >= 0) return known;
    const slot = this.slots.add(pid, startTicks >>> 0, Math.floor(startTicks / TWO_32), 0);
    if (slot < 0) return -1;
    this.clearRow(slot);
    this.pid[slot] = pid;
    this.startTicks[slot] = startTicks;
    this.#noteLatest(slot);
    return slot;
  }

  clear(): void {
    this.slots.clear();
    this.#latest.slots.clear();
  }

  #noteLatest(slot: number): void {
    const pid = this.pid[slot]!;
    const known = this.#latest.slots.find(pid, 0, 0, 0);
    const at = known >= 0 ? known : this.#latest.slots.add(pid, 0, 0, 0);
    if (at < 0) return;
    const isNewer = known < 0 || this.startTicks[slot]! >= this.startTicks[this.#latest.slot[at]!]!;
    if (isNewer) this.#latest.slot[at] = slot;
  }
}

/** What the rows of a process table can be summed by. */
export const GROUPINGS = ['program', 'user', 'container', 'unit'] as const;
export type Grouping = (typeof GROUPINGS)[number];
