import { count, gauge, internal, type Metric, record, seldom, type ValueOf } from './record.ts';

const UNKNOWN = Number.NaN;

/** A field of /proc/meminfo as node_exporter spells it, without parentheses. */
function meminfo(field: string): Metric {
  return gauge(`node_memory_${field}_bytes`, `Memory information field ${field}_bytes.`);
}

/**
 * Memory and swap in bytes. What zswap and zram hold is in RAM: the pools are a part of `usedBytes`, the pages stored
 * in them a part of `swapUsedBytes`, so neither is ever added to either.
 */
export const MEMORY = record({
  totalBytes: count('bytes', UNKNOWN, { json: 'total_bytes', metric: meminfo('MemTotal') }),
  /** total - available, as `free` has it but for the cache of ZFS. */
  usedBytes: count('bytes', UNKNOWN, { json: 'used_bytes' }),
  freeBytes: count('bytes', UNKNOWN, { metric: meminfo('MemFree') }),
  /** What programs could get without swapping; estimated from free, buffers and cache on kernels before 3.14. */
  availableBytes: count('bytes', UNKNOWN, { json: 'available_bytes', metric: meminfo('MemAvailable') }),
  buffersBytes: count('bytes', undefined, { metric: meminfo('Buffers') }),
  /** Page cache with reclaimable slab, shared memory included, as `free` has it. */
  cachedBytes: count('bytes', undefined, { json: 'cached_bytes', metric: meminfo('Cached') }),
  /** What ZFS would give back of its cache (ARC): a part of available and cached, not of used. undefined without ZFS. */
  reclaimableArcBytes: seldom(count('bytes', undefined, { json: 'zfs_cache_bytes' })),
  swapCachedBytes: count('bytes', undefined, { metric: meminfo('SwapCached') }),
  /** 0: there is no swap. undefined: the kernel does not tell. */
  swapTotalBytes: count('bytes', undefined, { json: 'swap_total_bytes', metric: meminfo('SwapTotal') }),
  swapUsedBytes: count('bytes', undefined, { json: 'swap_used_bytes', metric: meminfo('SwapFree') }),
  /** Compressed pool in RAM and the pages in it; undefined without zswap. */
  zswapPoolBytes: count('bytes', undefined, { metric: meminfo('Zswap') }),
  zswapStoredBytes: count('bytes', undefined, { metric: meminfo('Zswapped') }),
  dirtyBytes: count('bytes', undefined, { metric: meminfo('Dirty') }),
  writebackBytes: count('bytes', undefined, { metric: meminfo('Writeback') }),
  anonymousBytes: count('bytes', undefined, { metric: meminfo('AnonPages') }),
  sharedBytes: count('bytes', undefined, { metric: meminfo('Shmem') }),
  slabBytes: count('bytes', undefined, { metric: meminfo('Slab') }),
  /** The part of `slabBytes` and of `cachedBytes` that is no page cache. */
  reclaimableSlabBytes: internal(
    'is for /metrics alone',
    count('bytes', undefined, { metric: meminfo('SReclaimable') }),
  ),
  commitLimitBytes: count('bytes', undefined, { metric: meminfo('CommitLimit') }),
  committedBytes: count('bytes', undefined, { metric: meminfo('Committed_AS') }),
  /** RAM that the zram devices take and the data in them; undefined without any in use. */
  zramPoolBytes: count('bytes'),
  zramStoredBytes: count('bytes'),
  /** The tightest limit on the control groups of the program that tells this, and what is charged to that group. */
  groupLimitBytes: seldom(count('bytes', undefined, { json: 'cgroup_limit_bytes' })),
  groupUsedBytes: seldom(count('bytes', undefined, { json: 'cgroup_used_bytes' })),
});
export type MemorySample = ValueOf<typeof MEMORY>;
