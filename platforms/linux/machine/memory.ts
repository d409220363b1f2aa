import { join } from 'node:path';
import type { MemorySample } from '../../../src/data/schema/memory-sample.ts';
import { OpError } from '../../../src/kit/errors/op-error.ts';
import { monotonicMicros } from '../clock.ts';
import { SyscallError } from '../libc.ts';
import { parseReclaimableArcBytes } from '../proc/arcstats.ts';
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

/** Modules may be loaded later. */
const SCAN_INTERVAL_MICROS = 30e6;

/** Memory and swap by /proc/meminfo, zram by sysfs, the cache of ZFS by its own statistics. */
export class MemoryCollector {
  readonly #meminfo: KeptText;
  readonly #arcstats: KeptText;
  readonly #zram: ZramDevices;
  readonly #clock: () => number;
  readonly #info = new MemInfo();
  readonly #zramUse: ZramUse = { storedBytes: 0, poolBytes: 0 };
  #hasArc = false;
  #nextScanMicros = Number.NEGATIVE_INFINITY;

  constructor(options: MemoryCollectorOptions = {}) {
    this.#meminfo = new KeptText(join(options.procRoot ?? '/proc', 'meminfo'), 8192);
    this.#arcstats = new KeptText(join(options.procRoot ?? '/proc', 'spl/kstat/zfs/arcstats'), 16 * 1024);
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
    if (now >= this.#nextScanMicros) {
      this.#nextScanMicros = now + SCAN_INTERVAL_MICROS;
      this.#zram.scan();
      this.#hasArc = true;
    }
    const zram = this.#zram.read(this.#zramUse) ? this.#zramUse : undefined;
    return memorySampleOf(this.#info, zram, this.#readArc());
  }

  /** undefined: there is no ZFS. */
  #readArc(): number | undefined {
    if (!this.#hasArc) return undefined;
    this.#hasArc = this.#arcstats.read() === 0;
    const bytes = parseReclaimableArcBytes(this.#arcstats.buffer.bytes, this.#arcstats.length);
    return Number.isNaN(bytes) ? undefined : bytes;
  }

  close(): void {
    this.#meminfo.close();
    this.#arcstats.close();
    this.#zram.close();
  }
}

/**
 * What `free` makes of the kernel's numbers, but that the cache of ZFS is cache, as htop has it: the kernel knows it as
 * memory in use alone.
 */
function memorySampleOf(
  info: MemInfo,
  zram: ZramUse | undefined,
  reclaimableArc: number | undefined,
): MemorySample {
  const availableKib = Number.isNaN(info.memAvailable) ? estimateAvailable(info) : info.memAvailable;
  const isZswapUsed = info.zswapped > 0;
  const usedBytes = Math.max(0, info.memTotal - availableKib) * 1024;
  // A container sees the cache of its host.
  const arcBytes = reclaimableArc === undefined ? undefined : Math.min(reclaimableArc, usedBytes);
  const cachedBytes = bytesOf(info.cached + (info.sReclaimable || 0));
  return {
    totalBytes: info.memTotal * 1024,
    freeBytes: info.memFree * 1024,
    // A container's view may promise more than it has.
    availableBytes: Math.min(availableKib, info.memTotal) * 1024 + (arcBytes ?? 0),
    usedBytes: usedBytes - (arcBytes ?? 0),
    buffersBytes: bytesOf(info.buffers),
    cachedBytes: cachedBytes === undefined ? undefined : cachedBytes + (arcBytes ?? 0),
    reclaimableArcBytes: arcBytes,
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
