import type { GroupWaits } from '../../../src/data/schema/process-detail.ts';
import type { MountEntry } from '../proc/mountinfo.ts';
import { parsePressure } from '../proc/pressure.ts';
import { readAttribute } from '../sys/sysfs-value.ts';

const encoder = new TextEncoder();
const NANOS_PER_MICRO = 1000;
/** `cpu,cpuacct:/a/b` behind the number of a hierarchy of version 1; without a controller the unified one. */
const LINE = /^\d+:([^:]*):(\/.*)$/gm;
const FIELD = /^(\w+) (\d{1,18})$/gm;

/**
 * What the control group of a process waits for. `cgroupText` is /proc/PID/cgroup. Version 2 tells pressure, throttling
 * and memory events, version 1 throttling alone. undefined: no hierarchy is mounted where this process sees it.
 */
export function readGroupWaits(cgroupText: string, mounts: readonly MountEntry[]): GroupWaits | undefined {
  const folders = foldersOf(cgroupText, mounts);
  const unified = folders.get('');
  const pressure = (name: string): GroupWaits['cpuPressure'] => {
    const text = readSmall(unified, `${name}.pressure`);
    const bytes = encoder.encode(`${text ?? ''}\n`);
    return text === undefined ? undefined : parsePressure(bytes, bytes.length);
  };
  const newer = fieldsOf(readSmall(unified, 'cpu.stat'));
  // On hybrid systems the unified hierarchy has no controllers.
  const older = fieldsOf(readSmall(folders.get('cpu'), 'cpu.stat'));
  const events = fieldsOf(readSmall(unified, 'memory.events'));
  const isNewer = newer.has('nr_periods');
  const stat = isNewer ? newer : older;
  const throttledMicros = isNewer ? newer.get('throttled_usec') : inMicros(older.get('throttled_time'));
  const waits: GroupWaits = {
    cpuPressure: pressure('cpu'),
    memoryPressure: pressure('memory'),
    ioPressure: pressure('io'),
    periods: stat.get('nr_periods'),
    throttledPeriods: stat.get('nr_throttled'),
    throttledMicros,
    memoryHighs: events.get('high'),
    memoryMaxes: events.get('max'),
    memoryKills: events.get('oom_kill'),
  };
  return Object.values(waits).every((value) => value === undefined) ? undefined : waits;
}

function inMicros(nanos: number | undefined): number | undefined {
  return nanos === undefined ? undefined : Math.round(nanos / NANOS_PER_MICRO);
}

/** Folders of the group by controller, '' the unified hierarchy. */
function foldersOf(cgroupText: string, mounts: readonly MountEntry[]): ReadonlyMap<string, string> {
  const folders = new Map<string, string>();
  for (const [, names = '', path = ''] of cgroupText.matchAll(LINE)) {
    for (const name of names.split(',')) {
      const mount = mounts.findLast(({ type, superOptions }) =>
        name === '' ? type === 'cgroup2' : type === 'cgroup' && superOptions.includes(name),
      );
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

function fieldsOf(text = ''): ReadonlyMap<string, number> {
  return new Map(Array.from(text.matchAll(FIELD), ([, name = '', value]) => [name, Number(value)]));
}

/** A file of the kernel; undefined: not there, or not permitted. */
function readSmall(folder: string | undefined, name: string): string | undefined {
  return folder === undefined ? undefined : readAttribute(`${folder}/${name}`);
}
