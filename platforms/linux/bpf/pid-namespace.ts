import { readlinkSync } from 'node:fs';

/** PROC_PID_INIT_INO of include/linux/proc_ns.h: the machine's own pid namespace. */
const INITIAL = 'pid:[4026531836]';

/**
 * Whether this program's pids are the machine's, which is what BPF programs see. False where it cannot be told: to
 * take one number for another would blame the wrong process.
 */
export function isInitialPidNamespace(): boolean {
  try {
    return readlinkSync('/proc/self/ns/pid') === INITIAL;
  } catch (thrown) {
    if (thrown instanceof Error) return false;
    throw thrown;
  }
}
