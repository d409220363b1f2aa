import { ProcessTable } from '../../../src/data/sample/process-table.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import { closedOnError, OpError } from '../../../src/kit/errors/op-error.ts';
import { columnsClass, numbers } from '../../../src/kit/table/columns.ts';
import { commLength, TaskRecord } from '../bpf/task-record.ts';
import { TaskSampler } from '../bpf/task-sampler.ts';
import { processCpuNanos } from '../clock.ts';
import { PAGE_SIZE_BYTES } from '../host.ts';
import { NativeBuffer } from '../libc.ts';
import { sharesPidNamespace } from '../proc/namespace-links.ts';
import { emptyPidStat } from '../proc/pid-stat.ts';
import { type PidStatus, parsePidStatus } from '../proc/pid-status.ts';
import { PidFile, ProcDirectory } from '../proc/proc-directory.ts';
import { processName } from './process-names.ts';
import { ProcessSource, ProcessTexts } from './process-source.ts';

/**
 * Follows every process through a BPF iterator: the whole table in a few reads. /proc is asked for long texts, and
 * for single processes between two collections.
 */
export class BpfProcessCollector extends ProcessSource {
  readonly basis = 'ebpf';
  readonly table: ProcessTable;
  /** Virtual size and bytes from and to storage, by the table's slots. */
  readonly rows: BpfProcessRows;
  readonly #sampler: TaskSampler;
  readonly #proc: ProcDirectory;
  protected readonly texts: ProcessTexts;
  readonly #lookup: ProcessLookup;
  readonly #looked = new TaskRecord();
  readonly #store = (task: TaskRecord): void => void this.rows.store(task, this.generation);

  /**
   * Throws BpfError or OpError where BPF or its iterators are not to be had, SyscallError without /proc. `after`: a source
   * whose table goes on here, with its generations; the counters are the same ones of the kernel.
   */
  static open(sampler = TaskSampler.open(), after?: ProcessSource): BpfProcessCollector {
    return closedOnError(sampler, () => new BpfProcessCollector(sampler, new ProcDirectory('/proc'), after));
  }

  private constructor(sampler: TaskSampler, proc: ProcDirectory, after: ProcessSource | undefined) {
    super();
    if (!sharesPidNamespace(proc.root)) {
      proc.close();
      throw new OpError({
        op: 'read processes',
        code: 'UNSUPPORTED',
        message: `${proc.root} belongs to another PID namespace`,
      });
    }
    this.#sampler = sampler;
    this.#proc = proc;
    this.#lookup = new ProcessLookup(proc);
    const watcher = {
      renamed: (slot: number) => this.texts.forget(slot),
      removed: (slot: number) => this.texts.forget(slot),
      longName: (pid: number) => this.#lookup.name(pid),
    };
    this.rows = new BpfProcessRows(watcher, after?.table);
    this.table = this.rows.table;
    if (after !== undefined) this.generation = after.generation;
    this.texts = new ProcessTexts(proc, this.table);
  }

  /** Brings the table up to date. Rejects with BpfError where the iterator fails. */
  async collect(slice: Slice): Promise<void> {
    this.generation++;
    this.#sampler.begin();
    while (this.#sampler.next(this.#store)) if (slice.due()) await slice.rest();
    this.rows.sweep(this.generation);
  }

  admit(pid: number): number {
    const known = this.table.find(pid);
    if (known >= 0) return known;
    return this.#lookup.read(pid, this.#looked) ? this.rows.store(this.#looked, this.generation) : -1;
  }

  close(): void {
    this.#sampler.close();
    this.#proc.close();
  }
}

const TEXT_BYTES = 4096;

/** Single processes out of /proc, in the form in which BPF samples have them. */
class ProcessLookup {
  readonly #proc: ProcDirectory;
  readonly #text = new NativeBuffer(TEXT_BYTES);
  readonly #stat = emptyPidStat();
  readonly #status: PidStatus = { threadGroupId: 0, effectiveUid: 0 };

  constructor(proc: ProcDirectory) {
    this.#proc = proc;
  }

  /** False: there is no such process, or it is a mere thread. What /proc does not tell in two reads is NaN. */
  read(pid: number, into: TaskRecord): boolean {
    if (!this.#readStat(pid)) return false;
    const stat = this.#stat;
    into.pid = pid;
    into.ppid = stat.ppid;
    into.startTicks = stat.startTicks;
    into.state = stat.state;
    into.threads = stat.threads;
    into.cpuNanos = Math.max(processCpuNanos(pid), 0);
    into.rssBytes = stat.rssPages * PAGE_SIZE_BYTES;
    into.virtualBytes = Number.NaN;
    into.readBytes = Number.NaN;
    into.writeBytes = Number.NaN;
    into.isKernelThread = false;
    into.comm.fill(0);
    const end = Math.min(stat.nameEnd, stat.nameStart + into.comm.length - 1);
    for (let i = stat.nameStart; i < end; i++) into.comm[i - stat.nameStart] = this.#text.bytes[i]!;
    const length = this.#proc.readProcessFile(pid, PidFile.STATUS, this.#text);
    if (length <= 0 || !parsePidStatus(this.#text.bytes, length, this.#status)) return false;
    into.uid = this.#status.effectiveUid;
    return this.#status.threadGroupId === pid;
  }

  /** The task's name as /proc has it: up to 63 bytes for kernel threads. */
  name(pid: number): string | undefined {
    if (!this.#readStat(pid)) return undefined;
    return processName(this.#text.bytes, this.#stat.nameStart, this.#stat.nameEnd);
  }

  #readStat(pid: number): boolean {
    return this.#proc.readStat(pid, this.#text, this.#stat) >= 0;
  }
}

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
  readonly table: ProcessTable;
  readonly #watcher: RowWatcher;

  constructor(watcher: RowWatcher, table = new ProcessTable()) {
    super();
    this.table = table;
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
    this.table.slots.removeWhere(
      (slot) => this.seenGeneration[slot] !== generation,
      (slot) => this.#remove(slot),
    );
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
    this.table.names[slot] = long ?? processName(task.comm, 0, length);
    this.#watcher.renamed(slot);
  }
}
