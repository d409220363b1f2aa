import { OpError } from '../../src/kit/errors/op-error.ts';
import type { Commands } from './commands.ts';
import {
  KINFO_PROC_BYTES,
  PROC_TASKALLINFO,
  RUSAGE_INFO_V2,
  startSecondsOf,
  type TaskFact,
  taskFactOf,
} from './process-info.ts';
import { PS_ARGUMENTS, type PsRow, parseNumberedTexts, parsePs } from './ps.ts';
import type { LazyLibrary } from './system-library.ts';

/** Network and processes are sampled one after the other: the second takes the list of the first. */
const LIST_AGE_MILLIS = 250;
/** Command lines of processes that execute another program change with the same pid. */
const COMMAND_LINES_AGE_MILLIS = 30_000;

/** libproc.h, sys/resource.h, sys/sysctl.h. */
const PROC_PIDTASKALLINFO = 2;
const RUSAGE_INFO_V2_FLAVOR = 2;
const CTL_KERN = 1;
const KERN_PROC = 14;
const KERN_PROC_PID = 1;

interface ListOptions {
  readonly commands: Commands;
  readonly library: LazyLibrary;
}

/** The processes of this machine: those of all users by ps, and what the kernel adds to those that it lets be seen. */
export class ProcessList {
  readonly #commands: Commands;
  readonly #library: LazyLibrary;
  readonly #task = new Uint8Array(PROC_TASKALLINFO.size);
  readonly #taskView = new DataView(this.#task.buffer);
  readonly #usage = new Uint8Array(RUSAGE_INFO_V2.size);
  readonly #usageView = new DataView(this.#usage.buffer);
  #nanosPerTick = 0;
  #rows: Promise<ReadonlyMap<number, PsRow>> | undefined;
  #rowsMillis = Number.NEGATIVE_INFINITY;
  #commandLines: ReadonlyMap<number, string> = new Map();
  #commandLinesMillis = Number.NEGATIVE_INFINITY;
  /** Start of each process whose command line is known. */
  readonly #describedStarts = new Map<number, number>();

  constructor({ commands, library }: ListOptions) {
    this.#commands = commands;
    this.#library = library;
  }

  /** By pid. Rejects with OpError where ps fails, or says nothing that can be read. */
  rows(): Promise<ReadonlyMap<number, PsRow>> {
    const now = performance.now();
    if (this.#rows === undefined || now - this.#rowsMillis >= LIST_AGE_MILLIS) {
      this.#rowsMillis = now;
      this.#rows = this.#read().catch((thrown: unknown) => {
        this.#rows = undefined;
        throw thrown;
      });
    }
    return this.#rows;
  }

  /** By pid, those of `wanted` for certain, even if a process is new; others as far as they are known. */
  async commandLines(
    rows: ReadonlyMap<number, PsRow>,
    wanted: Iterable<number>,
  ): Promise<ReadonlyMap<number, string>> {
    const isStale = performance.now() - this.#commandLinesMillis >= COMMAND_LINES_AGE_MILLIS;
    if (!isStale && !this.#isAnyNew(rows, wanted)) return this.#commandLines;
    this.#commandLinesMillis = performance.now();
    const text = await this.#commands.run('ps', ['-axww', '-o', 'pid=', '-o', 'args=']);
    this.#commandLines = parseNumberedTexts(text);
    this.#describedStarts.clear();
    for (const [pid, { startSeconds }] of rows) this.#describedStarts.set(pid, startSeconds);
    return this.#commandLines;
  }

  /** undefined: not permitted, gone, or the library cannot be opened. */
  task(pid: number): TaskFact | undefined {
    const library = this.#library.get();
    if (library === undefined) return undefined;
    if (this.#nanosPerTick === 0) this.#nanosPerTick = library.nanosPerTick();
    const length = library.processInfo(pid, PROC_PIDTASKALLINFO, this.#task);
    return taskFactOf(this.#taskView, length, pid, this.#nanosPerTick);
  }

  /** Bytes that a process has read from and written to storage; undefined as for `task`. */
  storage(pid: number): { readonly readBytes: number; readonly writtenBytes: number } | undefined {
    if (this.#library.get()?.processUsage(pid, RUSAGE_INFO_V2_FLAVOR, this.#usage) !== true) return undefined;
    return {
      readBytes: RUSAGE_INFO_V2.read(this.#usageView, 0, 'ri_diskio_bytesread'),
      writtenBytes: RUSAGE_INFO_V2.read(this.#usageView, 0, 'ri_diskio_byteswritten'),
    };
  }

  /**
   * When a process was started, in whole seconds since 1970, at this moment; undefined: there is no such process. By
   * the kernel, else by ps. Rejects with OpError where neither can be asked.
   */
  async startSeconds(pid: number): Promise<number | undefined> {
    const library = this.#library.get();
    if (library !== undefined) {
      const bytes = library.sysctl('sysctl kern.proc.pid', [CTL_KERN, KERN_PROC, KERN_PROC_PID, pid]);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      return bytes.length < KINFO_PROC_BYTES ? undefined : startSecondsOf(view, bytes.length, pid);
    }
    return parsePs(await this.#commands.run('ps', PS_ARGUMENTS)).get(pid)?.startSeconds;
  }

  /** Names of users that processes run as. */
  async userNames(): Promise<ReadonlyMap<number, string>> {
    const text = await this.#commands.run('ps', ['-axww', '-o', 'uid=', '-o', 'user=']);
    // Some print the user nobody as -2.
    return new Map(Array.from(parseNumberedTexts(text), ([uid, name]) => [uid >>> 0, name]));
  }

  async #read(): Promise<ReadonlyMap<number, PsRow>> {
    const rows = parsePs(await this.#commands.run('ps', PS_ARGUMENTS));
    if (rows.size > 0) return rows;
    throw new OpError({ op: 'read ps', code: 'BAD_VALUE', message: '/bin/ps lists no process' });
  }

  #isAnyNew(rows: ReadonlyMap<number, PsRow>, wanted: Iterable<number>): boolean {
    for (const pid of wanted) {
      const row = rows.get(pid);
      if (row !== undefined && this.#describedStarts.get(pid) !== row.startSeconds) return true;
    }
    return false;
  }
}
