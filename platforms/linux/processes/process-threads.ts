import type { Slice } from '../../../src/data/sample/slice.ts';
import type { ThreadSample } from '../../../src/data/schema/process-detail.ts';
import { NativeBuffer } from '../libc.ts';
import { emptyPidStat, parsePidStat } from '../proc/pid-stat.ts';
import { PidFile, ProcDirectory } from '../proc/proc-directory.ts';
import { PidListing } from './pid-listing.ts';

/** A screen scrolls through so many; a process may have a million. */
const THREADS_LIMIT = 4096;
const THREADS_BETWEEN_RESTS = 16;

const text = new NativeBuffer(4096);
const stat = emptyPidStat();
const decoder = new TextDecoder();

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
  const length = tasks.readProcessFile(tid, PidFile.STAT, text);
  if (length <= 0 || !parsePidStat(text.bytes, length, stat)) return undefined;
  const { state, userTicks, systemTicks, startTicks, nameStart, nameEnd } = stat;
  const name = decoder.decode(text.bytes.subarray(nameStart, nameEnd));
  return { tid, name, state, userTicks, systemTicks, startTicks };
}
