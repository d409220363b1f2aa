/**
 * Memory and swap in bytes. What zswap and zram hold is in RAM: the pools are a part of `usedBytes`, the pages stored
 * in them a part of `swapUsedBytes`, so neither is ever added to either.
 */
export interface MemorySample {
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** What programs could get without swapping; estimated from free, buffers and cache on kernels before 3.14. */
  readonly availableBytes: number;
  /** total - available, as `free` has it but for the cache of ZFS. */
  readonly usedBytes: number;
  readonly buffersBytes: number | undefined;
  /** Page cache with reclaimable slab, shared memory included, as `free` has it. */
  readonly cachedBytes: number | undefined;
  /** What ZFS would give back of its cache (ARC): a part of available and cached, not of used. undefined without ZFS. */
  readonly reclaimableArcBytes?: number | undefined;
  readonly sharedBytes: number | undefined;
  readonly dirtyBytes: number | undefined;
  readonly writebackBytes: number | undefined;
  readonly anonymousBytes: number | undefined;
  readonly slabBytes: number | undefined;
  /** The part of `slabBytes` and of `cachedBytes` that is no page cache; not on the wire. */
  readonly reclaimableSlabBytes?: number | undefined;
  readonly committedBytes: number | undefined;
  readonly commitLimitBytes: number | undefined;
  /** 0: there is no swap. undefined: the kernel does not tell. */
  readonly swapTotalBytes: number | undefined;
  readonly swapUsedBytes: number | undefined;
  readonly swapCachedBytes: number | undefined;
  /** Compressed pool in RAM and the pages in it; undefined without zswap. */
  readonly zswapPoolBytes: number | undefined;
  readonly zswapStoredBytes: number | undefined;
  /** RAM that the zram devices take and the data in them; undefined without any in use. */
  readonly zramPoolBytes: number | undefined;
  readonly zramStoredBytes: number | undefined;
}
