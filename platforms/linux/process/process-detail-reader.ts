import { readdirSync, statSync } from 'node:fs';
import type { Slice } from '../../../src/data/sample/slice.ts';
import type { ChildFacts, ProcessDetail, ThreadSample } from '../../../src/data/schema/process-detail.ts';
import { orUndefined } from '../../../src/kit/errors/op-error.ts';
import { processCpuNanos } from '../clock.ts';
import { Errno, NativeBuffer, SyscallError, sharedBuffer } from '../libc.ts';
import type { MountEntry } from '../proc/mountinfo.ts';
import { linkTarget } from '../proc/namespace-links.ts';
import { type PidStatm, parseCommandLine, parseControlGroup } from '../proc/pid-files.ts';
import { emptyPidStat, type PidStat } from '../proc/pid-stat.ts';
import { type PidStatusDetail, parsePidStatusDetail } from '../proc/pid-status.ts';
import { PidFile, ProcDirectory } from '../proc/proc-directory.ts';
import { decodeText, known } from '../proc/text-scanner.ts';
import { PidListing } from '../processes/pid-listing.ts';
import { isInDiskSleep } from '../processes/process-source.ts';
import type { ProcessUsageReader } from '../processes/process-usage.ts';
import { readGroupMounts, readGroupWaits } from './group-waits.ts';

interface ProcessDetailOptions {
  readonly proc: ProcDirectory;
  readonly usage: ProcessUsageReader;
  readonly pageSizeBytes: number;
  readonly ticksPerSecond: number;
  /** Whether this program's system calls know the pids of `proc`. */
  readonly hasClocks: boolean;
}

/** Reads all of one process that one look at it gives; the threads and children are others' business. */
export class ProcessDetailReader {
  readonly #options: ProcessDetailOptions;
  readonly #stat: PidStat = emptyPidStat();
  #groupMounts: readonly MountEntry[] | undefined;

  constructor(options: ProcessDetailOptions) {
    this.#options = options;
  }

  /** Throws SyscallError, `ESRCH` where there is no such process. */
  read(pid: number): ProcessDetail {
    const name = this.#readStat(pid);
    const { proc } = this.#options;
    const path = `${proc.root}/${pid}`;
    const status = this.#readStatus(pid);
    const { ppid, state, startTicks, userTicks, systemTicks, threads, nice } = this.#stat;
    return {
      pid,
      ppid,
      name,
      state,
      startTicks,
      userTicks,
      systemTicks,
      cpuNanos: this.#cpuNanos(pid),
      threadCount: threads,
      nice,
      effectiveUid: known(status.effectiveUid),
      effectiveGid: known(status.effectiveGid),
      ...this.#readMemory(pid),
      swappedBytes: known(status.swapKibibytes * 1024),
      commandLine: this.#readCommandLine(pid, state),
      executablePath: linkTarget(`${path}/exe`),
      workingDirectory: linkTarget(`${path}/cwd`),
      ...this.#readGroup(pid),
      descriptorCount: countDescriptors(`${path}/fd`),
      ...this.#readIo(pid),
      voluntarySwitches: known(status.voluntarySwitches),
      involuntarySwitches: known(status.involuntarySwitches),
    };
  }

  /** What the table does not say of a child; undefined: it is gone, or another's by now. */
  readChild(pid: number, parent: number): ChildFacts | undefined {
    if (this.#tryStat(pid) < 0 || this.#stat.ppid !== parent) return undefined;
    const { state } = this.#stat;
    const { virtualBytes } = this.#readMemory(pid);
    const effectiveGid = known(this.#readStatus(pid).effectiveGid);
    return { pid, virtualBytes, effectiveGid, commandLine: this.#readCommandLine(pid, state) };
  }

  /** undefined: there is no such process, or it is hidden. */
  startTicks(pid: number): number | undefined {
    return this.#tryStat(pid) > 0 ? this.#stat.startTicks : undefined;
  }

  /** Bytes of `stat`, which is parsed, or -errno. */
  #tryStat(pid: number): number {
    const { proc, hasClocks } = this.#options;
    const length = pid > 0 ? proc.readStat(pid, sharedBuffer, this.#stat) : -Errno.ESRCH;
    if (length < 0) return length === -Errno.ENOENT ? -Errno.ESRCH : length;
    // A mere thread has these files too, though /proc does not list it; it has no process clock.
    return hasClocks && processCpuNanos(pid) < 0 ? -Errno.ESRCH : length;
  }

  /** The name. */
  #readStat(pid: number): string {
    const length = this.#tryStat(pid);
    if (length < 0) throw new SyscallError('read process', -length, String(pid));
    return decodeText(sharedBuffer.bytes.subarray(this.#stat.nameStart, this.#stat.nameEnd));
  }

  #readStatus(pid: number): PidStatusDetail {
    const length = this.#options.proc.readProcessFile(pid, PidFile.STATUS, sharedBuffer);
    return parsePidStatusDetail(sharedBuffer.bytes, Math.max(0, length));
  }

  #readCommandLine(pid: number, state: number): string | undefined {
    return isInDiskSleep(state) ? undefined : this.#readText(pid, PidFile.COMMAND_LINE, parseCommandLine);
  }

  #readText(
    pid: number,
    file: Uint8Array,
    parse: (bytes: Uint8Array, length: number) => string | undefined,
  ): string | undefined {
    const length = this.#options.proc.readProcessFile(pid, file, sharedBuffer);
    return length > 0 ? parse(sharedBuffer.bytes, length) : undefined;
  }

  #cpuNanos(pid: number): number {
    const nanos = this.#options.hasClocks ? processCpuNanos(pid) : -1;
    if (nanos >= 0) return nanos;
    return ((this.#stat.userTicks + this.#stat.systemTicks) * 1e9) / this.#options.ticksPerSecond;
  }

  #readMemory(pid: number): Pick<ProcessDetail, 'residentBytes' | 'sharedBytes' | 'virtualBytes'> {
    const { usage, pageSizeBytes } = this.#options;
    const statm: PidStatm = { virtualPages: 0, residentPages: 0, sharedPages: 0 };
    const isExact = usage.readStatm(pid, statm);
    return {
      residentBytes: (isExact ? statm.residentPages : this.#stat.rssPages) * pageSizeBytes,
      sharedBytes: isExact ? statm.sharedPages * pageSizeBytes : undefined,
      virtualBytes: isExact ? statm.virtualPages * pageSizeBytes : undefined,
    };
  }

  #readGroup(pid: number): Pick<ProcessDetail, 'cgroup' | 'groupWaits'> {
    const cgroup = this.#readText(pid, PidFile.CONTROL_GROUP, parseControlGroup);
    const text = this.#readText(pid, PidFile.CONTROL_GROUP, (bytes, length) =>
      decodeText(bytes.subarray(0, length)),
    );
    const groupWaits = text === undefined ? undefined : readGroupWaits(text, this.#mounts());
    return { cgroup, ...(groupWaits && { groupWaits }) };
  }

  /** Read once: hierarchies of control groups are mounted when the machine starts. */
  #mounts(): readonly MountEntry[] {
    this.#groupMounts ??= readGroupMounts(this.#options.proc.root);
    return this.#groupMounts;
  }

  #readIo(pid: number): Pick<ProcessDetail, 'readBytes' | 'writtenBytes'> {
    const io = { readBytes: 0, writtenBytes: 0, readCalls: 0, writeCalls: 0 };
    const isKnown = this.#options.usage.readIo(pid, io);
    if (isKnown) return { readBytes: io.readBytes, writtenBytes: io.writtenBytes };
    return { readBytes: undefined, writtenBytes: undefined };
  }
}

/**
 * Number of open descriptors: from the size of /proc/PID/fd since 6.2, else by listing it. undefined: not permitted.
 */
function countDescriptors(path: string): number | undefined {
  return orUndefined(() => {
    const { size, blocks } = statSync(path);
    return size > 0 && blocks === 0 ? size : readdirSync(path).length;
  });
}

/** A screen scrolls through so many; a process may have a million. */
const THREADS_LIMIT = 4096;
const THREADS_BETWEEN_RESTS = 16;

const text = new NativeBuffer(4096);
const stat = emptyPidStat();

/** Threads of a process by tid, those that can be read. Rejects with SyscallError where it is gone. */
export async function readThreads(procRoot: string, pid: number, slice: Slice): Promise<ThreadSample[]> {
  // A task's files are those of a process, one folder further down.
  const tasks = new ProcDirectory(`${procRoot}/${pid}/task`);
  try {
    const listing = new PidListing(tasks);
    await listing.read(slice);
    const tids = listing.pids.slice(0, listing.count).sort().subarray(0, THREADS_LIMIT);
    const threads: ThreadSample[] = [];
    for (const [i, tid] of tids.entries()) {
      const thread = readThread(tasks, tid);
      if (thread !== undefined) threads.push(thread);
      if (i % THREADS_BETWEEN_RESTS === 0 && slice.due()) await slice.rest();
    }
    return threads;
  } finally {
    tasks.close();
  }
}

function readThread(tasks: ProcDirectory, tid: number): ThreadSample | undefined {
  if (tasks.readStat(tid, text, stat) < 0) return undefined;
  const { state, userTicks, systemTicks, startTicks, nameStart, nameEnd } = stat;
  const name = decodeText(text.bytes.subarray(nameStart, nameEnd));
  return { tid, name, state, userTicks, systemTicks, startTicks };
}
