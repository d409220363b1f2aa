import { ascii, TextScanner } from './text-scanner.ts';

/** More of /proc/PID/status, for one process in depth; NaN where a line is missing (kernel threads have no memory). */
export interface PidStatusDetail {
  effectiveUid: number;
  effectiveGid: number;
  swapKibibytes: number;
  voluntarySwitches: number;
  involuntarySwitches: number;
}

const UID = ascii('Uid:');
const GID = ascii('Gid:');
const SWAP = ascii('VmSwap:');
const VOLUNTARY = ascii('voluntary_ctxt_switches:');
const INVOLUNTARY = ascii('nonvoluntary_ctxt_switches:');
const scanner = new TextScanner();

/** /proc/PID/status (fs/proc/array.c). The name in the first line is escaped, so no name can forge a line. */
export function parsePidStatusDetail(bytes: Uint8Array, length: number): PidStatusDetail {
  const detail: PidStatusDetail = {
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

/** Real, effective, saved, file system: the second. */
function secondNumber(): number {
  return scanner.skipWords(1) ? scanner.terminatedUnsigned() : Number.NaN;
}
