import type { MountEntry } from '../proc/mountinfo.ts';

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
  const byParent = Map.groupBy(mounts, ({ parentId }) => parentId);
  const byId = new Map(mounts.map((mount) => [mount.id, mount]));
  const best = new Map<string, MountEntry>();
  for (const mount of mounts) {
    if (!isReal(mount) || isOutOfReach(mount, byId, byParent)) continue;
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
export function selectRemoteMounts(mounts: readonly MountEntry[]): MountEntry[] {
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
type MountsByParent = ReadonlyMap<number, readonly MountEntry[]>;
const NESTING_LIMIT = 64;

/** Whether its path leads to another mount (one on top of it, or of a folder on the way), or through the network. */
function isOutOfReach(mount: MountEntry, byId: MountsById, byParent: MountsByParent): boolean {
  let current: MountEntry | undefined = mount;
  let from = mount.id;
  for (let depth = 0; current !== undefined && depth < NESTING_LIMIT; depth++) {
    const { id, parentId, mountPoint } = current;
    const above = byParent.get(id) ?? [];
    if (above.some((other) => other.mountPoint === mountPoint && other.id !== id && other.id !== from)) {
      return true;
    }
    const siblings = byParent.get(parentId) ?? [];
    if (siblings.some((other) => other.id !== id && isAbove(other.mountPoint, mountPoint))) return true;
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
export function isAutomounted(mount: MountEntry, byId: MountsById): boolean {
  let current = byId.get(mount.parentId);
  for (let depth = 0; current !== undefined && depth < NESTING_LIMIT; depth++) {
    if (current.type === 'autofs') return true;
    if (current.id === current.parentId) return false;
    current = byId.get(current.parentId);
  }
  return false;
}

function isAbove(folder: string, path: string): boolean {
  return folder !== '/' && path.length > folder.length && path.startsWith(`${folder}/`);
}

/** /etc/hosts and the like, which a container runtime binds from the host's file system. */
function isContainerFile({ root, mountPoint }: MountEntry): boolean {
  return root !== '/' && /^\/(etc\/(hosts|hostname|resolv\.conf)|dev\/|run\/secrets)/.test(mountPoint);
}
