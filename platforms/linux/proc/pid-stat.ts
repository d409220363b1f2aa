import { TextScanner } from './text-scanner.ts';

/** The fields kept of /proc/PID/stat (fs/proc/array.c, do_task_stat). */
export type PidStat = ReturnType<typeof emptyPidStat>;

export function emptyPidStat() {
  return {
    pid: 0,
    /** The task's name is bytes [nameStart, nameEnd) of the text: any bytes, none at all included. */
    nameStart: 0,
    nameEnd: 0,
    /** One ASCII letter. */
    state: 0,
    ppid: 0,
    userTicks: 0,
    systemTicks: 0,
    /** -20 to 19. */
    nice: 0,
    threads: 0,
    /** Since boot. */
    startTicks: 0,
    rssPages: 0,
  };
}

const OPEN = 0x28;
const CLOSE = 0x29;
const MINUS = 0x2d;
const PID_MAX = 0x7fffffff;
const scanner = new TextScanner();

/**
 * /proc/PID/stat into `into`; false (and `into` worthless) where the text is cut short or no such text. The name may
 * hold spaces, parentheses and newlines, but behind it stand only numbers: the last `)` ends it.
 *
 *   1  2      3 4            14    15           19   20      22     24
 *   17 (name) S ppid 9 words utime stime 3 words nice threads . start . rss ...
 */
export function parsePidStat(bytes: Uint8Array, length: number, into: PidStat): boolean {
  scanner.reset(bytes, 0, length);
  const pid = scanner.unsigned();
  scanner.skipBlanks();
  const nameStart = scanner.at + 1;
  if (!(pid > 0 && pid <= PID_MAX) || nameStart > scanner.end || bytes[scanner.at] !== OPEN) return false;
  const nameEnd = bytes.lastIndexOf(CLOSE, scanner.end - 1);
  if (nameEnd < nameStart || nameEnd + 2 >= scanner.end) return false;
  into.pid = pid;
  into.nameStart = nameStart;
  into.nameEnd = nameEnd;
  into.state = bytes[nameEnd + 2]!;
  scanner.at = nameEnd + 3;
  return isLetter(into.state) && parseNumbers(into);
}

function parseNumbers(into: PidStat): boolean {
  into.ppid = scanner.unsigned();
  if (!scanner.skipFields(9)) return false;
  into.userTicks = scanner.unsigned();
  into.systemTicks = scanner.unsigned();
  if (!scanner.skipFields(3)) return false;
  into.nice = signed();
  into.threads = scanner.unsigned();
  if (!scanner.skipFields(1)) return false;
  into.startTicks = scanner.unsigned();
  if (!scanner.skipFields(1)) return false;
  into.rssPages = scanner.unsigned();
  // One NaN makes the sum NaN; and a last number that touches the end may be a part of one.
  const sum = Math.abs(into.nice) + into.userTicks + into.systemTicks + into.startTicks + into.rssPages;
  return into.ppid <= PID_MAX && into.threads <= PID_MAX && sum >= 0 && scanner.at < scanner.end;
}

/** Of include/linux/sched.h. */
const PF_KTHREAD = 0x00200000;

/** Whether the process of a text that was just parsed into `stat` is a kernel thread. */
export function isKernelThread(bytes: Uint8Array, length: number, { nameEnd }: PidStat): boolean {
  scanner.reset(bytes, nameEnd + 3, length);
  return scanner.skipFields(5) && (scanner.unsigned() & PF_KTHREAD) !== 0;
}

/** A number with or without a sign; NaN: none. */
function signed(): number {
  scanner.skipBlanks();
  const isNegative = scanner.bytes[scanner.at] === MINUS;
  if (isNegative) scanner.at++;
  return isNegative ? -scanner.unsigned() : scanner.unsigned();
}

function isLetter(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}

/** Of /proc/PID/stat what a process has waited for. */
export interface PidWaits {
  /** Of all its threads, those that have exited too. */
  majorFaults: number;
  /** Of the first thread, clock ticks; 0 where the kernel does not count it. */
  blockDelayTicks: number;
}

/**
 * Fields 12 and 42 of /proc/PID/stat (fs/proc/array.c, do_task_stat) into `into`; false where the text is cut short or
 * no such text.
 *
 *   1  2      3 8 words 12         29 words 42
 *   17 (name) S ....... majflt .............. delayacct_blkio_ticks ...
 */
export function parsePidWaits(bytes: Uint8Array, length: number, into: PidWaits): boolean {
  scanner.reset(bytes, 0, length);
  const nameEnd = bytes.lastIndexOf(CLOSE, scanner.end - 1);
  if (nameEnd < 0 || nameEnd + 2 >= scanner.end) return false;
  scanner.at = nameEnd + 3;
  if (!scanner.skipFields(8)) return false;
  into.majorFaults = scanner.unsigned();
  if (!scanner.skipFields(29)) return false;
  into.blockDelayTicks = scanner.unsigned();
  return into.majorFaults + into.blockDelayTicks >= 0 && scanner.at < scanner.end;
}
