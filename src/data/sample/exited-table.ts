import { lengthened, SlotTable } from '../../kit/table/slot-table.ts';

const EXITS_LIMIT = 1 << 16;
const TWO_32 = 2 ** 32;

/** Processes that have ended, keyed (pid, start ticks low and high word, 0): what their rows need to be named. */
export class ExitedTable {
  readonly slots: SlotTable;
  pid: Int32Array;
  /** 0 unknown. */
  ppid: Int32Array;
  startTicks: Float64Array;
  /** -1 unknown. */
  uid: Int32Array;
  /** CPU time of all threads; NaN unknown. */
  cpuNanos: Float64Array;
  /** Task names, neither sanitised nor shortened. */
  readonly names: string[] = [];
  /** By pid alone: the one that started last. */
  readonly #latest: SlotTable;
  #latestSlot: Int32Array;

  constructor() {
    this.slots = new SlotTable(64, EXITS_LIMIT, (capacity) => this.#grow(capacity));
    const n = this.slots.capacity;
    this.pid = new Int32Array(n);
    this.ppid = new Int32Array(n);
    this.startTicks = new Float64Array(n);
    this.uid = new Int32Array(n);
    this.cpuNanos = new Float64Array(n);
    this.#latest = new SlotTable(64, EXITS_LIMIT, (capacity) => {
      this.#latestSlot = lengthened(this.#latestSlot, new Int32Array(capacity));
    });
    this.#latestSlot = new Int32Array(this.#latest.capacity);
  }

  /** Of the processes that had a pid the one that started last, -1 none. */
  latestOf(pid: number): number {
    const found = this.#latest.find(pid, 0, 0, 0);
    return found < 0 ? -1 : this.#latestSlot[found]!;
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
    this.pid[slot] = pid;
    this.ppid[slot] = 0;
    this.startTicks[slot] = startTicks;
    this.uid[slot] = -1;
    this.cpuNanos[slot] = Number.NaN;
    this.names[slot] = '';
    this.#noteLatest(slot);
    return slot;
  }

  clear(): void {
    this.slots.clear();
    this.#latest.clear();
  }

  #noteLatest(slot: number): void {
    const pid = this.pid[slot]!;
    const known = this.#latest.find(pid, 0, 0, 0);
    const at = known >= 0 ? known : this.#latest.add(pid, 0, 0, 0);
    if (at < 0) return;
    const isNewer = known < 0 || this.startTicks[slot]! >= this.startTicks[this.#latestSlot[at]!]!;
    if (isNewer) this.#latestSlot[at] = slot;
  }

  #grow(n: number): void {
    this.pid = lengthened(this.pid, new Int32Array(n));
    this.ppid = lengthened(this.ppid, new Int32Array(n));
    this.startTicks = lengthened(this.startTicks, new Float64Array(n));
    this.uid = lengthened(this.uid, new Int32Array(n));
    this.cpuNanos = lengthened(this.cpuNanos, new Float64Array(n));
  }
}
