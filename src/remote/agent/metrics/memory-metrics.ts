import { MEMORY, type MemorySample } from '../../../data/schema/memory-sample.ts';
import type { ExpositionWriter } from './exposition-writer.ts';
import { NO_LABELS } from './labels.ts';
import { RecordFamilies } from './record-families.ts';

const FAMILIES = new RecordFamilies<MemorySample>(MEMORY, {
  // The kernel's own figures know nothing of the cache of ZFS.
  availableBytes: ({ availableBytes, reclaimableArcBytes = 0 }) => availableBytes - reclaimableArcBytes,
  cachedBytes: ({ cachedBytes, reclaimableSlabBytes, reclaimableArcBytes = 0 }) =>
    difference(difference(cachedBytes, reclaimableSlabBytes), reclaimableArcBytes),
  // The family is that of what is free.
  swapUsedBytes: ({ swapTotalBytes, swapUsedBytes }) => difference(swapTotalBytes, swapUsedBytes),
});

/** node_exporter's collector meminfo, as far as MemorySample goes. */
export function writeMemory(writer: ExpositionWriter, memory: MemorySample): void {
  FAMILIES.each(writer, (put) => put(NO_LABELS, memory));
}

/** Missing where either is. */
function difference(whole: number | undefined, part: number | undefined): number | undefined {
  return whole === undefined || part === undefined ? undefined : Math.max(0, whole - part);
}
