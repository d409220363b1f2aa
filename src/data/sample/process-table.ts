import { lengthened, SlotTable } from '../../kit/table/slot-table.ts';

const PROCESSES_LIMIT = 1 << 20;

/**
 * Every process known to the collector, one slot each, keyed by (pid, 0, 0, 0). A recycled pid gets a new slot
 * and so a new serial; the identity that outlives the table is (pid, startTicks).
 */
export class ProcessTable {
  readonly slots: SlotTable;
  pid: Int32Array;
  ppid: Int32Array;
  /** /proc/PID/stat field 22: clock ticks since boot. */
  startTicks: Float64Array;
  /** Effective user; -1 unknown. */
  uid: Int32Array;
  /** One ASCII letter as in /proc/PID/stat (`R`, `S`, `D`, `Z`, ...); 0 unknown. */
  state: Uint8Array;
  /** -1 unknown. */
  threads: Int32Array;
  /** CPU time of all threads, from the process's CPU clock. */
  cpuNanos: Float64Array;
  rssBytes: Float64Array;
  /** The collector's generation in which the process was last seen to have used CPU. */
  lastRanGeneration: Uint32Array;
  /** Task name (`comm`), decoded, neither sanitised nor shortened. */
  readonly names: string[] = [];

  constructor(initialCapacity = 512) {
    this.slots = new SlotTable(initialCapacity, PROCESSES_LIMIT, (capacity) => this.#grow(capacity));
    const n = this.slots.capacity;
    this.pid = new Int32Array(n);
    this.ppid = new Int32Array(n);
    this.startTicks = new Float64Array(n);
    this.uid = new Int32Array(n);
    this.state = new Uint8Array(n);
    this.threads = new Int32Array(n);
    this.cpuNanos = new Float64Array(n);
    this.rssBytes = new Float64Array(n);
    this.lastRanGeneration = new Uint32Array(n);
  }

  /** Slot of a live process, or -1. */
  find(pid: number): number {
    return this.slots.find(pid, 0, 0, 0);
  }

  #grow(n: number): void {
    this.pid = lengthened(this.pid, new Int32Array(n));
    this.ppid = lengthened(this.ppid, new Int32Array(n));
    this.startTicks = lengthened(this.startTicks, new Float64Array(n));
    this.uid = lengthened(this.uid, new Int32Array(n));
    this.state = lengthened(this.state, new Uint8Array(n));
    this.threads = lengthened(this.threads, new Int32Array(n));
    this.cpuNanos = lengthened(this.cpuNanos, new Float64Array(n));
    this.rssBytes = lengthened(this.rssBytes, new Float64Array(n));
    this.lastRanGeneration = lengthened(this.lastRanGeneration, new Uint32Array(n));
  }
}
