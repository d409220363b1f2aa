import { ascii, TextScanner } from './text-scanner.ts';

/** The fields kept of /proc/meminfo, in KiB as the kernel prints them; NaN where the line is missing. */
export class MemInfo {
  memTotal = Number.NaN;
  memFree = Number.NaN;
  memAvailable = Number.NaN;
  buffers = Number.NaN;
  cached = Number.NaN;
  swapCached = Number.NaN;
  swapTotal = Number.NaN;
  swapFree = Number.NaN;
  zswap = Number.NaN;
  zswapped = Number.NaN;
  dirty = Number.NaN;
  writeback = Number.NaN;
  anonPages = Number.NaN;
  shmem = Number.NaN;
  slab = Number.NaN;
  sReclaimable = Number.NaN;
  commitLimit = Number.NaN;
  committedAs = Number.NaN;
}

const KEYS: readonly (readonly [keyof MemInfo, Uint8Array])[] = [
  ['memTotal', ascii('MemTotal:')],
  ['memFree', ascii('MemFree:')],
  ['memAvailable', ascii('MemAvailable:')],
  ['buffers', ascii('Buffers:')],
  ['cached', ascii('Cached:')],
  ['swapCached', ascii('SwapCached:')],
  ['swapTotal', ascii('SwapTotal:')],
  ['swapFree', ascii('SwapFree:')],
  ['zswap', ascii('Zswap:')],
  ['zswapped', ascii('Zswapped:')],
  ['dirty', ascii('Dirty:')],
  ['writeback', ascii('Writeback:')],
  ['anonPages', ascii('AnonPages:')],
  ['shmem', ascii('Shmem:')],
  ['slab', ascii('Slab:')],
  ['sReclaimable', ascii('SReclaimable:')],
  ['commitLimit', ascii('CommitLimit:')],
  ['committedAs', ascii('Committed_AS:')],
];

const scanner = new TextScanner();

/**
 * /proc/meminfo (fs/proc/meminfo.c) into `into`; false where it does not even tell the total. Lines come in the order
 * of `KEYS` on every kernel, so each key is looked for from where the last was found.
 *
 *   MemTotal:       24684084 kB
 */
export function parseMemInfo(bytes: Uint8Array, length: number, into: MemInfo): boolean {
  for (const [field] of KEYS) into[field] = Number.NaN;
  scanner.reset(bytes, 0, length);
  let next = 0;
  do {
    for (let i = 0; i < KEYS.length; i++) {
      const [field, key] = KEYS[(next + i) % KEYS.length]!;
      if (!scanner.accept(key)) continue;
      const kibibytes = scanner.unsigned();
      // A number that touches the end may be a part of one.
      if (scanner.at < scanner.end) into[field] = kibibytes;
      next = next + i + 1;
      break;
    }
  } while (scanner.nextLine());
  return into.memTotal > 0 && into.memFree >= 0;
}
