import { numbers, tableClass } from '../../../src/kit/table/columns.ts';
import type { TaskRecord, ThreadRecord } from './task-record.ts';

const PROCESSES_LIMIT = 1 << 20;
const SUM_COLUMNS = { cpuNanos: numbers('f64'), readBytes: numbers('f64'), writeBytes: numbers('f64') };

/** Processes of several threads during one sample: threads come before or after their leader. Nothing is allocated. */
export class TaskThreads extends tableClass(SUM_COLUMNS, { capacity: 256, limit: PROCESSES_LIMIT }) {
  clear(): void {
    if (this.slots.count > 0) this.slots.clear();
  }

  add(thread: ThreadRecord): void {
    const slot = this.#slotOf(thread.tgid);
    if (slot < 0) return;
    this.cpuNanos[slot]! += thread.cpuNanos;
    this.readBytes[slot]! += thread.readBytes;
    this.writeBytes[slot]! += thread.writeBytes;
  }

  /** Adds a process's threads to its record. */
  fold(into: TaskRecord): void {
    const slot = this.slots.find(into.pid, 0, 0, 0);
    if (slot < 0) return;
    into.cpuNanos += this.cpuNanos[slot]!;
    into.readBytes += this.readBytes[slot]!;
    into.writeBytes += this.writeBytes[slot]!;
  }

  #slotOf(tgid: number): number {
    const known = this.slots.find(tgid, 0, 0, 0);
    if (known >= 0) return known;
    const slot = this.slots.add(tgid, 0, 0, 0);
    if (slot < 0) return -1;
    this.cpuNanos[slot] = 0;
    this.readBytes[slot] = 0;
    this.writeBytes[slot] = 0;
    return slot;
  }
}
