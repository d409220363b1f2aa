import type { MachineProcesses, ProcessUsage } from '../../../data/sample/machine-processes.ts';
import type { ProcessTable } from '../../../data/sample/process-table.ts';
import { numbers, OPTIONAL_TEXT, tableClass } from '../../../kit/table/columns.ts';
import {
  addKnown,
  GROUP_STATES,
  type GroupColumns,
  type GroupLabels,
  groupName,
  kernelThreadName,
  OTHER_GROUP,
} from './group-series.ts';

const PROCESSES_LIMIT = 1 << 20;
const TWO_32 = 2 ** 32;
/** kthreadd, the parent of all kernel threads. */
const KTHREADD_PID = 2;
/** A process that some samples missed (a listing is no snapshot) is still the one it was. */
const MISSED_SAMPLES = 3;

/** Column of a state letter of /proc/PID/stat in GROUP_STATES, as process-exporter sorts them. */
const STATE_COLUMN = new Uint8Array(256).fill(4);
for (const [column, letters] of ['R', 'S', 'D', 'Z'].entries()) {
  for (const letter of letters) STATE_COLUMN[letter.charCodeAt(0)] = column;
}

/** Key: pid, start ticks low and high word. */
class KnownProcesses extends tableClass(
  {
    cpuNanos: numbers('f64'),
    /** NaN: not known yet. */
    readBytes: numbers('f64', Number.NaN),
    writtenBytes: numbers('f64', Number.NaN),
    /** Found for this name, in this version of the labels. */
    group: numbers('i32'),
    groupVersion: numbers('u32'),
    names: OPTIONAL_TEXT,
    /** The last sample that held it. */
    seenIn: numbers('u32'),
  },
  PROCESSES_LIMIT,
  512,
) {}

/** What each process was last seen to have used; growth is added to its group. */
export class ProcessLedger {
  readonly #labels: GroupLabels;
  readonly #columns: GroupColumns;
  readonly #known = new KnownProcesses();
  #sample = 0;
  #sequence = Number.NaN;
  #monotonicMicros = Number.NEGATIVE_INFINITY;
  /** Of the processes in the first sample the one that started last. */
  #baselineTicks = Number.NEGATIVE_INFINITY;

  constructor(labels: GroupLabels, columns: GroupColumns) {
    this.#labels = labels;
    this.#columns = columns;
  }

  /** A sample that was taken before is ignored. */
  absorb({ processes, usage, sequence, monotonicMicros }: MachineProcesses): void {
    const isKnown = sequence === this.#sequence && monotonicMicros === this.#monotonicMicros;
    if (isKnown || monotonicMicros < this.#monotonicMicros) return;
    this.#sequence = sequence;
    this.#monotonicMicros = monotonicMicros;
    this.#sample++;
    if (this.#sample === 1) this.#baselineTicks = newestStart(processes);
    this.#admit(processes);
    this.#columns.clearGauges();
    const { rows, count } = processes.slots;
    for (let i = 0; i < count; i++) this.#take(processes, usage, rows[i]!);
    this.#known.slots.removeWhere((slot) => this.#sample - this.#known.seenIn[slot]! > MISSED_SAMPLES);
    for (let group = 0; group < this.#labels.capacity; group++) {
      if (this.#columns.processes[group]! > 0) this.#labels.noteLive(group, monotonicMicros);
    }
  }

  /** Labels for names that have none, while there are any. */
  #admit(processes: ProcessTable): void {
    const labels = this.#labels;
    if (!labels.hasRoom(this.#monotonicMicros)) return;
    const { rows, count } = processes.slots;
    let cpuNanos = 1;
    let residentBytes = 1;
    for (let i = 0; i < count; i++) {
      cpuNanos += processes.cpuNanos[rows[i]!]! || 0;
      residentBytes += processes.rssBytes[rows[i]!]! || 0;
    }
    const weights = new Map<string, number>();
    for (let i = 0; i < count; i++) {
      const row = rows[i]!;
      const known = this.#find(processes, row);
      if (known >= 0 && this.#holds(known, processes.names[row]!)) continue;
      const name = nameOf(processes, row);
      if (labels.has(name)) continue;
      const shares =
        (processes.cpuNanos[row]! || 0) / cpuNanos + (processes.rssBytes[row]! || 0) / residentBytes;
      weights.set(name, (weights.get(name) ?? 0) + shares);
    }
    labels.admit(weights, this.#monotonicMicros);
  }

  /** Whether the group found for a process before is still that of its name, and one of its own. */
  #holds(slot: number, taskName: string): boolean {
    return (
      this.#known.groupVersion[slot] === this.#labels.version &&
      this.#known.group[slot] !== OTHER_GROUP &&
      this.#known.names[slot] === taskName
    );
  }

  #take(processes: ProcessTable, usage: ProcessUsage, row: number): void {
    const cpuNanos = processes.cpuNanos[row]!;
    const slot = this.#slotOf(processes, row);
    const group = slot < 0 ? OTHER_GROUP : this.#groupOf(slot, processes, row);
    const columns = this.#columns;
    columns.processes[group]! += 1;
    columns.threads[group]! += processes.threads[row]!;
    columns.residentBytes[group]! += processes.rssBytes[row]! || 0;
    columns.states[group * GROUP_STATES.length + STATE_COLUMN[processes.state[row]!]!]! += 1;
    const startTicks = processes.startTicks[row]!;
    if (!(columns.oldestStartTicks[group]! <= startTicks)) columns.oldestStartTicks[group] = startTicks;
    if (slot < 0) return;
    this.#takeStorage(slot, group, 'readBytes', usage.readBytes[row] ?? Number.NaN);
    this.#takeStorage(slot, group, 'writtenBytes', usage.writtenBytes[row] ?? Number.NaN);
    const was = this.#known.cpuNanos[slot]!;
    if (Number.isNaN(was)) this.#known.cpuNanos[slot] = cpuNanos;
    // Two clocks of one process may differ by a tick: what it used never falls.
    if (!(cpuNanos > was)) return;
    columns.cpuNanos[group]! += cpuNanos - was;
    this.#known.cpuNanos[slot] = cpuNanos;
  }

  /** The file of these may be forbidden, and is not read for every sample. */
  #takeStorage(slot: number, group: number, name: 'readBytes' | 'writtenBytes', value: number): void {
    if (Number.isNaN(value)) return;
    const known = this.#known[name];
    const was = known[slot]!;
    if (!Number.isNaN(was) && value < was) return;
    known[slot] = value;
    addKnown(this.#columns[name], group, Number.isNaN(was) ? 0 : value - was);
  }

  #find(processes: ProcessTable, row: number): number {
    const startTicks = processes.startTicks[row]!;
    return this.#known.slots.find(processes.pid[row]!, startTicks >>> 0, Math.floor(startTicks / TWO_32), 0);
  }

  /** -1: the table is full. */
  #slotOf(processes: ProcessTable, row: number): number {
    let slot = this.#find(processes, row);
    if (slot < 0) {
      const startTicks = processes.startTicks[row]!;
      slot = this.#known.slots.add(processes.pid[row]!, startTicks >>> 0, Math.floor(startTicks / TWO_32), 0);
      if (slot < 0) return -1;
      // One that has started since the first sample counts whole; one that was only not to be seen does not.
      const isNew = this.#sample > 1 && startTicks >= this.#baselineTicks;
      this.#known.cpuNanos[slot] = isNew ? 0 : processes.cpuNanos[row]!;
      this.#known.readBytes[slot] = isNew ? 0 : Number.NaN;
      this.#known.writtenBytes[slot] = isNew ? 0 : Number.NaN;
      this.#known.groupVersion[slot] = 0;
    }
    this.#known.seenIn[slot] = this.#sample;
    return slot;
  }

  #groupOf(slot: number, processes: ProcessTable, row: number): number {
    const taskName = processes.names[row]!;
    const { version } = this.#labels;
    if (this.#known.groupVersion[slot] === version && this.#known.names[slot] === taskName)
      return this.#known.group[slot]!;
    const group = this.#labels.find(nameOf(processes, row));
    this.#known.names[slot] = taskName;
    this.#known.group[slot] = group;
    this.#known.groupVersion[slot] = version;
    return group;
  }
}

function newestStart({ slots, startTicks }: ProcessTable): number {
  let newest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < slots.count; i++) newest = Math.max(newest, startTicks[slots.rows[i]!]!);
  return newest;
}

function nameOf({ pid, ppid, names }: ProcessTable, row: number): string {
  const isKernelThread = ppid[row] === KTHREADD_PID || (pid[row] === KTHREADD_PID && ppid[row] === 0);
  const taskName = names[row] ?? '';
  return isKernelThread ? kernelThreadName(taskName) : groupName(taskName);
}
