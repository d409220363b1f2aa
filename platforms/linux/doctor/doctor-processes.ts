import { opendirSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { readText } from './doctor-kernel.ts';

/** Looking into every process of a very large machine would take seconds, and tell no more. */
const PROCESSES_LIMIT = 4096;
/** linux/sched.h */
const PF_KTHREAD = 0x00200000;

/** Which processes this one can see and look into. */
export interface VisibilityFacts {
  /** Processes listed, threads of the kernel and ended processes left out. */
  readonly seen: number;
  readonly ofOthers: number;
  /** Of all, those whose descriptors can be read, so that their connections can be assigned. */
  readonly open: number;
  /** There are more than were looked at. */
  readonly isPartial: boolean;
}

/** Looks at the processes below `procRoot` as the collector does: list the descriptors, read one link. Never throws. */
export function examineProcesses(procRoot: string, effectiveUid: number): VisibilityFacts {
  const pids = listPids(procRoot);
  let seen = 0;
  let ofOthers = 0;
  let open = 0;
  for (const pid of pids.slice(0, PROCESSES_LIMIT)) {
    const folder = `${procRoot}/${pid}`;
    const stat = readText(`${folder}/stat`);
    const uid = ownerOf(folder);
    if (stat === undefined || uid === undefined || !canHaveSockets(stat)) continue;
    seen++;
    if (uid !== effectiveUid) ofOthers++;
    if (canReadDescriptors(folder)) open++;
  }
  return { seen, ofOthers, open, isPartial: pids.length > PROCESSES_LIMIT };
}

function listPids(procRoot: string): string[] {
  try {
    return readdirSync(procRoot).filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function ownerOf(folder: string): number | undefined {
  try {
    return statSync(folder).uid;
  } catch {
    return undefined;
  }
}

function canReadDescriptors(folder: string): boolean {
  try {
    const descriptors = opendirSync(`${folder}/fd`);
    try {
      const first = descriptors.readSync();
      if (first !== null) readlinkSync(`${folder}/fd/${first.name}`);
      return true;
    } finally {
      descriptors.closeSync();
    }
  } catch {
    return false;
  }
}

/**
 * /proc/PID/stat: the state and, as the seventh field, the flags behind the name's closing bracket (fs/proc/array.c,
 * do_task_stat). Threads of the kernel and zombies have no descriptors.
 */
export function canHaveSockets(stat: string): boolean {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[6]) & PF_KTHREAD) === 0 && fields[0] !== 'Z' && fields[0] !== 'X';
}
