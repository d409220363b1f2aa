import { scanDecimal, TextScanner } from './text-scanner.ts';

/** /proc/loadavg without the number of tasks that run, which /proc/stat has too, and without its last field. */
export interface LoadAverage {
  load1: number;
  load5: number;
  load15: number;
  tasks: number;
}

const SLASH = 0x2f;
const scanner = new TextScanner();

/**
 * /proc/loadavg (fs/proc/loadavg.c) into `into`; false, and `into` worthless, where it is cut short.
 *
 *   0.33 0.11 0.04 1/92 6305
 */
export function parseLoadAverage(bytes: Uint8Array, length: number, into: LoadAverage): boolean {
  scanner.reset(bytes, 0, length);
  into.load1 = scanDecimal(scanner);
  into.load5 = scanDecimal(scanner);
  into.load15 = scanDecimal(scanner);
  const runnable = scanner.unsigned();
  if (scanner.bytes[scanner.at] !== SLASH) return false;
  scanner.at++;
  into.tasks = scanner.unsigned();
  const sum = into.load1 + into.load5 + into.load15 + runnable + into.tasks;
  return sum >= 0 && scanner.at < scanner.end;
}

/** /proc/uptime, first field: seconds since boot with suspension counted. NaN where it is cut short. */
export function parseUptimeSeconds(bytes: Uint8Array, length: number): number {
  scanner.reset(bytes, 0, length);
  const seconds = scanDecimal(scanner);
  return scanner.at < scanner.end ? seconds : Number.NaN;
}

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
