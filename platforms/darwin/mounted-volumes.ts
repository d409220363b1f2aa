import type { FileSystem } from '../../src/data/schema/disks-section.ts';
import { cString, structure } from './struct.ts';

/** A mounted file system; NaN: not told. */
export interface MountFact {
  readonly source: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly isLocal: boolean;
  readonly isReadOnly: boolean;
  /** Not for people to see: the system's own volumes. */
  readonly isHidden: boolean;
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly availableBytes: number;
  readonly inodes: number;
  readonly freeInodes: number;
}

/**
 * sys/mount.h: struct statfs with 64-bit inodes, of which `getfsstat(MNT_NOWAIT)` gives one for each mount, from what
 * the kernel knows: no disk and no server is asked.
 */
export const STATFS64 = structure(
  { name: 'statfs64', size: 2168 },
  {
    ...{ f_bsize: 'u32', f_iosize: 'i32', f_blocks: 'u64', f_bfree: 'u64', f_bavail: 'u64', f_files: 'u64' },
    ...{ f_ffree: 'u64', f_fsid: ['i32', 2], f_owner: 'u32', f_type: 'u32', f_flags: 'u32' },
    ...{ f_fssubtype: 'u32', f_fstypename: ['u8', 16], f_mntonname: ['u8', 1024] },
    ...{ f_mntfromname: ['u8', 1024], f_flags_ext: 'u32', f_reserved: ['u32', 7] },
  },
);
/** sys/mount.h. */
export const MNT = { RDONLY: 0x1, LOCAL: 0x1000, DONTBROWSE: 0x10_0000 } as const;

/** The whole entries of a list. */
export function parseStatfs(bytes: Uint8Array): MountFact[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: MountFact[] = [];
  for (let at = 0; at + STATFS64.size <= bytes.length; at += STATFS64.size) {
    const read = (name: Parameters<typeof STATFS64.read>[2]) => STATFS64.read(view, at, name);
    const flags = read('f_flags');
    const blockBytes = read('f_bsize');
    found.push({
      source: cString(bytes, at + STATFS64.at.f_mntfromname, 1024),
      mountPoint: cString(bytes, at + STATFS64.at.f_mntonname, 1024),
      type: cString(bytes, at + STATFS64.at.f_fstypename, 16),
      isLocal: (flags & MNT.LOCAL) !== 0,
      isReadOnly: (flags & MNT.RDONLY) !== 0,
      isHidden: (flags & MNT.DONTBROWSE) !== 0,
      totalBytes: read('f_blocks') * blockBytes,
      freeBytes: read('f_bfree') * blockBytes,
      availableBytes: read('f_bavail') * blockBytes,
      inodes: read('f_files'),
      freeInodes: read('f_ffree'),
    });
  }
  return found;
}

/** `/dev/disk1s1 on / (apfs, local, journaled)`: mount(8). Mount points may have spaces and parentheses. */
const MOUNT = /^(.+?) on (\/.*) \(([^()]+)\)$/;
/** `/dev/disk1s1  976490576 302197928 660310352    32%   1507695 9223372036853268112    0%   /`: df(1). */
const SPACE =
  /^(.*?)\s+(\d{1,20})\s+(-?\d{1,20})\s+(-?\d{1,20})\s+\d{1,3}%(?:\s+(\d{1,20})\s+(\d{1,20})\s+(?:\d{1,3}%|-))?\s+(\/.*)$/;

/** Mounts of `mount` with the space of `df -kn`, joined by mount point and source. */
export function parseMounts(mountText: string, spaceText: string): MountFact[] {
  const lines = spaceText.slice(0, spaceText.lastIndexOf('\n') + 1).split('\n');
  const unit = Number(/^Filesystem\s+(\d{1,7})-blocks\s/.exec(lines[0] ?? '')?.[1] ?? Number.NaN);
  const spaces = new Map<string, readonly string[]>();
  for (const line of lines.slice(1)) {
    const cells = SPACE.exec(line);
    if (cells !== null) spaces.set(`${cells[1]} ${cells[7]}`, cells);
  }
  const found: MountFact[] = [];
  for (const line of mountText.slice(0, mountText.lastIndexOf('\n') + 1).split('\n')) {
    const [, source, mountPoint, words] = MOUNT.exec(line) ?? [];
    if (source === undefined || mountPoint === undefined || words === undefined) continue;
    const [type = '', ...flags] = words.split(', ');
    const [, , total, used, available, usedInodes, freeInodes] = spaces.get(`${source} ${mountPoint}`) ?? [];
    const bytes = (text: string | undefined): number =>
      text === undefined ? Number.NaN : Number(text) * unit;
    found.push({
      ...{ source, mountPoint, type, isLocal: flags.includes('local') },
      ...{ isReadOnly: flags.includes('read-only'), isHidden: flags.includes('nobrowse') },
      totalBytes: bytes(total),
      freeBytes: bytes(total) - bytes(used),
      availableBytes: bytes(available),
      inodes: usedInodes === undefined ? Number.NaN : Number(usedInodes) + Number(freeInodes),
      freeInodes: freeInodes === undefined ? Number.NaN : Number(freeInodes),
    });
  }
  return found;
}

/** Have no space of their own. */
const UNREAL = new Set(['devfs', 'autofs', 'nullfs', 'fdesc', 'bindfs', 'synthfs', 'lifs', 'procfs']);
/** `/dev/disk3s1s1`, and a snapshot of it (`com.apple.TimeMachine...@/dev/disk1s1`). */
const DISK = /(?:^|@)\/dev\/(disk\d+)(?:s\d+)*$/;

/**
 * File systems that people know, each once. The volumes of an APFS container share its space, so that what one of them
 * uses says little: the container has one row, of its best-known mount, with all that is used in it. What the network
 * serves has no figures: the server may be gone.
 */
export function fileSystemsOf(mounts: readonly MountFact[]): FileSystem[] {
  const known = new Map<string, MountFact>();
  for (const mount of mounts) {
    if (UNREAL.has(mount.type) || mount.source.includes('@/dev/')) continue;
    const disk = DISK.exec(mount.source)?.[1];
    const key = mount.type === 'apfs' && disk !== undefined ? disk : mount.source;
    const other = known.get(key);
    if (other === undefined || rankOf(mount) < rankOf(other)) known.set(key, mount);
  }
  const shown = [...known.values()].filter((mount) => !mount.isHidden || mount.mountPoint === '/');
  return shown.map(fileSystemOf).sort((a, b) => (a.mountPoint < b.mountPoint ? -1 : 1));
}

function rankOf({ mountPoint, isHidden }: MountFact): number {
  return mountPoint === '/' ? 0 : isHidden ? 2 : 1;
}

function fileSystemOf(mount: MountFact): FileSystem {
  const { source, mountPoint, type, isLocal, isReadOnly } = mount;
  const figure = (value: number): number | undefined =>
    isLocal && Number.isFinite(value) && value >= 0 ? value : undefined;
  const free = type === 'apfs' ? mount.availableBytes : mount.freeBytes;
  const name = /^\/dev\/(.+)$/.exec(source)?.[1] ?? source;
  return {
    ...{ name, source, mountPoint, type, isReadOnly, device: undefined },
    isPartition: /^disk\d+s\d+/.test(name),
    totalBytes: figure(mount.totalBytes),
    usedBytes: figure(mount.totalBytes - free),
    availableBytes: figure(mount.availableBytes),
    inodes: figure(mount.inodes),
    freeInodes: figure(mount.freeInodes),
    ...(isLocal ? {} : { silence: 'not-asked' as const }),
  };
}
