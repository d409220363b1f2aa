import { join } from 'node:path';
import type { MemorySample } from '../../../src/data/sample/memory-sample.ts';
import { OpError } from '../../../src/kit/errors/op-error.ts';
import { monotonicMicros } from '../clock.ts';
import { SyscallError } from '../libc.ts';
import { KeptText } from '../proc/kept-file.ts';
import { MemInfo, parseMemInfo } from '../proc/meminfo.ts';
import { ZramDevices, type ZramUse } from '../sys/zram.ts';

interface MemoryCollectorOptions {
  /** Default `/proc` and `/sys`. */
  readonly procRoot?: string;
  readonly sysRoot?: string;
  /** Monotonic microseconds. */
  readonly clock?: () => number;
}

const ZRAM_SCAN_INTERVAL_MICROS = 30e6;

/** Memory and swap by /proc/meminfo, zram by sysfs. */
export class MemoryCollector {
  readonly #meminfo: KeptText;
  readonly #zram: ZramDevices;
  readonly #clock: () => number;
  readonly #info = new MemInfo();
  readonly #zramUse: ZramUse = { storedBytes: 0, poolBytes: 0 };
  #nextZramScanMicros = Number.NEGATIVE_INFINITY;

  constructor(options: MemoryCollectorOptions = {}) {
    this.#meminfo = new KeptText(join(options.procRoot ?? '/proc', 'meminfo'), 8192);
    this.#zram = new ZramDevices(options.sysRoot ?? '/sys');
    this.#clock = options.clock ?? monotonicMicros;
  }

  /** Throws OpError where /proc/meminfo cannot be read or is none. */
  collect(): MemorySample {
    const failure = this.#meminfo.read();
    if (failure < 0) throw new SyscallError('read', -failure, this.#meminfo.path);
    if (!parseMemInfo(this.#meminfo.buffer.bytes, this.#meminfo.length, this.#info)) {
      throw new OpError({ op: 'parse /proc/meminfo', code: 'BAD_VALUE' });
    }
    const now = this.#clock();
    if (now >= this.#nextZramScanMicros) {
      this.#nextZramScanMicros = now + ZRAM_SCAN_INTERVAL_MICROS;
      this.#zram.scan();
    }
    return memorySampleOf(this.#info, this.#zram.read(this.#zramUse) ? this.#zramUse : undefined);
  }

  close(): void {
    this.#meminfo.close();
    this.#zram.close();
  }
}

/** What `free` makes of the kernel's numbers. */
function memorySampleOf(info: MemInfo, zram: ZramUse | undefined): MemorySample {
  const availableKib = Number.isNaN(info.memAvailable) ? estimateAvailable(info) : info.memAvailable;
  const isZswapUsed = info.zswapped > 0;
  return {
    totalBytes: info.memTotal * 1024,
    freeBytes: info.memFree * 1024,
    // A container's view may promise more than it has.
    availableBytes: Math.min(availableKib, info.memTotal) * 1024,
    usedBytes: Math.max(0, info.memTotal - availableKib) * 1024,
    buffersBytes: bytesOf(info.buffers),
    cachedBytes: bytesOf(info.cached + (info.sReclaimable || 0)),
    sharedBytes: bytesOf(info.shmem),
    dirtyBytes: bytesOf(info.dirty),
    writebackBytes: bytesOf(info.writeback),
    anonymousBytes: bytesOf(info.anonPages),
    slabBytes: bytesOf(info.slab),
    reclaimableSlabBytes: bytesOf(info.sReclaimable),
    committedBytes: bytesOf(info.committedAs),
    commitLimitBytes: bytesOf(info.commitLimit),
    swapTotalBytes: bytesOf(info.swapTotal),
    swapUsedBytes: bytesOf(Math.max(0, info.swapTotal - info.swapFree)),
    swapCachedBytes: bytesOf(info.swapCached),
    zswapPoolBytes: isZswapUsed ? bytesOf(info.zswap) : undefined,
    zswapStoredBytes: isZswapUsed ? bytesOf(info.zswapped) : undefined,
    zramPoolBytes: zram?.poolBytes,
    zramStoredBytes: zram?.storedBytes,
  };
}

/** Kernels before 3.14: what is free, and the caches but for shared memory, which only swap could free. */
function estimateAvailable(info: MemInfo): number {
  const caches = (info.buffers || 0) + (info.cached || 0) + (info.sReclaimable || 0) - (info.shmem || 0);
  return Math.min(info.memTotal, info.memFree + Math.max(0, caches));
}

function bytesOf(kibibytes: number): number | undefined {
  return Number.isNaN(kibibytes) ? undefined : kibibytes * 1024;
}
