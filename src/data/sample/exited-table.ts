import { numbers, tableClass } from '../../kit/table/columns.ts';
import { EXITED_COLUMNS } from '../schema/network-columns.ts';

const EXITS_LIMIT = 1 << 16;
const TWO_32 = 2 ** 32;

/** By pid alone: the slot of the process that started last. */
class LatestTable extends tableClass({ slot: numbers('i32') }, { capacity: 64, limit: EXITS_LIMIT }) {}

/** Processes that have ended, keyed (pid, start ticks low and high word, 0): what their rows need to be named. */
export class ExitedTable extends tableClass(EXITED_COLUMNS, { capacity: 64, limit: EXITS_LIMIT }) {
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
