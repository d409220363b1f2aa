import { TextScanner } from './text-scanner.ts';

/** Of /proc/PID/statm, in pages of this machine's size. */
export interface PidStatm {
  virtualPages: number;
  residentPages: number;
  /** Of the resident ones those of files and shared memory. */
  sharedPages: number;
}

const scanner = new TextScanner();

/**
 * /proc/PID/statm (fs/proc/array.c, proc_pid_statm) into `into`; false where it is cut short. Exact, where `stat` lags
 * by what each CPU has not added up yet.
 *
 *   765 430 402 5 0 123 0
 */
export function parsePidStatm(bytes: Uint8Array, length: number, into: PidStatm): boolean {
  scanner.reset(bytes, 0, length);
  into.virtualPages = scanner.unsigned();
  into.residentPages = scanner.unsigned();
  into.sharedPages = scanner.unsigned();
  return into.virtualPages + into.residentPages + into.sharedPages >= 0 && scanner.at < scanner.end;
}
