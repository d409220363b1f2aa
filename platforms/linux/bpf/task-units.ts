import { readFileSync } from 'node:fs';
import { orUndefined } from '../../../src/kit/errors/op-error.ts';
import { CLOCK_TICKS_PER_SECOND } from '../libc.ts';

const TWO_32 = 2 ** 32;
const NANOS_PER_TICK = 1e9 / CLOCK_TICKS_PER_SECOND;
const TICKS_PER_HIGH_WORD = Math.floor(TWO_32 / NANOS_PER_TICK);
const REST_PER_HIGH_WORD = TWO_32 - TICKS_PER_HIGH_WORD * NANOS_PER_TICK;

/**
 * Nanoseconds, in two words, in whole clock ticks as nsec_to_clock_t of kernel/time/time.c has them. Beyond 104 days
 * nanoseconds are no exact numbers any more, so the words are divided one by one.
 */
export function ticksOfNanos(low: number, high: number): number {
  return high * TICKS_PER_HIGH_WORD + Math.floor((high * REST_PER_HIGH_WORD + low) / NANOS_PER_TICK);
}

const NANOS = 1_000_000_000;

/**
 * How far CLOCK_BOOTTIME is ahead of the machine's for this process, in ns: by time_namespaces(7), 0 where it is in
 * none of its own. Programs in the kernel know the machine's time alone.
 */
export const BOOT_OFFSET_NANOS = readBootOffset();

/** When a task started, in ns of the machine in two words, as /proc/PID/stat shows it to this process in ticks. */
export function startTicksOf(low: number, high: number): number {
  const ticks = ticksOfNanos(low, high);
  return BOOT_OFFSET_NANOS === 0 ? ticks : ticks + (BOOT_OFFSET_NANOS / NANOS) * CLOCK_TICKS_PER_SECOND;
}

/** Of `boottime SECONDS NANOSECONDS`; ticks are whole where the nanoseconds are a multiple of one, as tools make them. */
function readBootOffset(): number {
  const text = orUndefined(() => readFileSync('/proc/self/timens_offsets', 'latin1')) ?? '';
  const [, seconds = '0', nanos = '0'] = /^boottime\s+(-?\d+)\s+(\d+)$/m.exec(text) ?? [];
  return Number(seconds) * NANOS + Number(nanos);
}

/** TASK_REPORT and what stands beside it in include/linux/sched.h. */
const REPORTED_FLAGS = 0x7f;
const UNINTERRUPTIBLE = 2;
const IDLE = 0x402;
const FROZEN = 0x8000;
/** By the highest flag set: task_state_array of fs/proc/array.c. */
const LETTERS = [0x52, 0x53, 0x44, 0x54, 0x74, 0x58, 0x5a, 0x50] as const;
const LETTER_IDLE = 0x49;

/** The letter that /proc/PID/stat shows for a task's state and exit state: task_state_index of include/linux/sched.h. */
export function stateLetter(state: number, exitState: number): number {
  if ((state & IDLE) === IDLE) return LETTER_IDLE;
  const reported = (state & FROZEN) === 0 ? (state | exitState) & REPORTED_FLAGS : UNINTERRUPTIBLE;
  return LETTERS[32 - Math.clz32(reported)]!;
}
