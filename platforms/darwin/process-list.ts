import { OpError } from '../../src/kit/errors/op-error.ts';
import type { Commands } from './commands.ts';
import { PS_ARGUMENTS, type PsRow, parseNumberedTexts, parsePs } from './ps.ts';
import { structure } from './struct.ts';
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

/**
 * sys/proc_info.h: struct proc_bsdinfo and behind it struct proc_taskinfo, which are the struct proc_taskallinfo of
 * `proc_pidinfo(pid, PROC_PIDTASKALLINFO)`. Of other users' processes the kernel tells it to root alone.
 */
export const PROC_TASKALLINFO = structure(
  { name: 'proc_taskallinfo', size: 232 },
  {
    ...{ pbi_flags: 'u32', pbi_status: 'u32', pbi_xstatus: 'u32', pbi_pid: 'u32', pbi_ppid: 'u32' },
    ...{ pbi_uid: 'u32', pbi_gid: 'u32', pbi_ruid: 'u32', pbi_rgid: 'u32', pbi_svuid: 'u32' },
    ...{ pbi_svgid: 'u32', rfu_1: 'u32', pbi_comm: ['u8', 16], pbi_name: ['u8', 32], pbi_nfiles: 'u32' },
    ...{ pbi_pgid: 'u32', pbi_pjobc: 'u32', e_tdev: 'u32', e_tpgid: 'u32', pbi_nice: 'i32' },
    ...{ pbi_start_tvsec: 'u64', pbi_start_tvusec: 'u64' },
    ...{ pti_virtual_size: 'u64', pti_resident_size: 'u64', pti_total_user: 'u64', pti_total_system: 'u64' },
    ...{ pti_threads_user: 'u64', pti_threads_system: 'u64', pti_policy: 'i32', pti_faults: 'i32' },
    ...{ pti_pageins: 'i32', pti_cow_faults: 'i32', pti_messages_sent: 'i32' },
    ...{ pti_messages_received: 'i32', pti_syscalls_mach: 'i32', pti_syscalls_unix: 'i32', pti_csw: 'u32' },
    ...{ pti_threadnum: 'i32', pti_numrunning: 'i32', pti_priority: 'i32' },
  },
);

/** sys/resource.h: struct rusage_info_v2, of `proc_pid_rusage(pid, RUSAGE_INFO_V2)`. */
export const RUSAGE_INFO_V2 = structure(
  { name: 'rusage_info_v2', size: 160 },
  {
    ...{ ri_uuid: ['u8', 16], ri_user_time: 'u64', ri_system_time: 'u64', ri_pkg_idle_wkups: 'u64' },
    ...{ ri_interrupt_wkups: 'u64', ri_pageins: 'u64', ri_wired_size: 'u64', ri_resident_size: 'u64' },
    ...{ ri_phys_footprint: 'u64', ri_proc_start_abstime: 'u64', ri_proc_exit_abstime: 'u64' },
    ...{ ri_child_times: ['u64', 6], ri_diskio_bytesread: 'u64', ri_diskio_byteswritten: 'u64' },
  },
);

/**
 * sys/sysctl.h: the beginning of struct kinfo_proc, of `sysctl {CTL_KERN, KERN_PROC, KERN_PROC_PID, pid}`, which the
 * kernel tells everybody: struct extern_proc of sys/proc.h, whose first member is the time of the start.
 */
export const KINFO_PROC = structure(
  { name: 'kinfo_proc as far as p_pid', size: 48 },
  {
    ...{ tv_sec: 'i64', tv_usec: 'i32', p_vmspace: 'u64', p_sigacts: 'u64', p_flag: 'i32', p_stat: 'u8' },
    p_pid: 'i32',
  },
);
/** `sizeof(struct kinfo_proc)`. */
const KINFO_PROC_BYTES = 648;

/** What the kernel tells of one process beyond what ps does. */
type TaskFact = Readonly<NonNullable<ReturnType<typeof taskFactOf>>>;

/** undefined: the bytes are cut, or another process's. `nanosPerTick`: of mach_timebase_info. */
export function taskFactOf(view: DataView, length: number, pid: number, nanosPerTick: number) {
  if (length < PROC_TASKALLINFO.size || view.byteLength < PROC_TASKALLINFO.size) return undefined;
  const read = (name: Parameters<typeof PROC_TASKALLINFO.read>[2]) => PROC_TASKALLINFO.read(view, 0, name);
  if (read('pbi_pid') !== pid) return undefined;
  return {
    gid: read('pbi_gid'),
    threads: read('pti_threadnum'),
    rssBytes: read('pti_resident_size'),
    userNanos: read('pti_total_user') * nanosPerTick,
    systemNanos: read('pti_total_system') * nanosPerTick,
    contextSwitches: read('pti_csw'),
    descriptors: read('pbi_nfiles'),
  };
}

/** When the process was started, in whole seconds since 1970; undefined: there is no such process. */
export function startSecondsOf(view: DataView, length: number, pid: number): number | undefined {
  if (length < KINFO_PROC.size || view.byteLength < KINFO_PROC.size) return undefined;
  return KINFO_PROC.read(view, 0, 'p_pid') === pid ? KINFO_PROC.read(view, 0, 'tv_sec') : undefined;
}
