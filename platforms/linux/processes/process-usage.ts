import { ProcessUsage } from '../../../src/data/sample/machine-processes.ts';
import type { ProcessTable } from '../../../src/data/sample/process-table.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import type { ProcessesWant } from '../../../src/data/sample/snapshot.ts';
import type { UsageColumn } from '../../../src/data/schema/process-columns.ts';
import { OpError, openIfPossible } from '../../../src/kit/errors/op-error.ts';
import { columnsClass, numbers } from '../../../src/kit/table/columns.ts';
import type { TaskWaits } from '../bpf/task-waits.ts';
import { CLOCK_TICKS_PER_SECOND } from '../host.ts';
import { NativeBuffer } from '../libc.ts';
import { type ProcessDelays, TaskStats } from '../netlink/task-stats.ts';
import { type PidIo, type PidStatm, parsePidIo, parsePidRunDelay, parsePidStatm } from '../proc/pid-files.ts';
import { type PidWaits, parsePidWaits } from '../proc/pid-stat.ts';
import { parsePidSwitches } from '../proc/pid-status.ts';
import { PidFile, type ProcDirectory } from '../proc/proc-directory.ts';
import { ascii } from '../proc/text-scanner.ts';

const IO = ascii('/io\0');
const STATM = ascii('/statm\0');
const SCHEDSTAT = ascii('/schedstat\0');
const NANOS_PER_TICK = 1e9 / CLOCK_TICKS_PER_SECOND;
/** Collections after which even a process at rest is read again. */
const FRESH_GENERATIONS = 16;
/** More rows than any terminal shows. */
export const VISIBLE_LIMIT = 1024;
const ROWS_BETWEEN_RESTS = 16;

/**
 * Columns for which the kernel is asked beyond /proc, which has but the first thread's, or none: by the iterator over
 * tasks where it runs, else, for delays, by task statistics.
 */
const OF_ALL_THREADS: readonly UsageColumn[] = [
  ...(['runDelayNanos', 'blockDelayNanos', 'memoryDelayNanos', 'contextSwitches'] as const),
];

/** What tells of waits. Opening either throws where it cannot be had. */
interface ProcessKernel {
  loadIterator(): Promise<{ open(): TaskWaits }>;
  openStats(): TaskStats;
}

const KERNEL: ProcessKernel = {
  // All code for programs in the kernel comes with it: for those who look at a column of waits.
  loadIterator: async () => (await import('../bpf/task-waits.ts')).TaskWaits,
  openStats: () => new TaskStats(),
};

/** Those that are counted only where the kernel is told to. */
const DELAYS: readonly UsageColumn[] = ['blockDelayNanos', 'memoryDelayNanos'];

/** Whose the values of a slot are, and in which generation they were read. */
class Readings extends columnsClass({ serial: numbers('u32'), generation: numbers('u32') }) {}

/** A file of /proc/PID, and the columns of usage that come from it. */
interface UsageFile {
  readonly columns: readonly UsageColumn[];
  readonly readings: Readings;
  /** Reads it into a row of `kept`, whose columns of this file are unknown before. */
  read(kept: ProcessUsage, slot: number, pid: number): void;
}

type UsageValues = ProcessUsage[UsageColumn];

/** Bytes from and to storage by the slots of the table, as the kernel's programs tell them with every process. */
interface StorageCounters {
  readonly readBytes: UsageValues;
  readonly writeBytes: UsageValues;
}

/** What costs reads of its own, for single processes: exact memory (`statm`), and columns of usage. */
export class ProcessUsageReader {
  readonly usage = new ProcessUsage();
  /** What was read last, by the slots of the table. */
  readonly #kept = new ProcessUsage();
  /** Columns that only some rows have in this collection. */
  readonly #ofSome = new Map<UsageColumn, UsageValues>();
  readonly #memory = new Readings();
  readonly #kernel: ProcessKernel;
  readonly #proc: ProcDirectory;
  readonly #pageSizeBytes: number;
  readonly #hasClocks: boolean;
  readonly #text = new NativeBuffer(4096);
  readonly #sysctl = new NativeBuffer(8);
  readonly #io: PidIo = { readBytes: 0, writtenBytes: 0, readCalls: 0, writeCalls: 0 };
  readonly #waits: PidWaits = { majorFaults: 0, blockDelayTicks: 0 };
  /** Whether the kernel counts how long tasks wait for devices and memory; undefined: not asked in this collection. */
  #hasDelays: boolean | undefined;
  /** Null: not to be had; undefined: not tried yet. */
  #iterator: TaskWaits | null | undefined;
  #stats: TaskStats | null | undefined;
  readonly #delays: ProcessDelays = { runDelayNanos: 0, blockDelayNanos: 0, memoryDelayNanos: 0 };
  readonly #statm: PidStatm = { virtualPages: 0, residentPages: 0, sharedPages: 0 };
  #storage: StorageCounters | undefined;
  #files: readonly UsageFile[];
  readonly #otherFiles: readonly UsageFile[] = [
    {
      columns: ['contextSwitches'],
      readings: new Readings(),
      read: (kept, slot, pid) => {
        const length = this.#proc.readProcessFile(pid, PidFile.STATUS, this.#text);
        kept.contextSwitches[slot] = parsePidSwitches(this.#text.bytes, Math.max(0, length));
      },
    },
    {
      columns: ['runDelayNanos', 'memoryDelayNanos'],
      readings: new Readings(),
      read: (kept, slot, pid) => {
        if (this.#readDelays(kept, slot, pid)) return;
        const length = this.#proc.readProcessFile(pid, SCHEDSTAT, this.#text);
        kept.runDelayNanos[slot] = parsePidRunDelay(this.#text.bytes, Math.max(0, length));
      },
    },
    {
      columns: ['majorFaults', 'blockDelayNanos'],
      readings: new Readings(),
      read: (kept, slot, pid) => {
        const length = this.#proc.readProcessFile(pid, PidFile.STAT, this.#text);
        if (length <= 0 || !parsePidWaits(this.#text.bytes, length, this.#waits)) return;
        kept.majorFaults[slot] = this.#waits.majorFaults;
        const isRead = this.#stats?.read(pid, this.#delays) === true;
        const nanos = isRead ? this.#delays.blockDelayNanos : this.#waits.blockDelayTicks * NANOS_PER_TICK;
        if (this.#areDelaysCounted()) kept.blockDelayNanos[slot] = nanos;
      },
    },
  ];

  /**
   * `hasClocks`: whether the table knows of every process whether it ran, however shortly. `storage`: undefined: bytes
   * from and to storage are read with `ioCalls`.
   */
  constructor(
    proc: ProcDirectory,
    pageSizeBytes: number,
    hasClocks: boolean,
    {
      storage,
      kernel = KERNEL,
    }: { readonly storage?: StorageCounters; readonly kernel?: ProcessKernel } = {},
  ) {
    this.#kernel = kernel;
    this.#proc = proc;
    this.#pageSizeBytes = pageSizeBytes;
    this.#hasClocks = hasClocks;
    this.#files = [this.#ioFile(['readBytes', 'writtenBytes', 'ioCalls']), ...this.#otherFiles];
    if (storage !== undefined) this.useStorage(storage);
  }

  /** From now on bytes from and to storage are read there, the same counters. */
  useStorage(storage: StorageCounters): void {
    this.#storage = storage;
    this.#files = [this.#ioFile(['ioCalls']), ...this.#otherFiles];
  }

  #ioFile(columns: readonly UsageColumn[]): UsageFile {
    return {
      ...{ columns, readings: new Readings() },
      read: (kept, slot, pid) => {
        if (!this.readIo(pid, this.#io)) return;
        kept.ioCalls[slot] = this.#io.readCalls + this.#io.writeCalls;
        if (this.#storage !== undefined) return;
        kept.readBytes[slot] = this.#io.readBytes;
        kept.writtenBytes[slot] = this.#io.writtenBytes;
      },
    };
  }

  /**
   * Fills the wanted columns, for the visible processes or for all; everything else is unknown. The memory of the
   * visible ones becomes exact in the table. A process that has used no CPU since the last reading has neither moved
   * bytes nor been switched to, and is read again only now and then: its memory may have been taken from it.
   * `generation` is the table's present one.
   */
  async read(table: ProcessTable, want: ProcessesWant, generation: number, slice: Slice): Promise<void> {
    const { capacity, rows, count } = table.slots;
    const pids = want.visiblePids.slice(0, VISIBLE_LIMIT);
    const shown = new Map<UsageColumn, UsageValues>();
    this.#hasDelays = undefined;
    if (pids.length > 0) this.#memory.reserve(capacity);
    for (const pid of pids) {
      const slot = table.find(pid);
      if (slot >= 0 && this.#isStale(this.#memory, table, slot, generation)) this.#readMemory(table, slot);
    }
    if (!(await this.#readAllThreads(table, want, shown, slice))) {
      for (const file of this.#files) {
        const { columns, readings } = file;
        const isWanted = (column: UsageColumn): boolean => columns.includes(column);
        const isOfAll = want.columnsOfAll?.some(isWanted) === true;
        if (!isOfAll && want.columns?.some(isWanted) !== true) continue;
        // A file is read for all that it tells.
        this.#kept.reserveWanted(capacity, columns);
        readings.reserve(capacity);
        if (isOfAll) {
          for (let i = 0; i < count; i++) {
            this.#readRow(file, table, rows[i]!, generation);
            if (i % ROWS_BETWEEN_RESTS === 0 && slice.due()) await slice.rest();
          }
          for (const column of columns) shown.set(column, this.#kept[column]);
        } else {
          for (const pid of pids) this.#readRow(file, table, table.find(pid), generation);
          for (const column of columns) shown.set(column, this.#keptOf(pids, column, table));
        }
      }
      this.#showStorage(want, shown);
    }
    this.usage.show(capacity, shown);
  }

  #showStorage(
    { columns = [], columnsOfAll = [] }: ProcessesWant,
    shown: Map<UsageColumn, UsageValues>,
  ): void {
    const isWanted = (column: UsageColumn): boolean => column === 'readBytes' || column === 'writtenBytes';
    if (this.#storage === undefined || ![...columns, ...columnsOfAll].some(isWanted)) return;
    shown.set('readBytes', this.#storage.readBytes);
    shown.set('writtenBytes', this.#storage.writeBytes);
  }

  /** A column in which only these processes have what is kept. */
  #keptOf(pids: readonly number[], column: UsageColumn, table: ProcessTable): UsageValues {
    const values = this.#unknownColumn(column, table.slots.capacity);
    for (const pid of pids) {
      const slot = table.find(pid);
      if (slot >= 0) values[slot] = this.#kept[column][slot]!;
    }
    return values;
  }

  #unknownColumn(column: UsageColumn, capacity: number): UsageValues {
    let values = this.#ofSome.get(column);
    if (values?.length !== capacity) values = new Float64Array(capacity);
    this.#ofSome.set(column, values);
    return values.fill(Number.NaN);
  }

  close(): void {
    this.#iterator?.close();
    this.#stats?.close();
  }

  /**
   * By the iterator, where a column is wanted of which /proc knows less: all that are wanted then, of all rows, so that
   * each always has the same basis. False: to be read by /proc.
   */
  async #readAllThreads(
    table: ProcessTable,
    { columns = [], columnsOfAll = [] }: ProcessesWant,
    shown: Map<UsageColumn, UsageValues>,
    slice: Slice,
  ): Promise<boolean> {
    const isWanted = (column: UsageColumn): boolean =>
      columns.includes(column) || columnsOfAll.includes(column);
    if (!this.#hasClocks || !OF_ALL_THREADS.some(isWanted)) return false;
    if (this.#iterator === undefined) await this.#openThreads();
    const iterator = this.#iterator;
    if (iterator == null) return false;
    try {
      iterator.begin();
      while (iterator.next()) if (slice.due()) await slice.rest();
    } catch (thrown) {
      if (!(thrown instanceof OpError)) throw thrown;
      // Never again: /proc has other figures, which must not take turns with these.
      iterator.close();
      this.#iterator = null;
      return true;
    }
    const { sums } = iterator;
    // Who started while they were counted has figures that no longer grow.
    const hasDelays = this.#areDelaysCounted();
    const isTold = (column: UsageColumn): boolean => hasDelays || !DELAYS.includes(column);
    // All rows have been read anyway: those that come on screen next have rates at once.
    const wanted = [...new Set([...columns, ...columnsOfAll])].filter(isTold);
    const { rows, count, capacity } = table.slots;
    for (const column of wanted) shown.set(column, this.#unknownColumn(column, capacity));
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const from = sums.find(table.pid[slot]!);
      if (from >= 0) for (const [column, values] of shown) values[slot] = sums[column][from]!;
    }
    return true;
  }

  async #openThreads(): Promise<void> {
    const { loadIterator, openStats } = this.#kernel;
    const waits = await loadIterator();
    this.#iterator = openIfPossible(() => waits.open()) ?? null;
    this.#stats = this.#iterator === null ? (openIfPossible(openStats) ?? null) : null;
  }

  /** By task statistics. False: to be read by /proc. */
  #readDelays(kept: ProcessUsage, slot: number, pid: number): boolean {
    if (this.#stats?.read(pid, this.#delays) !== true) return false;
    kept.runDelayNanos[slot] = this.#delays.runDelayNanos;
    if (this.#areDelaysCounted()) kept.memoryDelayNanos[slot] = this.#delays.memoryDelayNanos;
    return true;
  }

  #areDelaysCounted(): boolean {
    this.#hasDelays ??= countsDelays(this.#proc, this.#sysctl);
    return this.#hasDelays;
  }

  /** `into` in pages; false: it is gone. Needs no permission. */
  readStatm(pid: number, into: PidStatm): boolean {
    const length = this.#proc.readProcessFile(pid, STATM, this.#text);
    return length > 0 && parsePidStatm(this.#text.bytes, length, into);
  }

  /** False: not permitted, or gone. */
  readIo(pid: number, into: PidIo): boolean {
    const length = this.#proc.readProcessFile(pid, IO, this.#text);
    return length > 0 && parsePidIo(this.#text.bytes, length, into);
  }

  #readMemory({ pid, rssBytes }: ProcessTable, slot: number): void {
    if (this.readStatm(pid[slot]!, this.#statm))
      rssBytes[slot] = this.#statm.residentPages * this.#pageSizeBytes;
  }

  #readRow(file: UsageFile, table: ProcessTable, slot: number, generation: number): void {
    if (slot < 0) return;
    const { columns, readings } = file;
    if (!this.#isStale(readings, table, slot, generation)) return;
    for (const column of columns) this.#kept[column][slot] = Number.NaN;
    file.read(this.#kept, slot, table.pid[slot]!);
  }

  /** Whether a row has to be read; notes that it is. */
  #isStale(readings: Readings, table: ProcessTable, slot: number, generation: number): boolean {
    const serial = table.slots.serial[slot]!;
    const readIn = readings.generation[slot]!;
    const isFresh =
      this.#hasClocks &&
      readings.serial[slot] === serial &&
      table.lastRanGeneration[slot]! <= readIn &&
      generation - readIn < FRESH_GENERATIONS;
    if (isFresh) return false;
    readings.serial[slot] = serial;
    readings.generation[slot] = generation;
    return true;
  }
}

/**
 * Whether the kernel counts how long tasks wait for devices and memory: kernel.task_delayacct, off by default. Kernels before
 * 5.14, which have no such setting, are taken for ones that do not: their 0 would not be told from none.
 */
function countsDelays(proc: ProcDirectory, text: NativeBuffer): boolean {
  const length = proc.readFile('sys/kernel/task_delayacct', text);
  return length > 0 && text.bytes[0] === 0x31;
}
