import { hostname } from 'node:os';
import type { HostFacts } from '../../../src/data/sample/platform.ts';
import { bootTimeMillis } from '../clock.ts';
import { NativeBuffer } from '../libc.ts';
import { parseBootId } from '../proc/boot-id.ts';
import type { ProcDirectory } from '../proc/proc-directory.ts';
import { parseBootWallSeconds } from '../proc/stat.ts';
import { CLOCK_TICKS_PER_SECOND, PAGE_SIZE_BYTES } from '../system-units.ts';

export { CLOCK_TICKS_PER_SECOND, PAGE_SIZE_BYTES };

/** /proc/stat has a line per CPU and one for the interrupts before `btime`. */
const STAT_SIZE = 256 * 1024;

/** What does not change while the program runs. The boot id is empty where the kernel does not tell one. */
export function readHostFacts(proc: ProcDirectory): HostFacts {
  const buffer = new NativeBuffer(128);
  const length = proc.readFile('sys/kernel/random/boot_id', buffer);
  return {
    hostName: hostname(),
    bootId: (length > 0 ? parseBootId(buffer.bytes, length) : undefined) ?? '',
    bootWallMillis: readBootWallMillis(proc),
    clockTicksPerSecond: CLOCK_TICKS_PER_SECOND,
    pageSizeBytes: PAGE_SIZE_BYTES,
  };
}

/** The boot clock knows fractions of a second, which `btime` of /proc/stat cuts off; `btime` where there is none. */
function readBootWallMillis(proc: ProcDirectory): number {
  const sinceBoot = bootTimeMillis();
  if (!Number.isNaN(sinceBoot)) return Date.now() - sinceBoot;
  const buffer = new NativeBuffer(STAT_SIZE);
  const length = proc.readFile('stat', buffer);
  return length > 0 ? parseBootWallSeconds(buffer.bytes, length) * 1000 : Number.NaN;
}
