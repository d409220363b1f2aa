import { lengthened, SlotTable } from '../../../src/kit/table/slot-table.ts';
import type { TaskRecord, ThreadRecord } from './task-record.ts';

const PROCESSES_LIMIT = 1 << 20;

/** Processes of several threads during one sample: threads come before or after their leader. Nothing is allocated. */
export class TaskThreads {
  readonly #sums: SlotTable;
  #cpuNanos: Float64Array;
  #readBytes: Float64Array;
  #writeBytes: Float64Array;

  constructor() {
    this.#sums = new SlotTable(256, PROCESSES_LIMIT, (capacity) => this.#grow(capacity));
    const n = this.#sums.capacity;
    this.#cpuNanos = new Float64Array(n);
    this.#readBytes = new Float64Array(n);
    this.#writeBytes = new Float64Array(n);
  }

  clear(): void {
    if (this.#sums.count > 0) this.#sums.clear();
  }

  add(thread: ThreadRecord): void {
    const slot = this.#slotOf(thread.tgid);
    if (slot < 0) return;
    this.#cpuNanos[slot]! += thread.cpuNanos;
    this.#readBytes[slot]! += thread.readBytes;
    this.#writeBytes[slot]! += thread.writeBytes;
  }

  /** Adds a process's threads to its record. */
  fold(into: TaskRecord): void {
    const slot = this.#sums.find(into.pid, 0, 0, 0);
    if (slot < 0) return;
    into.cpuNanos += this.#cpuNanos[slot]!;
    into.readBytes += this.#readBytes[slot]!;
    into.writeBytes += this.#writeBytes[slot]!;
  }

  #slotOf(tgid: number): number {
    const known = this.#sums.find(tgid, 0, 0, 0);
    if (known >= 0) return known;
    const slot = this.#sums.add(tgid, 0, 0, 0);
    if (slot < 0) return -1;
    this.#cpuNanos[slot] = 0;
    this.#readBytes[slot] = 0;
    this.#writeBytes[slot] = 0;
    return slot;
  }

  #grow(n: number): void {
    this.#cpuNanos = lengthened(this.#cpuNanos, new Float64Array(n));
    this.#readBytes = lengthened(this.#readBytes, new Float64Array(n));
    this.#writeBytes = lengthened(this.#writeBytes, new Float64Array(n));
  }
}
