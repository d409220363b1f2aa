import { readdirSync, statSync } from 'node:fs';
import type { Slice } from '../../../src/data/sample/slice.ts';
import {
  CONTROL_GROUPS_LIMIT,
  type ControlGroupSample,
  type ControlGroupsSection,
} from '../../../src/data/schema/control-groups-section.ts';
import { sectionFacts } from '../../../src/data/schema/section-facts.ts';
import { OpError, orUndefined } from '../../../src/kit/errors/op-error.ts';
import { monotonicMicros } from '../clock.ts';
import type { MountEntry } from '../proc/mountinfo.ts';
import {
  type GroupFolders,
  hierarchyMount,
  numberOf,
  readGroupMounts,
  readSmall,
  readWaitsIn,
} from '../process/group-waits.ts';
import type { ContainerNames } from '../processes/container-names.ts';

/** Hierarchies that tell of waits; '' is the unified one of version 2, the others are of version 1. */
const HIERARCHIES = ['', 'cpu', 'memory'] as const;
/** Folders looked at in one hierarchy: a kernel allows more, and a tree of that many says nothing to people. */
const FOLDERS_LIMIT = 4096;
/** A folder of the kernel's has one link more for each folder in it. */
const LEAF_LINKS = 2;
/** Version 1 writes the largest number of pages for no limit. */
const NO_LIMIT_BYTES = 2 ** 62;

interface ControlGroupOptions {
  readonly procRoot: string;
  /** Names of containers; undefined: they have none. */
  readonly containers?: ContainerNames;
  /** Default those of `procRoot`. */
  readonly mounts?: readonly MountEntry[];
}

/**
 * Reads what control groups wait for: those with processes of their own, and those with a limit. Some ten reads for each
 * of at most CONTROL_GROUPS_LIMIT, in slices; nothing is kept between two samples.
 */
export class ControlGroupCollector {
  readonly #options: ControlGroupOptions;
  #mounts: readonly MountEntry[] | undefined;
  #sequence = 0;

  constructor(options: ControlGroupOptions) {
    this.#options = options;
    this.#mounts = options.mounts;
  }

  /** Rejects with OpError `ENOENT` where no hierarchy is mounted. */
  async collect(slice: Slice): Promise<ControlGroupsSection> {
    const started = monotonicMicros();
    // Hierarchies are mounted when the machine starts.
    this.#mounts ??= readGroupMounts(this.#options.procRoot);
    const found = await findGroups(this.#mounts, slice);
    if (found === undefined) {
      const message = 'no control groups are mounted below /sys/fs/cgroup';
      throw new OpError({ op: 'collect control groups', code: 'ENOENT', message });
    }
    const groups: ControlGroupSample[] = [];
    for (const [path, folders] of found) {
      if (groups.length === CONTROL_GROUPS_LIMIT) break;
      const group = this.#read(path, folders);
      if (group !== undefined) groups.push(group);
      if (slice.due()) await slice.rest();
    }
    return { ...sectionFacts(++this.#sequence, started, monotonicMicros()), groups };
  }

  /** Undefined: it is gone, or neither has processes nor a limit. */
  #read(path: string, folders: GroupFolders): ControlGroupSample | undefined {
    const cpuLimit = cpuLimitOf(folders);
    const memoryLimitBytes = memoryLimitOf(folders);
    const hasLimit = cpuLimit !== undefined || memoryLimitBytes !== undefined;
    if (!hasLimit && ![...folders.values()].some((folder) => readSmall(folder, 'cgroup.procs') !== undefined))
      return undefined;
    const waits = readWaitsIn(folders);
    if (waits === undefined) return undefined;
    const containerName = this.#options.containers?.nameOf(path);
    const memoryBytes =
      numberOf(readSmall(folders.get(''), 'memory.current')) ??
      numberOf(readSmall(folders.get('memory'), 'memory.usage_in_bytes'));
    return {
      path,
      ...(containerName === undefined ? {} : { containerName }),
      ...waits,
      ...{ memoryBytes, memoryLimitBytes, cpuLimit },
    };
  }
}

/** All groups but the machine's roots by their paths, those nearest to the root first; undefined: there are no hierarchies. */
async function findGroups(
  mounts: readonly MountEntry[],
  slice: Slice,
): Promise<ReadonlyMap<string, GroupFolders> | undefined> {
  const found = new Map<string, Map<string, string>>();
  let isMounted = false;
  for (const controller of HIERARCHIES) {
    const mount = hierarchyMount(controller, mounts);
    if (mount === undefined) continue;
    isMounted = true;
    const { mountPoint, root } = mount;
    // In a container the mounted folder is its own group: the machine's root has no cgroup.type.
    const isGroup = root !== '/' || (controller === '' && readSmall(mountPoint, 'cgroup.type') !== undefined);
    for await (const below of foldersBelow(mountPoint, slice)) {
      if (below === '' && !isGroup) continue;
      // As /proc/PID/cgroup has it, also where a part of the hierarchy is mounted.
      const path = root === '/' ? below || '/' : `${root}${below}`;
      const folders = found.get(path) ?? new Map<string, string>();
      folders.set(controller, `${mountPoint}${below}`);
      found.set(path, folders);
    }
  }
  if (!isMounted) return undefined;
  const depthOf = ([path]: readonly [string, unknown]): number => path.split('/').length;
  return new Map([...found].sort((a, b) => depthOf(a) - depthOf(b)));
}

/** Paths of a folder and of those below it, ``, `/a`, `/a/b`, level by level. */
async function* foldersBelow(root: string, slice: Slice): AsyncGenerator<string> {
  const paths = [''];
  // The list grows while it is walked.
  for (const path of paths) {
    yield path;
    if (slice.due()) await slice.rest();
    const links = orUndefined(() => statSync(root + path).nlink);
    // A folder of more is not listed: that would hold up all else, and whoever may make groups may make any number.
    if (links === undefined || links === LEAF_LINKS || links > FOLDERS_LIMIT) continue;
    const entries = orUndefined(() => readdirSync(root + path, { withFileTypes: true })) ?? [];
    for (const entry of entries) {
      if (paths.length > FOLDERS_LIMIT) break;
      if (entry.isDirectory()) paths.push(`${path}/${entry.name}`);
    }
  }
}

/** `20000 100000` of cpu.max, or the two files of version 1; undefined: no limit. */
function cpuLimitOf(folders: GroupFolders): number | undefined {
  const [quota, period] = (readSmall(folders.get(''), 'cpu.max') ?? '').split(' ').map(numberOf);
  const older = folders.get('cpu');
  const quotaMicros = quota ?? numberOf(readSmall(older, 'cpu.cfs_quota_us'));
  if (quotaMicros === undefined) return undefined;
  const periodMicros = period ?? numberOf(readSmall(older, 'cpu.cfs_period_us')) ?? 0;
  return periodMicros > 0 ? quotaMicros / periodMicros : undefined;
}

/** The lowest of those that are set. */
function memoryLimitOf(folders: GroupFolders): number | undefined {
  const set = [
    numberOf(readSmall(folders.get(''), 'memory.max')),
    numberOf(readSmall(folders.get(''), 'memory.high')),
    numberOf(readSmall(folders.get('memory'), 'memory.limit_in_bytes')),
  ].filter((bytes) => bytes !== undefined && bytes < NO_LIMIT_BYTES) as number[];
  return set.length === 0 ? undefined : Math.min(...set);
}
