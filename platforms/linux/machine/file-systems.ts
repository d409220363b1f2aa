import { basename } from 'node:path';
import type { BlockDevice, FileSystem, FileSystemSilence } from '../../../src/data/schema/disks-section.ts';
import type { SpaceAnswer, SpaceQuestion } from '../guarded/helper-message.ts';
import { type MountEntry, parseMountEntries } from '../proc/mountinfo.ts';
import { isAutomounted, selectMounts, selectRemoteMounts } from './disk-mounts.ts';

/** A file system to be shown, with what does not change while it is mounted. */
export interface Mounted {
  readonly mount: MountEntry;
  /** Tells it from others, and from what is mounted there later. */
  readonly key: string;
  /** undefined: it is not asked. */
  readonly question: SpaceQuestion | undefined;
  /** Why it is not asked. */
  readonly silence: FileSystemSilence | undefined;
}

/** The file systems to be shown, of all mounts in the text of /proc/self/mountinfo. */
export function mountedIn(text: Uint8Array): readonly Mounted[] {
  const all = parseMountEntries(text, text.length);
  const byId = new Map(all.map((mount) => [mount.id, mount]));
  return [
    ...selectMounts(all).map((mount) =>
      mountedOf(mount, isAutomounted(mount, byId) ? 'automount' : undefined),
    ),
    ...selectRemoteMounts(all).map((mount) => mountedOf(mount, 'not-asked')),
  ];
}

/** The rows of file systems by their answers, by key; undefined: they could not be asked. */
export function fileSystemsOf(
  mounted: readonly Mounted[],
  answers: ReadonlyMap<string, SpaceAnswer> | undefined,
  devices: readonly BlockDevice[],
): FileSystem[] {
  return withoutRepeats(withPools(mounted.map((each) => fileSystemOf(each, answers, devices))));
}

function mountedOf(mount: MountEntry, silence: FileSystemSilence | undefined): Mounted {
  const { id, mountPoint, mountPointBytes, source } = mount;
  // Without the NUL at its end.
  const path = mountPointBytes.subarray(0, -1);
  const devicePath = source.startsWith('/dev/') ? source : undefined;
  return {
    mount,
    key: `${id} ${mountPoint} ${source}`,
    question: silence === undefined ? { path, devicePath } : undefined,
    silence,
  };
}

function fileSystemOf(
  { mount, key, silence }: Mounted,
  answers: ReadonlyMap<string, SpaceAnswer> | undefined,
  devices: readonly BlockDevice[],
): FileSystem {
  const answer = answers?.get(key);
  // Those whose number is not the device's (btrfs) have it by its name.
  const sourceName = basename(answer?.deviceTarget ?? mount.source);
  const device =
    devices.find(({ major, minor }) => major === mount.major && minor === mount.minor) ??
    devices.find(({ name }) => name === sourceName);
  const space = answer?.errno === 0 ? answer.space : undefined;
  return {
    name: device?.label ?? mount.source.replace(/^\/dev\/(mapper\/)?/, ''),
    source: mount.source,
    mountPoint: mount.mountPoint,
    type: mount.type,
    isReadOnly: [...mount.options, ...mount.superOptions].includes('ro'),
    isPartition: device?.isPartition ?? false,
    device,
    totalBytes: space?.totalBytes,
    usedBytes: space?.usedBytes,
    availableBytes: space?.availableBytes,
    inodes: space?.inodes,
    freeInodes: space?.freeInodes,
    silence: silence ?? (answers !== undefined && answer === undefined ? 'no-answer' : undefined),
  };
}

/** An overlay at `/` has the figures of what it lies upon: a folder bound from there is the same space again. */
function withoutRepeats(fileSystems: readonly FileSystem[]): FileSystem[] {
  const root = fileSystems.find(({ mountPoint, type }) => mountPoint === '/' && type === 'overlay');
  return fileSystems.filter(
    (each) =>
      each === root ||
      root?.totalBytes === undefined ||
      each.totalBytes !== root.totalBytes ||
      each.availableBytes !== root.availableBytes ||
      each.inodes !== root.inodes,
  );
}

/** What differs by less is written between two questions. */
const SLACK_BYTES = 64 << 20;

/**
 * File systems with the data sets of ZFS put together: a row for each pool, and one for each data set that has a quota
 * of its own. statfs(2) of a data set tells what this one refers to and what it may still write (OpenZFS, zfs_vfsops.c,
 * zfs_statvfs): those of a pool share what is free, so that what is used is the sum over them. A quota shows by less
 * room than the data set around it has; it holds for those inside as far as they have no more room. What snapshots and
 * data sets that are not mounted hold is not known here.
 */
function withPools(fileSystems: readonly FileSystem[]): FileSystem[] {
  const sets = fileSystems.filter(({ type }) => type === 'zfs');
  if (sets.length === 0) return [...fileSystems];
  const byPool = Map.groupBy(sets, ({ source }) => poolOf(source));
  return fileSystems.flatMap((each) => {
    if (each.type !== 'zfs') return [each];
    const pool = byPool.get(poolOf(each.source))!;
    if (each === faceOf(pool)) return [poolRow(each, pool)];
    return hasOwnQuota(each, pool) ? [summed(each, insideOf(each, pool))] : [];
  });
}

function poolOf(source: string): string {
  return source.split('/', 1)[0]!;
}

/** The mount that stands for the pool: `/`, else the data set furthest out, else the shortest path. */
function faceOf(pool: readonly FileSystem[]): FileSystem {
  const rank = ({ mountPoint, source }: FileSystem): number =>
    mountPoint === '/' ? -1 : source.split('/').length * 4096 + mountPoint.length;
  return pool.reduce((best, each) => (rank(each) < rank(best) ? each : best));
}

/** All of the pool; what is free is what the data set with the most room has. */
function poolRow(face: FileSystem, pool: readonly FileSystem[]): FileSystem {
  const row = summed(face, pool);
  const free = largestOf(pool);
  if (row.usedBytes === undefined || free === undefined) return { ...row, name: poolOf(face.source) };
  return { ...row, name: poolOf(face.source), availableBytes: free, totalBytes: row.usedBytes + free };
}

function summed(face: FileSystem, sets: readonly FileSystem[]): FileSystem {
  const known = sets.filter(({ usedBytes }) => usedBytes !== undefined);
  const { availableBytes } = face;
  if (known.length === 0 || availableBytes === undefined) return face;
  const usedBytes = known.reduce((sum, each) => sum + each.usedBytes!, 0);
  return { ...face, usedBytes, totalBytes: usedBytes + availableBytes };
}

function largestOf(sets: readonly FileSystem[]): number | undefined {
  const known = sets.flatMap(({ availableBytes }) => availableBytes ?? []);
  return known.length === 0 ? undefined : Math.max(...known);
}

function hasOwnQuota(each: FileSystem, pool: readonly FileSystem[]): boolean {
  const around = pool
    .filter(({ source }) => each.source.startsWith(`${source}/`))
    .reduce<FileSystem | undefined>(
      (best, other) => (best === undefined || other.source.length > best.source.length ? other : best),
      undefined,
    );
  const room = around?.availableBytes ?? largestOf(pool);
  return each.availableBytes !== undefined && room !== undefined && each.availableBytes < room - SLACK_BYTES;
}

/** The data set and those inside for which its quota holds. */
function insideOf(each: FileSystem, pool: readonly FileSystem[]): FileSystem[] {
  const room = (each.availableBytes ?? 0) + SLACK_BYTES;
  return pool.filter(
    (other) =>
      other === each ||
      (other.source.startsWith(`${each.source}/`) && (other.availableBytes ?? Number.NaN) <= room),
  );
}
