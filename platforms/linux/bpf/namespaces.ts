import { readFileSync, readlinkSync } from 'node:fs';
import { CLOCK_TICKS_PER_SECOND } from '../system-units.ts';
import { ticksOfNanos } from './task-units.ts';

/** PROC_PID_INIT_INO of include/linux/proc_ns.h: the machine's own pid namespace. */
const INITIAL_INODE = 4026531836;

/**
 * Whether this program's pids are the machine's, which is what BPF programs see. False where it cannot be told: to
 * take one number for another would blame the wrong process.
 */
export function isInitialPidNamespace(): boolean {
  return ownPidNamespaceInode() === INITIAL_INODE;
}

/** The inode number by which the kernel tells this program's pid namespace from others; 0: it cannot be told. */
export function ownPidNamespaceInode(): number {
  const digits = /^pid:\[(\d+)\]$/.exec(linkAt('/proc/self/ns/pid') ?? '')?.[1];
  return Number(digits ?? 0);
}

/** The inode number of a process's network namespace; NaN: unknown, or not permitted. `pid` may be `self`. */
export function networkNamespaceInode(procRoot: string, pid: number | 'self'): number {
  const digits = /^net:\[(\d{1,15})\]$/.exec(linkAt(`${procRoot}/${pid}/ns/net`) ?? '')?.[1];
  return Number(digits ?? Number.NaN);
}

/**
 * Whether the pids of a /proc are those of this program's pid namespace. Not so in a captured tree, or where the
 * namespace of that /proc does not see this program.
 */
export function sharesPidNamespace(root: string): boolean {
  return linkAt(`${root}/self`) === String(process.pid);
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (thrown) {
    if (thrown instanceof Error) return undefined;
    throw thrown;
  }
}

const NANOS = 1_000_000_000;

/**
 * How far CLOCK_BOOTTIME is ahead of the machine's for this process, in ns: by time_namespaces(7), 0 where it is in
 * none of its own. Programs in the kernel know the machine's time alone.
 */
export const BOOT_OFFSET_NANOS = readBootOffset();

/** When a task started, in ns of the machine in two words, as /proc/PID/stat shows it to this process in ticks. */
export function startTicksOf(low: number, high: number): number {
  const ticks = ticksOfNanos(low, high);
  return BOOT_OFFSET_NANOS === 0 ? ticks : ticks + (BOOT_OFFSET_NANOS / NANOS) * CLOCK_TICKS_PER_SECOND;
}

/** Of `boottime SECONDS NANOSECONDS`; ticks are whole where the nanoseconds are a multiple of one, as tools make them. */
function readBootOffset(): number {
  let text: string;
  try {
    text = readFileSync('/proc/self/timens_offsets', 'latin1');
  } catch (thrown) {
    if (thrown instanceof Error) return 0;
    throw thrown;
  }
  const [, seconds = '0', nanos = '0'] = /^boottime\s+(-?\d+)\s+(\d+)$/m.exec(text) ?? [];
  return Number(seconds) * NANOS + Number(nanos);
}
