import { ascii, TextScanner } from './text-scanner.ts';

/** The fields kept of /proc/PID/status (fs/proc/array.c, task_state). */
export interface PidStatus {
  /** The thread group's leader; equal to the pid for a process, another for a mere thread. */
  threadGroupId: number;
  effectiveUid: number;
}

const TGID = ascii('Tgid:');
const UID = ascii('Uid:');
const UID_MAX = 0xffffffff;
const scanner = new TextScanner();

/**
 * /proc/PID/status into `into`; false where either line is missing or cut short. The name in the first line is
 * escaped by the kernel, so no name can forge a line.
 */
export function parsePidStatus(bytes: Uint8Array, length: number, into: PidStatus): boolean {
  scanner.reset(bytes, 0, length);
  let threadGroupId = Number.NaN;
  do {
    if (scanner.accept(TGID)) {
      threadGroupId = scanner.unsigned();
    } else if (scanner.accept(UID)) {
      if (!scanner.skipWords(1)) return false;
      const effectiveUid = scanner.unsigned();
      if (!(threadGroupId > 0 && effectiveUid <= UID_MAX) || scanner.at >= scanner.end) return false;
      into.threadGroupId = threadGroupId;
      into.effectiveUid = effectiveUid;
      return true;
    }
  } while (scanner.nextLine());
  return false;
}

const GID = ascii('Gid:');
const SWAP = ascii('VmSwap:');
const VOLUNTARY = ascii('voluntary_ctxt_switches:');
const INVOLUNTARY = ascii('nonvoluntary_ctxt_switches:');

export type PidStatusDetail = ReturnType<typeof parsePidStatusDetail>;

/**
 * More of /proc/PID/status (fs/proc/array.c), for one process in depth; NaN where a line is missing (kernel threads have
 * no memory). The name in the first line is escaped, so no name can forge a line.
 */
export function parsePidStatusDetail(bytes: Uint8Array, length: number) {
  const detail = {
    effectiveUid: Number.NaN,
    effectiveGid: Number.NaN,
    swapKibibytes: Number.NaN,
    voluntarySwitches: Number.NaN,
    involuntarySwitches: Number.NaN,
  };
  scanner.reset(bytes, 0, length);
  do {
    if (scanner.accept(UID)) detail.effectiveUid = secondNumber();
    else if (scanner.accept(GID)) detail.effectiveGid = secondNumber();
    else if (scanner.accept(SWAP)) detail.swapKibibytes = scanner.terminatedUnsigned();
    else if (scanner.accept(VOLUNTARY)) detail.voluntarySwitches = scanner.terminatedUnsigned();
    else if (scanner.accept(INVOLUNTARY)) detail.involuntarySwitches = scanner.terminatedUnsigned();
  } while (scanner.nextLine());
  return detail;
}

/**
 * Context switches of the first thread since its start, voluntary and involuntary together (/proc/PID/status); NaN
 * where either line is missing or cut short.
 */
export function parsePidSwitches(bytes: Uint8Array, length: number): number {
  let voluntary = Number.NaN;
  let involuntary = Number.NaN;
  scanner.reset(bytes, 0, length);
  do {
    if (scanner.accept(VOLUNTARY)) voluntary = scanner.terminatedUnsigned();
    else if (scanner.accept(INVOLUNTARY)) involuntary = scanner.terminatedUnsigned();
  } while (scanner.nextLine());
  return voluntary + involuntary;
}

/** Real, effective, saved, file system: the second. */
function secondNumber(): number {
  return scanner.skipWords(1) ? scanner.terminatedUnsigned() : Number.NaN;
}
