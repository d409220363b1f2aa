import { hostname, release } from 'node:os';
import type { HostFacts } from '../../src/data/sample/platform.ts';
import { bootTimeMillis, monotonicMicros } from './clock.ts';
import { CLOCK_TICKS_PER_SECOND, NativeBuffer, PAGE_SIZE_BYTES } from './libc.ts';
import { ProcDirectory } from './proc/proc-directory.ts';
import { parseBootWallSeconds } from './proc/stat.ts';

export { CLOCK_TICKS_PER_SECOND, PAGE_SIZE_BYTES };

/** /proc/stat has a line per CPU and one for the interrupts before `btime`. */
const STAT_SIZE = 256 * 1024;
/** What two clocks may differ by that are read one after the other; a step of the wall clock is more. */
const NOISE_MILLIS = 100;
/** Interval for reading /proc/stat if the boot time comes from there. */
const STAT_INTERVAL_MICROS = 10e6;

/**
 * Who this machine is, now: its name may be changed and its clock set while the program runs (a board without a clock
 * starts in the past until NTP answers).
 */
export class Host {
  readonly #procRoot: string;
  #facts: HostFacts;
  #nextStatMicros = Number.NEGATIVE_INFINITY;
  #bootByStat = Number.NaN;

  /** Throws SyscallError where the root cannot be opened. */
  constructor(procRoot: string) {
    this.#procRoot = procRoot;
    this.#facts = {
      hostName: hostname(),
      bootId: this.#readBootId(),
      bootWallMillis: this.#readBootWallMillis(),
      clockTicksPerSecond: CLOCK_TICKS_PER_SECOND,
      pageSizeBytes: PAGE_SIZE_BYTES,
    };
  }

  /** Returns the same object while nothing changes. The boot id is empty if the kernel has none. */
  get facts(): HostFacts {
    const hostName = hostname();
    const boot = this.#readBootWallMillis();
    const known = this.#facts;
    const isSameBoot = !(Math.abs(boot - known.bootWallMillis) > NOISE_MILLIS);
    if (hostName !== known.hostName || !isSameBoot) {
      this.#facts = { ...known, hostName, bootWallMillis: isSameBoot ? known.bootWallMillis : boot };
    }
    return this.#facts;
  }

  #readBootId(): string {
    const proc = new ProcDirectory(this.#procRoot);
    const buffer = new NativeBuffer(128);
    const length = proc.readFile('sys/kernel/random/boot_id', buffer);
    proc.close();
    return (length > 0 ? parseBootId(buffer.bytes, length) : undefined) ?? '';
  }

  /** Computed from the boot clock, with fractions of a second; falls back to `btime` of /proc/stat (whole seconds). */
  #readBootWallMillis(): number {
    const sinceBoot = bootTimeMillis();
    if (!Number.isNaN(sinceBoot)) return Date.now() - sinceBoot;
    const now = monotonicMicros();
    if (now < this.#nextStatMicros) return this.#bootByStat;
    this.#nextStatMicros = now + STAT_INTERVAL_MICROS;
    const proc = new ProcDirectory(this.#procRoot);
    const buffer = new NativeBuffer(STAT_SIZE);
    const length = proc.readFile('stat', buffer);
    proc.close();
    this.#bootByStat = length > 0 ? parseBootWallSeconds(buffer.bytes, length) * 1000 : Number.NaN;
    return this.#bootByStat;
  }
}

/** Whether the kernel's version is this one or a later one. */
export function isKernelAtLeast(major: number, minor: number, kernelRelease = release()): boolean {
  const [ownMajor = 0, ownMinor = 0] = kernelRelease.split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

const decoder = new TextDecoder();

/** /proc/sys/kernel/random/boot_id: a UUID in lower case, or undefined where the text is none. */
export function parseBootId(bytes: Uint8Array, length: number): string | undefined {
  const text = decoder.decode(bytes.subarray(0, Math.min(length, bytes.length))).trim();
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text) ? text : undefined;
}
