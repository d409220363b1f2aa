import type { MemorySample } from '../../../src/data/schema/memory-sample.ts';
import { KeyedNumbers } from './text-scanner.ts';

/** The lines kept of /proc/meminfo, in the order of every kernel. */
const LINES = new KeyedNumbers({
  ...{ memTotal: 'MemTotal:', memFree: 'MemFree:', memAvailable: 'MemAvailable:', buffers: 'Buffers:' },
  ...{ cached: 'Cached:', swapCached: 'SwapCached:', swapTotal: 'SwapTotal:', swapFree: 'SwapFree:' },
  ...{ zswap: 'Zswap:', zswapped: 'Zswapped:', dirty: 'Dirty:', writeback: 'Writeback:' },
  ...{ anonPages: 'AnonPages:', shmem: 'Shmem:', slab: 'Slab:', sReclaimable: 'SReclaimable:' },
  ...{ commitLimit: 'CommitLimit:', committedAs: 'Committed_AS:' },
});
/** In KiB as the kernel prints them; NaN where the line is missing. */
type MemInfo = ReturnType<typeof emptyMemInfo>;

export function emptyMemInfo() {
  return LINES.empty();
}

/**
 * /proc/meminfo (fs/proc/meminfo.c) into `into`; false where it does not even tell the total.
 *
 *   MemTotal:       24684084 kB
 */
export function parseMemInfo(bytes: Uint8Array, length: number, into: MemInfo): boolean {
  LINES.parse(bytes, length, into);
  return into.memTotal > 0 && into.memFree >= 0;
}

/** Data in zram devices, and the RAM that they take for it. */
export interface ZramUse {
  storedBytes: number;
  poolBytes: number;
}

/**
 * What `free` makes of the kernel's numbers, but that the cache of ZFS is cache, as htop has it: the kernel knows it as
 * memory in use alone.
 */
export function memorySampleOf(
  info: MemInfo,
  zram: ZramUse | undefined,
  reclaimableArc: number | undefined,
): MemorySample {
  const availableKib = Number.isNaN(info.memAvailable) ? estimateAvailable(info) : info.memAvailable;
  const isZswapUsed = info.zswapped > 0;
  const usedBytes = Math.max(0, info.memTotal - availableKib) * 1024;
  // A container sees the cache of its host, which is none of what it uses.
  const arcBytes = (reclaimableArc ?? 0) > usedBytes ? undefined : reclaimableArc;
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
