import { dirname, join } from 'node:path';
import { readAttribute } from '../sys/sysfs-value.ts';

/** Limit of a control group and what is charged to it, page cache included; bytes. */
export interface MemoryLimit {
  readonly limitBytes: number;
  readonly usedBytes: number;
}

/** A group's files: of the second version, or of the first. */
interface Hierarchy {
  readonly root: string;
  readonly path: string;
  readonly limitFile: string;
  readonly usedFile: string;
}

const NESTING_LIMIT = 32;

/**
 * The tightest memory limit on the control groups of this program, of cgroup v2 (`memory.max`, `memory.current`) or v1
 * (`memory.limit_in_bytes`, `memory.usage_in_bytes`). undefined: none, or none below the machine's memory.
 */
export function readMemoryLimit(
  procRoot: string,
  sysRoot: string,
  totalBytes: number,
): MemoryLimit | undefined {
  let tightest: MemoryLimit | undefined;
  for (const { root, path, limitFile, usedFile } of hierarchies(procRoot, sysRoot)) {
    let group = path;
    for (let depth = 0; depth < NESTING_LIMIT; depth++) {
      const limitBytes = numberIn(join(root, group, limitFile));
      const usedBytes = numberIn(join(root, group, usedFile));
      const isTighter = limitBytes < (tightest?.limitBytes ?? totalBytes);
      if (isTighter && !Number.isNaN(usedBytes)) tightest = { limitBytes, usedBytes };
      if (group === '/') break;
      group = dirname(group);
    }
  }
  return tightest;
}

function hierarchies(procRoot: string, sysRoot: string): readonly Hierarchy[] {
  const mount = join(sysRoot, 'fs/cgroup');
  return (readAttribute(join(procRoot, 'self/cgroup')) ?? '').split('\n').flatMap((line): Hierarchy[] => {
    const [, controllers, path = ''] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    // A path out of the group's own namespace leads elsewhere.
    if (controllers === undefined || path.includes('..')) return [];
    if (controllers === '') {
      return [{ root: mount, path, limitFile: 'memory.max', usedFile: 'memory.current' }];
    }
    if (!controllers.split(',').includes('memory')) return [];
    const names = { limitFile: 'memory.limit_in_bytes', usedFile: 'memory.usage_in_bytes' };
    return [{ root: join(mount, 'memory'), path, ...names }];
  });
}

/** NaN where there is no such file, or no number in it (`max`). */
function numberIn(path: string): number {
  const text = readAttribute(path) ?? '';
  return /^\d{1,20}$/.test(text) ? Number(text) : Number.NaN;
}
