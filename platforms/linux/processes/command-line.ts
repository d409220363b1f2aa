import { Errno, type NativeBuffer } from '../libc.ts';
import { emptyPidStat, parsePidStat } from '../proc/pid-stat.ts';
import { PidFile, type ProcDirectory } from '../proc/proc-directory.ts';

/** In uninterruptible sleep (fs/proc/array.c). */
const DISK_SLEEP = 0x44;
const stat = emptyPidStat();

/**
 * Reads /proc/PID/cmdline. Returns bytes or -errno; -EAGAIN: the process is in state D. The kernel reads a command
 * line from the memory of the process, under its lock: where that waits for a disk that is gone, so would we.
 */
export function readCommandLine(proc: ProcDirectory, pid: number, into: NativeBuffer): number {
  const length = proc.readProcessFile(pid, PidFile.STAT, into);
  if (length < 0) return length;
  if (parsePidStat(into.bytes, length, stat) && isInDiskSleep(stat.state)) return -Errno.EAGAIN;
  return proc.readProcessFile(pid, PidFile.COMMAND_LINE, into);
}

/** By the letter of /proc/PID/stat. */
export function isInDiskSleep(state: number): boolean {
  return state === DISK_SLEEP;
}
