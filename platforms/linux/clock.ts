import { clockGetTime, localTime, NativeBuffer } from './libc.ts';

/** include/uapi/linux/time.h. */
const CLOCK_MONOTONIC = 1;
const CLOCK_BOOTTIME = 7;
/** include/linux/posix-timers.h: a process's CPU clock by the scheduler's count, all threads together. */
const CPUCLOCK_SCHED = 2;

/** struct timespec: two 64-bit words, seconds and nanoseconds. */
const time = new NativeBuffer(16);
const words = time.u32;

/** CLOCK_MONOTONIC in microseconds, with a fraction. */
export function monotonicMicros(): number {
  clockGetTime(CLOCK_MONOTONIC, time);
  return (words[0]! + words[1]! * 2 ** 32) * 1e6 + words[2]! / 1e3;
}

/** Time since boot with suspension counted (CLOCK_BOOTTIME), in milliseconds; NaN where there is no such clock. */
export function bootTimeMillis(): number {
  if (clockGetTime(CLOCK_BOOTTIME, time) !== 0) return Number.NaN;
  return (words[0]! + words[1]! * 2 ** 32) * 1e3 + words[2]! / 1e6;
}

/**
 * CPU time of all threads of a process, in nanoseconds, or -1: no such process. Needs neither descriptor nor
 * permission. A thread id that is not its group's leader has no process clock (pid_has_task(pid, PIDTYPE_TGID) in
 * kernel/time/posix-cpu-timers.c), so threads are never taken for processes. The pid is one of this program's own
 * pid namespace, whatever /proc is mounted.
 *
 *   clockid   31 ............. 3   2          1   0
 *             ~pid                 per-thread  CPUCLOCK_SCHED
 */
export function processCpuNanos(pid: number): number {
  if (clockGetTime((~pid << 3) | CPUCLOCK_SCHED, time) !== 0) return -1;
  return (words[0]! + words[1]! * 2 ** 32) * 1e9 + words[2]!;
}

/** struct tm: nine ints, padding, and at byte 40 the long tm_gmtoff (glibc, musl). */
const BROKEN_DOWN_BYTES = 56;
const OFFSET_WORD = 10;

const seconds = new NativeBuffer(8);
const brokenDown = new NativeBuffer(BROKEN_DOWN_BYTES);

/** How far local time is ahead of UTC at a wall time, in seconds, by TZ or /etc/localtime; NaN: no such date. */
export function secondsEastOfUtc(wallMillis: number): number {
  const whole = Math.floor(wallMillis / 1000);
  if (!Number.isSafeInteger(whole)) return Number.NaN;
  seconds.view.setBigInt64(0, BigInt(whole), true);
  return localTime(seconds, brokenDown) ? brokenDown.i32[OFFSET_WORD]! : Number.NaN;
}
