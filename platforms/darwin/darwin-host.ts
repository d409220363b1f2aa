import { hostname, uptime } from 'node:os';
import type { HostFacts } from '../../src/data/sample/platform.ts';
import { openIfPossible } from '../../src/kit/errors/op-error.ts';
import { cString, structure } from './struct.ts';
import type { LazyLibrary } from './system-library.ts';

/** Unit of process start times; ps prints whole seconds. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = process.arch === 'arm64' ? 16_384 : 4096;

/** sys/time.h: struct timeval, of `kern.boottime`. */
const TIMEVAL = structure({ name: 'timeval', size: 16 }, { tv_sec: 'i64', tv_usec: 'i32' });

/** Identity of this machine. The boot time stays what it was at the start of the program: processes count from it. */
export class Host {
  readonly #bootMillis: number;
  readonly #bootId: string;

  constructor(library: LazyLibrary) {
    this.#bootMillis = bootMillis(library) ?? Date.now() - uptime() * 1000;
    this.#bootId = bootSession(library) ?? '';
  }

  get facts(): HostFacts {
    return {
      hostName: hostname(),
      bootId: this.#bootId,
      bootWallMillis: this.#bootMillis,
      clockTicksPerSecond: TICKS_PER_SECOND,
      pageSizeBytes: PAGE_BYTES,
    };
  }

  /** The start of a process by the wall clock, in seconds since 1970, as ticks since boot. */
  startTicks(startSeconds: number): number {
    // Those of the first second were started before the clock was set.
    return Math.max(0, Math.round((startSeconds - this.#bootMillis / 1000) * TICKS_PER_SECOND));
  }

  /** The runtime's clock, which goes on from an arbitrary moment (mach_absolute_time). */
  monotonicMicros(): number {
    return performance.now() * 1000;
  }
}

function bootMillis(library: LazyLibrary): number | undefined {
  const bytes = answer(library, 'kern.boottime');
  if (bytes === undefined || bytes.length < TIMEVAL.size) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return TIMEVAL.read(view, 0, 'tv_sec') * 1000 + TIMEVAL.read(view, 0, 'tv_usec') / 1000;
}

/** A UUID that the kernel makes at each boot, in lower case. */
function bootSession(library: LazyLibrary): string | undefined {
  const bytes = answer(library, 'kern.bootsessionuuid');
  const text = bytes === undefined ? '' : cString(bytes, 0, bytes.length).toLowerCase();
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text) ? text : undefined;
}

/** A sandbox may refuse it: the runtime's answer is as good. */
function answer(library: LazyLibrary, name: string): Uint8Array | undefined {
  return openIfPossible(() => library.get()?.sysctlByName(name));
}
