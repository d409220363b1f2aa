import { ProcessUsage } from '../../../src/data/sample/machine-processes.ts';
import type { ProcessTable } from '../../../src/data/sample/process-table.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import type { ProcessesWant } from '../../../src/data/sample/snapshot.ts';
import type { UsageColumn } from '../../../src/data/schema/process-columns.ts';
import { columnsClass, numbers } from '../../../src/kit/table/columns.ts';
import { CLOCK_TICKS_PER_SECOND } from '../host.ts';
import { NativeBuffer } from '../libc.ts';
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

/** Whose the values of a slot are, and in which generation they were read. */
class Readings extends columnsClass({ serial: numbers('u32'), generation: numbers('u32') }) {}

/** A file of /proc/PID, and the columns of usage that come from it. */
interface UsageFile {
  readonly columns: readonly UsageColumn[];
  readonly readings: Readings;
  /** Reads it into a row of `kept`, whose columns of this file are unknown before. */
  read(kept: ProcessUsage, slot: number, pid: number): void;
}

/** Bytes from and to storage by the slots of the table, as the kernel's programs tell them with every process. */
interface StorageCounters {
  readonly readBytes: Float64Array;
  readonly writeBytes: Float64Array;
}

/** What costs reads of its own, for single processes: exact memory (`statm`), and columns of usage. */
export class ProcessUsageReader {
  readonly usage = new ProcessUsage();
  /** What was read last, by the slots of the table. */
  readonly #kept = new ProcessUsage();
  readonly #memory = new Readings();
  readonly #proc: ProcDirectory;
  readonly #pageSizeBytes: number;
  readonly #hasClocks: boolean;
  readonly #text = new NativeBuffer(4096);
  readonly #io: PidIo = { readBytes: 0, writtenBytes: 0, readCalls: 0, writeCalls: 0 };
  readonly #waits: PidWaits = { majorFaults: 0, blockDelayTicks: 0 };
  /** Whether the kernel counts how long tasks wait for block devices; undefined: not asked in this collection. */
  #isBlockDelayCounted: boolean | undefined;
  readonly #statm: PidStatm = { virtualPages: 0, residentPages: 0, sharedPages: 0 };
  readonly #files: readonly UsageFile[];
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
      columns: ['runDelayNanos'],
      readings: new Readings(),
      read: (kept, slot, pid) => {
        const length = this.#proc.readProcessFile(pid, SCHEDSTAT, this.#text);
        kept.runDelayNanos[slot] = parsePidRunDelay(this.#text.bytes, Math.max(0, length));
      },
    },
    {
      columns: ['majorFaults', 'blockDelayNanos'],
      readings: new Readings(),
      read: (kept, slot, pid) => {
        this.#isBlockDelayCounted ??= countsBlockDelay(this.#proc, this.#text);
        const length = this.#proc.readProcessFile(pid, PidFile.STAT, this.#text);
        if (length <= 0 || !parsePidWaits(this.#text.bytes, length, this.#waits)) return;
        kept.majorFaults[slot] = this.#waits.majorFaults;
        if (this.#isBlockDelayCounted)
          kept.blockDelayNanos[slot] = this.#waits.blockDelayTicks * NANOS_PER_TICK;
      },
    },
  ];

  /**
   * `hasClocks`: whether the table knows of every process whether it ran, however shortly. `storage`: undefined: bytes
   * from and to storage are read with `ioCalls`.
   */
  constructor(proc: ProcDirectory, pageSizeBytes: number, hasClocks: boolean, storage?: StorageCounters) {
    this.#proc = proc;
    this.#pageSizeBytes = pageSizeBytes;
    this.#hasClocks = hasClocks;
    this.#files = [
      ...(storage === undefined ? [this.#ioFile()] : this.#toldIo(storage)),
      ...this.#otherFiles,
    ];
  }

  #ioFile(): UsageFile {
    return {
      columns: ['readBytes', 'writtenBytes', 'ioCalls'],
      readings: new Readings(),
      read: (kept, slot, pid) => {
        if (!this.readIo(pid, this.#io)) return;
        kept.readBytes[slot] = this.#io.readBytes;
        kept.writtenBytes[slot] = this.#io.writtenBytes;
        kept.ioCalls[slot] = this.#io.readCalls + this.#io.writeCalls;
      },
    };
  }

  #toldIo(storage: StorageCounters): readonly UsageFile[] {
    return [
      {
        columns: ['readBytes', 'writtenBytes'],
        readings: new Readings(),
        read: (kept, slot) => {
          kept.readBytes[slot] = storage.readBytes[slot]!;
          kept.writtenBytes[slot] = storage.writeBytes[slot]!;
        },
      },
      {
        columns: ['ioCalls'],
        readings: new Readings(),
        read: (kept, slot, pid) => {
          if (this.readIo(pid, this.#io)) kept.ioCalls[slot] = this.#io.readCalls + this.#io.writeCalls;
        },
      },
    ];
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
    this.usage.clear(capacity);
    this.#isBlockDelayCounted = undefined;
    this.#kept.reserve(capacity);
    this.#memory.reserve(capacity);
    for (const pid of pids) {
      const slot = table.find(pid);
      if (slot >= 0 && this.#isStale(this.#memory, table, slot, generation)) this.#readMemory(table, slot);
    }
    for (const file of this.#files) {
      const { columns, readings } = file;
      readings.reserve(capacity);
      const isWanted = (column: UsageColumn): boolean => columns.includes(column);
      if (want.columnsOfAll?.some(isWanted) === true) {
        for (let i = 0; i < count; i++) {
          this.#readRow(file, table, rows[i]!, generation);
          if (i % ROWS_BETWEEN_RESTS === 0 && slice.due()) await slice.rest();
        }
      } else if (want.columns?.some(isWanted) === true) {
        for (const pid of pids) this.#readRow(file, table, table.find(pid), generation);
      }
    }
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
    if (this.#isStale(readings, table, slot, generation)) {
      for (const column of columns) this.#kept[column][slot] = Number.NaN;
      file.read(this.#kept, slot, table.pid[slot]!);
    }
    for (const column of columns) this.usage[column][slot] = this.#kept[column][slot]!;
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
 * Whether the kernel counts how long tasks wait for block devices: kernel.task_delayacct, off by default. Kernels before
 * 5.14, which have no such setting, are taken for ones that do not: their 0 would not be told from none.
 */
function countsBlockDelay(proc: ProcDirectory, text: NativeBuffer): boolean {
  const length = proc.readFile('sys/kernel/task_delayacct', text);
  return length > 0 && text.bytes[0] === 0x31;
}
