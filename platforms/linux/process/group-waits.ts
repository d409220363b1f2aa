import { readFileSync } from 'node:fs';
import type { GroupWaits } from '../../../src/data/schema/process-detail.ts';
import { orUndefined } from '../../../src/kit/errors/op-error.ts';
import { AT_FDCWD, closeDescriptor, NativeBuffer, O_RDONLY, openAt, readInto } from '../libc.ts';
import { type MountEntry, parseMountEntries } from '../proc/mountinfo.ts';
import { parsePressure } from '../proc/pressure.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const NANOS_PER_MICRO = 1000;
/** `cpu,cpuacct:/a/b` behind the number of a hierarchy of version 1; without a controller the unified one. */
const LINE = /^\d+:([^:]*):(\/.*)$/gm;

const DIGITS = /^\d{1,18}$/;

const GROUPS_FOLDER = '/sys/fs/cgroup';

/** Folders of a control group by controller, `` the unified hierarchy of version 2. */
export type GroupFolders = ReadonlyMap<string, string>;

/** Mounts of hierarchies of control groups. Nothing but the kernel's own files is touched, wherever else one may be. */
export function readGroupMounts(procRoot: string): readonly MountEntry[] {
  const bytes = orUndefined(() => readFileSync(`${procRoot}/self/mountinfo`)) ?? new Uint8Array(0);
  return parseMountEntries(bytes, bytes.length).filter(
    ({ type, mountPoint }) =>
      (type === 'cgroup2' || type === 'cgroup') && mountPoint.startsWith(GROUPS_FOLDER),
  );
}

/**
 * What the control group of a process waits for. `cgroupText` is /proc/PID/cgroup. undefined: no hierarchy is mounted
 * where this process sees it.
 */
export function readGroupWaits(cgroupText: string, mounts: readonly MountEntry[]): GroupWaits | undefined {
  return readWaitsIn(foldersOf(cgroupText, mounts));
}

/**
 * What a control group waits for. Version 2 tells pressure, throttling and memory events, version 1 throttling, refused
 * memory and kills. undefined: nothing is known.
 */
export function readWaitsIn(folders: GroupFolders): GroupWaits | undefined {
  const unified = folders.get('');
  const pressure = (name: string): GroupWaits['cpuPressure'] => {
    const length = readBytes(unified, `${name}.pressure`);
    return length === 0 ? undefined : parsePressure(small.bytes, length);
  };
  const newer = fieldsOf(readSmall(unified, 'cpu.stat'));
  const events = fieldsOf(readSmall(unified, 'memory.events'));
  const memory = folders.get('memory');
  const kills = events.get('oom_kill') ?? fieldsOf(readSmall(memory, 'memory.oom_control')).get('oom_kill');
  const isNewer = newer.has('nr_periods');
  // On hybrid systems the unified hierarchy has no controllers.
  const stat = isNewer ? newer : fieldsOf(readSmall(folders.get('cpu'), 'cpu.stat'));
  const throttledMicros = isNewer ? stat.get('throttled_usec') : inMicros(stat.get('throttled_time'));
  const usedNanos = isNewer || stat.size === 0 ? '' : readSmall(folders.get('cpu'), 'cpuacct.usage');
  const usedMicros = newer.get('usage_usec') ?? inMicros(numberOf(usedNanos));
  const waits: GroupWaits = {
    cpuPressure: pressure('cpu'),
    memoryPressure: pressure('memory'),
    ioPressure: pressure('io'),
    periods: stat.get('nr_periods'),
    throttledPeriods: stat.get('nr_throttled'),
    throttledMicros,
    ...(throttledMicros === undefined || usedMicros === undefined ? {} : { usedMicros }),
    memoryHighs: events.get('high'),
    memoryMaxes: events.get('max') ?? numberOf(readSmall(memory, 'memory.failcnt')),
    memoryKills: kills,
    ...(events.has('oom') ? { memoryOoms: events.get('oom') } : {}),
  };
  return Object.values(waits).every((value) => value === undefined) ? undefined : waits;
}

/** A hierarchy, by its controller ('' the unified one), where it is mounted. */
export function hierarchyMount(controller: string, mounts: readonly MountEntry[]): MountEntry | undefined {
  return mounts.findLast(({ type, superOptions }) =>
    controller === '' ? type === 'cgroup2' : type === 'cgroup' && superOptions.includes(controller),
  );
}

/** A whole number of a file; undefined: none, `max`, or not to be had. */
export function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,20}$/.test(text) ? Number(text) : undefined;
}

function inMicros(nanos: number | undefined): number | undefined {
  return nanos === undefined ? undefined : Math.round(nanos / NANOS_PER_MICRO);
}

function foldersOf(cgroupText: string, mounts: readonly MountEntry[]): GroupFolders {
  const folders = new Map<string, string>();
  for (const [, names = '', path = ''] of cgroupText.matchAll(LINE)) {
    for (const name of names.split(',')) {
      const mount = hierarchyMount(name, mounts);
      const folder = mount && folderBelow(mount, path);
      if (folder !== undefined) folders.set(name, folder);
    }
  }
  return folders;
}

/** Where a group stands below a mount; undefined: outside of what is mounted, or the root, which has no limits. */
function folderBelow({ root, mountPoint }: MountEntry, path: string): string | undefined {
  if (path === '/' || path.split('/').includes('..')) return undefined;
  if (root === '/') return `${mountPoint}${path}`;
  return path.startsWith(`${root}/`) ? `${mountPoint}${path.slice(root.length)}` : undefined;
}

/** `name 123` in each line. */
function fieldsOf(text = ''): ReadonlyMap<string, number> {
  const fields = new Map<string, number>();
  for (const line of text.split('\n')) {
    const end = line.indexOf(' ');
    const value = line.slice(end + 1);
    if (end > 0 && DIGITS.test(value)) fields.set(line.slice(0, end), Number(value));
  }
  return fields;
}

/** The kernel writes no more of these at once, and takes no longer path. */
const small = new NativeBuffer(4096);
const path = new NativeBuffer(4096);

/** A file of the kernel, trimmed; undefined: not there, empty, or not permitted. Missing ones must cost little. */
export function readSmall(folder: string | undefined, name: string): string | undefined {
  const length = readBytes(folder, name);
  const text = length === 0 ? '' : decoder.decode(small.bytes.subarray(0, length)).trim();
  return text === '' ? undefined : text;
}

/** How many bytes of such a file are in `small` then. A thousand of them are read at once, so nothing is made for each. */
function readBytes(folder: string | undefined, name: string): number {
  if (folder === undefined) return 0;
  const text = `${folder}/${name}\0`;
  if (encoder.encodeInto(text, path.bytes).read < text.length) return 0;
  const descriptor = openAt(AT_FDCWD, path, O_RDONLY);
  if (descriptor < 0) return 0;
  const length = readInto(descriptor, small);
  closeDescriptor(descriptor);
  return Math.max(0, length);
}
