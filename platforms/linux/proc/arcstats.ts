import { ascii, TextScanner } from './text-scanner.ts';

const SIZE = ascii('size ');
const LEAST = ascii('c_min ');
const scanner = new TextScanner();

/**
 * /proc/spl/kstat/zfs/arcstats (OpenZFS, module/os/linux/spl/spl-kstat.c): bytes of ZFS's cache that it gives back to
 * programs, which is all but the least that it keeps. NaN: the text does not tell.
 *
 *   name                            type data
 *   c_min                           4    1048576000
 *   size                            4    15032385536
 */
export function parseReclaimableArcBytes(bytes: Uint8Array, length: number): number {
  let size = Number.NaN;
  let least = Number.NaN;
  scanner.reset(bytes, 0, length);
  do {
    if (scanner.accept(SIZE)) size = dataOf();
    else if (scanner.accept(LEAST)) least = dataOf();
  } while (scanner.nextLine());
  return Math.max(0, size - least);
}

/** The word behind the type; NaN where it may be cut. */
function dataOf(): number {
  return scanner.skipWords(1) ? scanner.terminatedUnsigned() : Number.NaN;
}
