import { decodeText, KeyedNumbers, TextScanner } from './text-scanner.ts';

/** What is read of a command line at most, in bytes. */
export const COMMAND_LINE_LIMIT = 32 * 1024;

/**
 * /proc/PID/cmdline: the arguments, each ended by NUL, here joined by spaces, trailing ones dropped. Invalid UTF-8
 * becomes U+FFFD. undefined where there are none: a kernel thread, a zombie, or a process that erased them. The NULs
 * in `bytes` are overwritten.
 */
export function parseCommandLine(bytes: Uint8Array, length: number): string | undefined {
  let end = Math.min(length, bytes.length, COMMAND_LINE_LIMIT);
  while (end > 0 && (bytes[end - 1] === 0 || bytes[end - 1] === 0x20)) end--;
  if (end === 0) return undefined;
  const text = bytes.subarray(0, end);
  for (let at = text.indexOf(0); at >= 0; at = text.indexOf(0, at)) text[at] = 0x20;
  return decodeText(text);
}

/**
 * /proc/PID/cgroup (cgroups(7)): the path in the unified hierarchy, or where that has none but the root the one of
 * systemd's named hierarchy. undefined where neither stands in the text. A cut last line is not used.
 *
 *   0::/user.slice/user-1000.slice
 *   1:name=systemd:/system.slice/cron.service
 */
export function parseControlGroup(bytes: Uint8Array, length: number): string | undefined {
  const lines = decodeText(bytes.subarray(0, Math.min(length, bytes.length))).split('\n');
  let unified: string | undefined;
  let systemd: string | undefined;
  for (let i = 0; i < lines.length - 1; i++) {
    const line = lines[i]!;
    if (line.startsWith('0::/')) unified = line.slice(3);
    else if (/^[0-9]+:name=systemd:\//.test(line)) systemd = line.slice(line.indexOf(':/') + 1);
  }
  // On hybrid systems the unified hierarchy may be mounted and unused: everything stands at its root.
  return unified === undefined || unified === '/' ? (systemd ?? unified) : unified;
}

/** Of /proc/PID/io what reached storage, in bytes, and the system calls that read and wrote anything. */
export interface PidIo {
  readBytes: number;
  writtenBytes: number;
  readCalls: number;
  writeCalls: number;
}

const IO = new KeyedNumbers({
  ...{ readCalls: 'syscr: ', writeCalls: 'syscw: ' },
  ...{ readBytes: 'read_bytes: ', writtenBytes: 'write_bytes: ' },
});
const scanner = new TextScanner();

/**
 * /proc/PID/io (fs/proc/base.c, do_io_accounting) into `into`; false where a line of bytes is missing or cut short.
 * Calls whose line is missing are NaN.
 */
export function parsePidIo(bytes: Uint8Array, length: number, into: PidIo): boolean {
  IO.parse(bytes, length, into);
  return into.readBytes + into.writtenBytes >= 0;
}

/** Of /proc/PID/statm, in pages of this machine's size. */
export interface PidStatm {
  virtualPages: number;
  residentPages: number;
  /** Of the resident ones those of files and shared memory. */
  sharedPages: number;
}

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

/**
 * /proc/PID/schedstat (fs/proc/base.c, proc_pid_schedstat): nanoseconds for which the first thread waited for a
 * processor, the second number; NaN where it is missing, as on a kernel without CONFIG_SCHED_INFO.
 *
 *   1155467 7994004 2
 */
export function parsePidRunDelay(bytes: Uint8Array, length: number): number {
  scanner.reset(bytes, 0, length);
  if (!(scanner.unsigned() >= 0)) return Number.NaN;
  const delay = scanner.unsigned();
  // Three zeros are the answer of a kernel that was told not to count.
  return scanner.unsigned() > 0 ? delay : Number.NaN;
}
