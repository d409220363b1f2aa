import { TextScanner } from './text-scanner.ts';

const scanner = new TextScanner();

/**
 * /proc/loadavg, last field: the pid given out last in the reader's pid namespace (fs/proc/loadavg.c). Threads take
 * pids too. NaN where the text has no such field.
 *
 *   0.33 0.11 0.04 1/92 6305
 */
export function parseLastPid(bytes: Uint8Array, length: number): number {
  scanner.reset(bytes, 0, length);
  if (!scanner.skipWords(4)) return Number.NaN;
  const pid = scanner.unsigned();
  // A number cut short by the end of the buffer would be another number.
  return scanner.at < scanner.end && scanner.bytes[scanner.at] === 0x0a ? pid : Number.NaN;
}
