import type { MemorySample } from '../../src/data/schema/memory-sample.ts';
import { MEMORY } from '../../src/data/schema/memory-sample.ts';
import { unknownRecord } from '../../src/data/schema/record.ts';
import { structure } from './struct.ts';

/** Memory in pages, as both sources tell it; NaN: not told. */
interface PageCounts {
  readonly pageBytes: number;
  readonly free: number;
  readonly speculative: number;
  readonly wired: number;
  readonly purgeable: number;
  /** Of programs, and of files. */
  readonly anonymous: number;
  readonly fileBacked: number;
  /** What the compressor takes. */
  readonly compressor: number;
}

interface SwapUsage {
  readonly totalBytes: number;
  readonly usedBytes: number;
}

/**
 * mach/vm_statistics.h: struct vm_statistics64, of `host_statistics64(HOST_VM_INFO64)`. Unlike vm_stat's, its free
 * pages have the speculative ones among them.
 */
export const VM_STATISTICS64 = structure(
  { name: 'vm_statistics64', size: 152 },
  {
    ...{ free_count: 'u32', active_count: 'u32', inactive_count: 'u32', wire_count: 'u32' },
    ...{ zero_fill_count: 'u64', reactivations: 'u64', pageins: 'u64', pageouts: 'u64', faults: 'u64' },
    ...{ cow_faults: 'u64', lookups: 'u64', hits: 'u64', purges: 'u64' },
    ...{ purgeable_count: 'u32', speculative_count: 'u32', decompressions: 'u64', compressions: 'u64' },
    ...{ swapins: 'u64', swapouts: 'u64', compressor_page_count: 'u32', throttled_count: 'u32' },
    ...{ external_page_count: 'u32', internal_page_count: 'u32' },
    ...{ total_uncompressed_pages_in_compressor: 'u64' },
  },
);

/** undefined: it is cut. `words`: how many 32-bit words the kernel has filled. */
export function pageCountsOf(view: DataView, words: number, pageBytes: number): PageCounts | undefined {
  if (words * 4 < VM_STATISTICS64.size || view.byteLength < VM_STATISTICS64.size) return undefined;
  const read = (name: Parameters<typeof VM_STATISTICS64.read>[2]) => VM_STATISTICS64.read(view, 0, name);
  const speculative = read('speculative_count');
  return {
    pageBytes,
    free: Math.max(0, read('free_count') - speculative),
    speculative,
    wired: read('wire_count'),
    purgeable: read('purgeable_count'),
    anonymous: read('internal_page_count'),
    fileBacked: read('external_page_count'),
    compressor: read('compressor_page_count'),
  };
}

/**
 * vm_stat(1). undefined: it says no page size, without which nothing means anything.
 *
 *   Mach Virtual Memory Statistics: (page size of 16384 bytes)
 *   Pages free:                                    36722.
 */
export function parseVmStat(text: string): PageCounts | undefined {
  const pageBytes = Number(/\(page size of (\d{1,9}) bytes\)/.exec(text)?.[1] ?? 0);
  // A power of two; else the text is cut in the number, or lies.
  if (pageBytes < 1024 || Math.log2(pageBytes) % 1 !== 0) return undefined;
  const figures = new Map<string, number>();
  for (const [, name, count] of text.matchAll(/^"?([^":\n]+)"?:\s+(\d{1,18})\.$/gm)) {
    figures.set(name!, Number(count));
  }
  const figure = (name: string): number => figures.get(name) ?? Number.NaN;
  return {
    pageBytes,
    free: figure('Pages free'),
    speculative: figure('Pages speculative'),
    wired: figure('Pages wired down'),
    purgeable: figure('Pages purgeable'),
    anonymous: figure('Anonymous pages'),
    fileBacked: figure('File-backed pages'),
    compressor: figure('Pages occupied by compressor'),
  };
}

/** sys/sysctl.h: struct xsw_usage, of `vm.swapusage`. */
export const XSW_USAGE = structure(
  { name: 'xsw_usage', size: 32 },
  { xsu_total: 'u64', xsu_avail: 'u64', xsu_used: 'u64', xsu_pagesize: 'u32', xsu_encrypted: 'u8' },
);

export function swapUsageOf(view: DataView): SwapUsage | undefined {
  if (view.byteLength < XSW_USAGE.size) return undefined;
  return {
    totalBytes: XSW_USAGE.read(view, 0, 'xsu_total'),
    usedBytes: XSW_USAGE.read(view, 0, 'xsu_used'),
  };
}

const UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** `total = 3072.00M  used = 2513.50M  free = 558.50M  (encrypted)`, as sysctl(8) prints it. */
export function parseSwapUsage(text: string): SwapUsage | undefined {
  const sizeOf = (name: string): number => {
    const [, figure, unit] = new RegExp(`\\b${name} = (\\d{1,12}\\.\\d\\d)([KMG])\\b`).exec(text) ?? [];
    return unit === undefined ? Number.NaN : Number(figure) * UNITS[unit]!;
  };
  const totalBytes = sizeOf('total');
  const usedBytes = sizeOf('used');
  return totalBytes >= usedBytes ? { totalBytes, usedBytes } : undefined;
}

/**
 * As Activity Monitor has it: in use is what programs hold and cannot be purged, what is wired, and what the compressor
 * takes; the pages of files are cache. Where the source does not tell pages by kind, what is in use is not known.
 */
export function memorySampleOf(
  totalBytes: number,
  pages: PageCounts,
  swap: SwapUsage | undefined,
): MemorySample {
  const { pageBytes, free, speculative, wired, purgeable, anonymous, fileBacked, compressor } = pages;
  const bytes = (count: number): number | undefined => (Number.isNaN(count) ? undefined : count * pageBytes);
  const usedPages = Math.max(0, anonymous - purgeable) + wired + compressor;
  const usedBytes = Math.min(totalBytes, usedPages * pageBytes);
  return {
    ...unknownRecord(MEMORY),
    totalBytes,
    usedBytes,
    availableBytes: totalBytes - usedBytes,
    freeBytes: (free + speculative) * pageBytes,
    cachedBytes: bytes(fileBacked + purgeable),
    anonymousBytes: bytes(anonymous),
    swapTotalBytes: swap?.totalBytes,
    swapUsedBytes: swap?.usedBytes,
  };
}
