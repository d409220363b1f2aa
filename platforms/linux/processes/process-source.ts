import type { ProcessTable } from '../../../src/data/sample/process-table.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import { columnsClass, numbers } from '../../../src/kit/table/columns.ts';
import { monotonicMicros } from '../clock.ts';
import { Errno, type NativeBuffer, sharedBuffer } from '../libc.ts';
import { parseCommandLine, parseControlGroup } from '../proc/pid-files.ts';
import { emptyPidStat, isKernelThread, parsePidStat } from '../proc/pid-stat.ts';
import { PidFile, type ProcDirectory } from '../proc/proc-directory.ts';

/** Every process of the machine, followed from collection to collection, however the kernel is asked. */
export abstract class ProcessSource {
  /** Counts collections; `table.lastRanGeneration` compares with it. */
  generation = 0;
  /** How the kernel is asked. */
  abstract readonly basis: 'ebpf' | 'proc';
  abstract readonly table: ProcessTable;
  protected abstract readonly texts: ProcessTexts;

  /** Brings the table up to date. Rejects with OpError only where no process can be read at all. */
  abstract collect(slice: Slice): Promise<void>;
  /**
   * Looks between two collections for a process that the table does not have yet; `isListed`: it is no mere thread.
   * Returns its slot, -1: none.
   */
  abstract admit(pid: number, isListed?: boolean): number;
  /**
   * The numbers of all that are there, the one given out last at the end, for who admits some of them before anything has
   * been collected; undefined: to collect takes no longer. Rejects with OpError where they cannot be listed.
   */
  list?(slice: Slice): Promise<Int32Array>;
  abstract close(): void;

  /** How many there are, whether or not the table has them yet. */
  get count(): number {
    return this.table.slots.count;
  }

  /** By slot, those that were asked for. Borrowed. */
  get commandLines(): readonly (string | undefined)[] {
    return this.texts.commandLines.texts;
  }

  /** As `commandLines`. */
  get cgroups(): readonly (string | undefined)[] {
    return this.texts.controlGroups.texts;
  }

  /** Arguments joined by a space, cached; undefined: unknown, not permitted, or a kernel thread. */
  commandLine(pid: number): string | undefined {
    const slot = this.table.find(pid);
    return slot < 0 ? undefined : this.commandLineOf(slot);
  }

  /** Control group path, cached; undefined: unknown. */
  cgroup(pid: number): string | undefined {
    const slot = this.table.find(pid);
    return slot < 0 ? undefined : this.cgroupOf(slot);
  }

  /** As `commandLine`, by the slot of a live process; no older than that where it may be another now. */
  commandLineOf(slot: number, maxAgeMicros?: number): string | undefined {
    return this.texts.commandLines.get(slot, this.generation, maxAgeMicros);
  }

  /** As `cgroup`, by the slot of a live process; no older than that. */
  cgroupOf(slot: number, maxAgeMicros?: number): string | undefined {
    return this.texts.controlGroups.get(slot, this.generation, maxAgeMicros);
  }
}

/** Minimum age before a text is read again. `OwnerLedger` asks in turns, so changes are shown within ten seconds. */
const FRESH_MICROS = 2e6;

/** And this much later where there was none: before 5.19 a helper that the kernel starts was a kernel thread first. */
const NONE_MICROS = 60e6;

/** When the text of a slot was read. */
class Readings extends columnsClass({
  generation: numbers('u32'),
  /** NaN: no text is kept. */
  micros: numbers('f64', Number.NaN),
}) {}

/** Who can change a text: only the process itself, while it runs; or any process (control group). */
type ChangedBy = 'itself' | 'anybody';

/** Returns bytes or -errno; -EAGAIN: not now; -ENODATA: there is none, and hardly ever will be. */
type Read = (proc: ProcDirectory, pid: number, into: NativeBuffer) => number;
type Parse = (bytes: Uint8Array, length: number) => string | undefined;

/** Whose texts are read. */
interface TextSource {
  readonly proc: ProcDirectory;
  readonly table: ProcessTable;
  readonly clock: () => number;
}

/** One long text per process, read when asked for and kept by the row's slot until `forget`. */
class TextCache {
  /** Undefined too for rows that were not asked for. */
  readonly texts: (string | undefined)[] = [];
  readonly #readings = new Readings();
  /** Neighbours often have the same, which is kept once then. */
  #lastText: string | undefined;
  readonly #proc: ProcDirectory;
  readonly #table: ProcessTable;
  readonly #read: Read;
  readonly #parse: Parse;
  readonly #changedBy: ChangedBy;
  readonly #clock: () => number;

  constructor({ proc, table, clock }: TextSource, read: Read, parse: Parse, changedBy: ChangedBy) {
    this.#proc = proc;
    this.#table = table;
    this.#read = read;
    this.#parse = parse;
    this.#changedBy = changedBy;
    this.#clock = clock;
  }

  /** `generation` is the collector's present one; `maxAgeMicros`: how old a text that may be another now may be. */
  get(slot: number, generation: number, maxAgeMicros = FRESH_MICROS): string | undefined {
    const table = this.#table;
    this.#readings.reserve(table.slots.capacity);
    if (this.#isFresh(slot, table.lastRanGeneration[slot]!, maxAgeMicros)) return this.texts[slot];
    const length = this.#read(this.#proc, table.pid[slot]!, sharedBuffer);
    if (length === -Errno.EAGAIN) return this.texts[slot];
    const parsed = length > 0 ? this.#parse(sharedBuffer.bytes, length) : undefined;
    const text = parsed === this.#lastText ? this.#lastText : parsed;
    this.#lastText = text;
    this.texts[slot] = text;
    this.#readings.generation[slot] = generation;
    this.#readings.micros[slot] = this.#clock() + (length === -Errno.ENODATA ? NONE_MICROS : 0);
    return text;
  }

  forget(slot: number): void {
    if (slot >= this.#readings.capacity) return;
    this.texts[slot] = undefined;
    this.#readings.clearRow(slot);
  }

  #isFresh(slot: number, lastRanGeneration: number, maxAgeMicros: number): boolean {
    const readMicros = this.#readings.micros[slot]!;
    if (Number.isNaN(readMicros)) return false;
    // It may have run on in the collection in which it was read.
    if (this.#changedBy === 'itself' && lastRanGeneration < this.#readings.generation[slot]!) return true;
    return this.#clock() - readMicros < maxAgeMicros;
  }
}

function readControlGroup(proc: ProcDirectory, pid: number, into: NativeBuffer): number {
  return proc.readProcessFile(pid, PidFile.CONTROL_GROUP, into);
}

/** Command lines and control groups of processes, cached: bounded by the live processes. */
export class ProcessTexts {
  readonly commandLines: TextCache;
  readonly controlGroups: TextCache;

  constructor(proc: ProcDirectory, table: ProcessTable, clock: () => number = monotonicMicros) {
    const source = { proc, table, clock };
    this.commandLines = new TextCache(source, readCommandLine, parseCommandLine, 'itself');
    this.controlGroups = new TextCache(source, readControlGroup, parseControlGroup, 'anybody');
  }

  forget(slot: number): void {
    this.commandLines.forget(slot);
    this.controlGroups.forget(slot);
  }
}

/** In uninterruptible sleep (fs/proc/array.c). */
const DISK_SLEEP = 0x44;
const stat = emptyPidStat();

/**
 * Reads /proc/PID/cmdline. Returns bytes or -errno; -EAGAIN: the process is in state D. The kernel reads a command
 * line from the memory of the process, under its lock: where that waits for a disk that is gone, so would we.
 * -ENODATA: a kernel thread. Many of them run all the time.
 */
function readCommandLine(proc: ProcDirectory, pid: number, into: NativeBuffer): number {
  const length = proc.readProcessFile(pid, PidFile.STAT, into);
  if (length < 0) return length;
  if (parsePidStat(into.bytes, length, stat)) {
    if (isKernelThread(into.bytes, length, stat)) return -Errno.ENODATA;
    if (isInDiskSleep(stat.state)) return -Errno.EAGAIN;
  }
  return proc.readProcessFile(pid, PidFile.COMMAND_LINE, into);
}

/** By the letter of /proc/PID/stat. */
export function isInDiskSleep(state: number): boolean {
  return state === DISK_SLEEP;
}
