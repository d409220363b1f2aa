import { ProcessTable } from '../../../src/data/sample/process-table.ts';
import { columnsClass, numbers } from '../../../src/kit/table/columns.ts';
import { commLength, type TaskRecord } from '../bpf/task-record.ts';

const COMM_WORDS = 4;
/** A kernel thread's name that fills its 15 bytes may be the beginning of a longer one (fs/proc/array.c). */
const COMM_LIMIT = 15;

/** What happens to a row beside its columns. */
interface RowWatcher {
  /** The process became another program, or is another process. */
  renamed(slot: number): void;
  removed(slot: number): void;
  /** A kernel thread's name in full; undefined: it is not to be had. */
  longName(pid: number): string | undefined;
}

/** By the slots of the process table, beyond its own columns. */
const BPF_COLUMNS = {
  virtualBytes: numbers('f64', Number.NaN),
  /** From and to storage. */
  readBytes: numbers('f64', Number.NaN),
  writeBytes: numbers('f64', Number.NaN),
  seenGeneration: numbers('u32'),
  /** The names in the table, as the kernel gave them. */
  commWords: numbers('u32', 0, COMM_WORDS),
};

/** The process table as samples of BPF fill it. */
export class BpfProcessRows extends columnsClass(BPF_COLUMNS) {
  readonly table = new ProcessTable();
  readonly #watcher: RowWatcher;
  readonly #decoder = new TextDecoder();

  constructor(watcher: RowWatcher) {
    super();
    this.#watcher = watcher;
    this.reserve(this.table.slots.capacity);
  }

  /** Brings the process's row up to date, or adds it. Returns its slot, -1: the table is full. */
  store(task: TaskRecord, generation: number): number {
    const { table } = this;
    let slot = table.find(task.pid);
    if (slot >= 0 && table.startTicks[slot] !== task.startTicks) {
      this.#remove(slot);
      slot = -1;
    }
    if (slot < 0) slot = this.#add(task, generation);
    if (slot < 0) return -1;
    table.ppid[slot] = task.ppid;
    table.uid[slot] = task.uid;
    table.state[slot] = task.state;
    table.threads[slot] = task.threads;
    table.rssBytes[slot] = task.rssBytes;
    this.virtualBytes[slot] = task.virtualBytes;
    this.readBytes[slot] = task.readBytes;
    this.writeBytes[slot] = task.writeBytes;
    this.seenGeneration[slot] = generation;
    // A thread that ends during a sample may be missing from it: its time shows again in the next one.
    if (task.cpuNanos > table.cpuNanos[slot]!) {
      table.cpuNanos[slot] = task.cpuNanos;
      table.lastRanGeneration[slot] = generation;
    }
    if (!this.#hasName(slot, task.commWords)) this.#rename(slot, task);
    return slot;
  }

  /** Removes processes that were not stored in this generation. */
  sweep(generation: number): void {
    const { slots } = this.table;
    // Downwards: a removal moves the last row, already looked at, into the hole.
    for (let i = slots.count - 1; i >= 0; i--) {
      const slot = slots.rows[i]!;
      if (this.seenGeneration[slot] !== generation) this.#remove(slot);
    }
  }

  #add(task: TaskRecord, generation: number): number {
    const slot = this.table.slots.add(task.pid, 0, 0, 0);
    if (slot < 0) return -1;
    this.reserve(this.table.slots.capacity);
    const { table } = this;
    table.pid[slot] = task.pid;
    table.startTicks[slot] = task.startTicks;
    table.cpuNanos[slot] = 0;
    table.lastRanGeneration[slot] = generation;
    this.#rename(slot, task);
    return slot;
  }

  #remove(slot: number): void {
    this.table.slots.remove(slot);
    this.#watcher.removed(slot);
  }

  #hasName(slot: number, words: Uint32Array): boolean {
    const at = slot * COMM_WORDS;
    const known = this.commWords;
    return (
      known[at] === words[0] &&
      known[at + 1] === words[1] &&
      known[at + 2] === words[2] &&
      known[at + 3] === words[3]
    );
  }

  #rename(slot: number, task: TaskRecord): void {
    for (let i = 0; i < COMM_WORDS; i++) this.commWords[slot * COMM_WORDS + i] = task.commWords[i]!;
    const length = commLength(task.comm);
    const isCut = task.isKernelThread && length === COMM_LIMIT;
    const long = isCut ? this.#watcher.longName(task.pid) : undefined;
    this.table.names[slot] = long ?? this.#decoder.decode(task.comm.subarray(0, length));
    this.#watcher.renamed(slot);
  }
}
