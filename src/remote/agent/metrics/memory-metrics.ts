import type { MemorySample } from '../../../data/schema/memory-sample.ts';
import type { ExpositionWriter } from './exposition-writer.ts';
import { type Family, gauge } from './family.ts';
import { NO_LABELS } from './labels.ts';

type Read = (memory: MemorySample) => number | undefined;

/** Fields of /proc/meminfo as node_exporter spells them, without parentheses. */
const FIELDS: readonly (readonly [field: string, read: Read])[] = [
  ['MemTotal', (memory) => memory.totalBytes],
  ['MemFree', (memory) => memory.freeBytes],
  // The kernel's own figures know nothing of the cache of ZFS.
  ['MemAvailable', (memory) => memory.availableBytes - (memory.reclaimableArcBytes ?? 0)],
  ['Buffers', (memory) => memory.buffersBytes],
  ['Cached', pageCache],
  ['SwapCached', (memory) => memory.swapCachedBytes],
  ['SwapTotal', (memory) => memory.swapTotalBytes],
  ['SwapFree', (memory) => difference(memory.swapTotalBytes, memory.swapUsedBytes)],
  ['Zswap', (memory) => memory.zswapPoolBytes],
  ['Zswapped', (memory) => memory.zswapStoredBytes],
  ['Dirty', (memory) => memory.dirtyBytes],
  ['Writeback', (memory) => memory.writebackBytes],
  ['AnonPages', (memory) => memory.anonymousBytes],
  ['Shmem', (memory) => memory.sharedBytes],
  ['Slab', (memory) => memory.slabBytes],
  ['SReclaimable', (memory) => memory.reclaimableSlabBytes],
  ['CommitLimit', (memory) => memory.commitLimitBytes],
  ['Committed_AS', (memory) => memory.committedBytes],
];

const FAMILIES: readonly (readonly [family: Family, read: Read])[] = FIELDS.map(([field, read]) => [
  gauge(`node_memory_${field}_bytes`, `Memory information field ${field}_bytes.`, 'bytes'),
  read,
]);

/** node_exporter's collector meminfo, as far as MemorySample goes. */
export function writeMemory(writer: ExpositionWriter, memory: MemorySample): void {
  for (const [family, read] of FAMILIES) writer.sample(family, NO_LABELS, read(memory));
}

function pageCache({ cachedBytes, reclaimableSlabBytes, reclaimableArcBytes = 0 }: MemorySample) {
  return difference(difference(cachedBytes, reclaimableSlabBytes), reclaimableArcBytes);
}

/** Missing where either is. */
function difference(whole: number | undefined, part: number | undefined): number | undefined {
  return whole === undefined || part === undefined ? undefined : Math.max(0, whole - part);
}
