import { basename } from 'node:path';
import type { BlockDevice, FileSystem, FileSystemSilence } from '../../../src/data/schema/disks-section.ts';
import type { SpaceAnswer } from '../guarded/helper-message.ts';
import { type MountEntry, parseMountEntries } from '../proc/mountinfo.ts';

/** A file system to be shown, with what does not change while it is mounted. */
export type Mounted = Readonly<ReturnType<typeof mountedOf>>;

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

function mountedOf(mount: MountEntry, silence: FileSystemSilence | undefined) {
  const { id, mountPoint, mountPointBytes, source } = mount;
  // Without the NUL at its end.
  const path = mountPointBytes.subarray(0, -1);
  const devicePath = source.startsWith('/dev/') ? source : undefined;
  return {
    mount,
    /** Tells it from others, and from what is mounted there later. */
    key: `${id} ${mountPoint} ${source}`,
    /** undefined: it is not asked. */
    question: silence === undefined ? { path, devicePath } : undefined,
    /** Why it is not asked. */
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
  const pools = new Map(Array.from(byPool, ([name, own]) => [name, new Pool(own)] as const));
  return fileSystems.flatMap((each) =>
    each.type === 'zfs' ? pools.get(poolOf(each.source))!.rowOf(each) : [each],
  );
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

/** The data sets of a pool that are mounted. */
class Pool {
  readonly #sets: readonly FileSystem[];
  readonly #bySource: ReadonlyMap<string, FileSystem>;
  readonly #face: FileSystem;
  /** What the data set with the most room may still write; NaN unknown. */
  #room = Number.NaN;
  /** Each with those inside for which its quota, if it has one, holds. */
  readonly #insides = new Map<FileSystem, FileSystem[]>();

  constructor(sets: readonly FileSystem[]) {
    this.#sets = sets;
    this.#bySource = new Map(sets.map((each) => [each.source, each]));
    this.#face = faceOf(sets);
    for (const { availableBytes } of sets) {
      if (availableBytes !== undefined && !(availableBytes <= this.#room)) this.#room = availableBytes;
    }
    for (const each of sets) this.#insides.set(each, [each]);
    for (const each of sets) this.#addToOuter(each);
  }

  /** Its row; none where the pool's tells all of it. */
  rowOf(each: FileSystem): FileSystem[] {
    if (each === this.#face) return [this.#wholeRow()];
    return this.#hasOwnQuota(each) ? [summed(each, this.#insides.get(each)!)] : [];
  }

  /** All of the pool; what is free is what the data set with the most room has. */
  #wholeRow(): FileSystem {
    const row = { ...summed(this.#face, this.#sets), name: poolOf(this.#face.source) };
    const free = this.#room;
    if (row.usedBytes === undefined || Number.isNaN(free)) return row;
    return { ...row, availableBytes: free, totalBytes: row.usedBytes + free };
  }

  #hasOwnQuota({ source, availableBytes = Number.NaN }: FileSystem): boolean {
    return availableBytes < (this.#around(source)[0]?.availableBytes ?? this.#room) - SLACK_BYTES;
  }

  #addToOuter(each: FileSystem): void {
    for (const outer of this.#around(each.source)) {
      const isHeld = (each.availableBytes ?? Number.NaN) <= (outer.availableBytes ?? 0) + SLACK_BYTES;
      if (isHeld) this.#insides.get(outer)!.push(each);
    }
  }

  /** The data sets that it is in, from the nearest out. */
  #around(source: string): FileSystem[] {
    return foldersAbove(source).flatMap((name) => this.#bySource.get(name) ?? []);
  }
}

function summed(face: FileSystem, sets: readonly FileSystem[]): FileSystem {
  const known = sets.filter(({ usedBytes }) => usedBytes !== undefined);
  const { availableBytes } = face;
  if (known.length === 0 || availableBytes === undefined) return face;
  const usedBytes = known.reduce((sum, each) => sum + each.usedBytes!, 0);
  return { ...face, usedBytes, totalBytes: usedBytes + availableBytes };
}

/** Read-only images, and programs that play file system; their sources may look like devices. */
const NEVER = new Set(['squashfs', 'erofs', 'cramfs', 'romfs', 'fuse', 'fusectl', 'devtmpfs', 'autofs']);
/** Real ones whose source is no path in /dev. */
const WITHOUT_DEVICE = new Set(['ubifs', 'jffs2', 'yaffs2', 'bcachefs', 'virtiofs', 'apfs']);
/** Their bytes are in another file system's file, or in memory. */
const BORROWED_DEVICE = /^\/dev\/(loop|ram|zram|fuse$)/;

/**
 * The mounts that stand for a file system each: real ones once, however often they are bound, and what `/` is on,
 * whatever that is. Left out are pseudo and memory file systems, images, loop devices, overlays (but for `/`) and all
 * of the network (nfs, cifs, 9p, ceph, sshfs and other fuse; see `selectRemoteMounts`). Of two mounts of one file
 * system, the one that no automounter made stands for it.
 */
export function selectMounts(mounts: readonly MountEntry[]): MountEntry[] {
  const children = childrenOf(mounts);
  const byId = new Map(mounts.map((mount) => [mount.id, mount]));
  const best = new Map<string, MountEntry>();
  for (const mount of mounts) {
    if (!isReal(mount) || isOutOfReach(mount, byId, children)) continue;
    const key = fileSystemKey(mount);
    const known = best.get(key);
    if (known === undefined || rankIn(byId, mount) < rankIn(byId, known)) best.set(key, mount);
  }
  const selected = [...best.values()];
  const isRootOverlay = selected.some(({ mountPoint, type }) => mountPoint === '/' && type === 'overlay');
  return isRootOverlay ? selected.filter((mount) => !isContainerFile(mount)) : selected;
}

/** More of them are another machine's matter. */
const REMOTE_MOST = 64;
/** Programs that play file system for the desktop or for containers: nothing is stored there. */
const HELPER_FUSE = /^fuse\.(gvfsd-fuse|portal|lxcfs|snapfuse|squashfuse\w*|xdg-document-portal)$/;

/** Mounts of the network and of programs (FUSE), each file system once; a question to one may never be answered. */
function selectRemoteMounts(mounts: readonly MountEntry[]): MountEntry[] {
  const best = new Map<string, MountEntry>();
  for (const mount of mounts) {
    if (!MAY_HANG.test(mount.type) || HELPER_FUSE.test(mount.type) || mount.mountPoint === '/') continue;
    const key = fileSystemKey(mount);
    const known = best.get(key);
    if (known === undefined || rank(mount) < rank(known)) best.set(key, mount);
  }
  return [...best.values()].slice(0, REMOTE_MOST);
}

function isReal({ type, source, mountPoint }: MountEntry): boolean {
  if (mountPoint === '/') return type !== 'rootfs';
  // A snapshot stays mounted for a while after it was accessed.
  if (type === 'zfs') return !source.includes('@');
  if (WITHOUT_DEVICE.has(type)) return true;
  if (NEVER.has(type) || type.startsWith('fuse.')) return false;
  return source.startsWith('/dev/') && !BORROWED_DEVICE.test(source);
}

/** All subvolumes of a btrfs have one device, each data set of ZFS one of its own. */
function fileSystemKey({ major, minor }: MountEntry): string {
  return `${major}:${minor}`;
}

/** Behind every other. */
const AUTOMOUNT_RANK = 1e9;

/** The smaller the better: `/`, then the whole file system before a part of it, then the shortest path. */
function rankIn(byId: MountsById, mount: MountEntry): number {
  return rank(mount) + (isAutomounted(mount, byId) ? AUTOMOUNT_RANK : 0);
}

function rank({ mountPoint, root }: MountEntry): number {
  if (mountPoint === '/') return 0;
  const isWhole = root === '/' || root === '';
  return (isWhole ? 1 : 1e6) + mountPoint.length;
}

/** File systems whose server or program may be gone; a path through them hangs as they do. */
const MAY_HANG = /^(nfs\d?|cifs|smb\w*|9p|ceph|afs|coda|lustre|ncpfs|glusterfs|fuse(\..+)?)$/;

type MountsById = ReadonlyMap<number, MountEntry>;
/** By what they are mounted on, and there by mount point: a machine may have ten thousand. */
type Children = ReadonlyMap<number, ReadonlyMap<string, readonly MountEntry[]>>;
const NESTING_LIMIT = 64;

function childrenOf(mounts: readonly MountEntry[]): Children {
  const byParent = Map.groupBy(mounts, ({ parentId }) => parentId);
  return new Map(
    Array.from(byParent, ([id, own]) => [id, Map.groupBy(own, ({ mountPoint }) => mountPoint)] as const),
  );
}

/** Whether its path leads to another mount (one on top of it, or of a folder on the way), or through the network. */
function isOutOfReach(mount: MountEntry, byId: MountsById, children: Children): boolean {
  let current: MountEntry | undefined = mount;
  let from = mount.id;
  for (let depth = 0; current !== undefined && depth < NESTING_LIMIT; depth++) {
    const { id, parentId, mountPoint } = current;
    const above = children.get(id)?.get(mountPoint) ?? [];
    if (above.some((other) => other.id !== id && other.id !== from)) return true;
    const siblings = children.get(parentId);
    if (foldersAbove(mountPoint).some((folder) => siblings?.get(folder)?.some((other) => other.id !== id))) {
      return true;
    }
    if (id === parentId) break;
    from = id;
    current = byId.get(parentId);
    if (current !== undefined && current.mountPoint !== '/' && MAY_HANG.test(current.type)) return true;
  }
  return false;
}

/**
 * Whether an automounter (autofs, systemd's .automount) has mounted it, or a mount on the way to it: a look at the path
 * counts as use and keeps it mounted (fs/autofs/expire.c).
 */
function isAutomounted(mount: MountEntry, byId: MountsById): boolean {
  let current = byId.get(mount.parentId);
  for (let depth = 0; current !== undefined && depth < NESTING_LIMIT; depth++) {
    if (current.type === 'autofs') return true;
    if (current.id === current.parentId) return false;
    current = byId.get(current.parentId);
  }
  return false;
}

/** `/a/b` and `/a` of `/a/b/c`; names of data sets likewise, from the nearest out. */
function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    folders.push(path.slice(0, end));
  }
  return folders;
}

/** /etc/hosts and the like, which a container runtime binds from the host's file system. */
function isContainerFile({ root, mountPoint }: MountEntry): boolean {
  return root !== '/' && /^\/(etc\/(hosts|hostname|resolv\.conf)|dev\/|run\/secrets)/.test(mountPoint);
}
