import { ascii, KeyedNumbers, TextScanner } from './text-scanner.ts';

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

/** Real, effective, saved, file system: the second. */
const EFFECTIVE = new KeyedNumbers({ effectiveUid: 'Uid:', effectiveGid: 'Gid:' }, 1);
const SWAP = new KeyedNumbers({ swapKibibytes: 'VmSwap:' });
const SWITCHES = new KeyedNumbers({
  voluntarySwitches: 'voluntary_ctxt_switches:',
  involuntarySwitches: 'nonvoluntary_ctxt_switches:',
});

export type PidStatusDetail = ReturnType<typeof parsePidStatusDetail>;

/**
 * More of /proc/PID/status (fs/proc/array.c), for one process in depth; NaN where a line is missing (kernel threads have
 * no memory). The name in the first line is escaped, so no name can forge a line.
 */
export function parsePidStatusDetail(bytes: Uint8Array, length: number) {
  return {
    ...EFFECTIVE.parse(bytes, length, EFFECTIVE.empty()),
    ...SWAP.parse(bytes, length, SWAP.empty()),
    ...SWITCHES.parse(bytes, length, SWITCHES.empty()),
  };
}

const switches = SWITCHES.empty();

/**
 * Context switches of the first thread since its start, voluntary and involuntary together (/proc/PID/status); NaN
 * where either line is missing or cut short.
 */
export function parsePidSwitches(bytes: Uint8Array, length: number): number {
  SWITCHES.parse(bytes, length, switches);
  return switches.voluntarySwitches + switches.involuntarySwitches;
}
