import { readlinkSync } from 'node:fs';
import { orUndefined } from '../../../src/kit/errors/op-error.ts';

/** PROC_PID_INIT_INO of include/linux/proc_ns.h: the machine's own pid namespace. */
const INITIAL_INODE = 4026531836;

/** What a link says; undefined: it cannot be read. */
export function linkTarget(path: string): string | undefined {
  return orUndefined(() => readlinkSync(path));
}

/**
 * Whether this program's pids are the machine's, which is what BPF programs see. False where it cannot be told: to
 * take one number for another would blame the wrong process.
 */
export function isInitialPidNamespace(): boolean {
  return ownPidNamespaceInode() === INITIAL_INODE;
}

/** The inode number by which the kernel tells this program's pid namespace from others; 0: it cannot be told. */
export function ownPidNamespaceInode(): number {
  const digits = /^pid:\[(\d+)\]$/.exec(linkTarget('/proc/self/ns/pid') ?? '')?.[1];
  return Number(digits ?? 0);
}

/** The inode number of a process's network namespace; NaN: unknown, or not permitted. `pid` may be `self`. */
export function networkNamespaceInode(procRoot: string, pid: number | 'self'): number {
  const digits = /^net:\[(\d{1,15})\]$/.exec(linkTarget(`${procRoot}/${pid}/ns/net`) ?? '')?.[1];
  return Number(digits ?? Number.NaN);
}

/**
 * Whether the pids of a /proc are those of this program's pid namespace. Not so in a captured tree, or where the
 * namespace of that /proc does not see this program.
 */
export function sharesPidNamespace(root: string): boolean {
  return linkTarget(`${root}/self`) === String(process.pid);
}
