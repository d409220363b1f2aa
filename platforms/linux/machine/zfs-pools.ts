import type { FileSystem } from '../../../src/data/schema/disks-section.ts';

/** What differs by less is written between two questions. */
const SLACK_BYTES = 64 << 20;

/**
 * File systems with the data sets of ZFS put together: a row for each pool, and one for each data set that has a quota
 * of its own. statfs(2) of a data set tells what this one refers to and what it may still write (OpenZFS, zfs_vfsops.c,
 * zfs_statvfs): those of a pool share what is free, so that what is used is the sum over them. A quota shows by less
 * room than the data set around it has; it holds for those inside as far as they have no more room. What snapshots and
 * data sets that are not mounted hold is not known here.
 */
export function withPools(fileSystems: readonly FileSystem[]): FileSystem[] {
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
