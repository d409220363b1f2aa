import { ascii, TextScanner } from './text-scanner.ts';

const BTIME = ascii('btime ');
const scanner = new TextScanner();

/** /proc/stat, line `btime`: the wall time of the boot in seconds since 1970. NaN where it is missing. */
export function parseBootWallSeconds(bytes: Uint8Array, length: number): number {
  scanner.reset(bytes, 0, length);
  do {
    if (scanner.accept(BTIME)) return scanner.terminatedUnsigned();
  } while (scanner.nextLine());
  return Number.NaN;
}
