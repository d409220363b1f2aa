/** A line of /proc/PID/mountinfo (fs/proc_namespace.c, show_mountinfo). */
export interface Mount {
  /** Where in the file system the mount begins: `/`, or the folder that was bound. */
  readonly root: string;
  readonly mountPoint: string;
  readonly options: readonly string[];
  readonly fileSystem: string;
  /** Of the file system itself rather than of this mount. */
  readonly superOptions: readonly string[];
}

/** fs/proc/root.c: who may see whose processes. */
export type Hidepid = 'off' | 'noaccess' | 'invisible' | 'ptraceable';

/** How /proc is mounted. */
export interface ProcMount {
  readonly hidepid: Hidepid;
  /** Members of this group are exempt from hidepid. */
  readonly exemptGid: number;
  /** `subset=pid`: nothing but processes is there, so the kernel's tables and settings are missing. */
  readonly hasProcessesAlone: boolean;
}

/** Mounts in their order, later ones above earlier ones; lines that are none are left out. */
export function parseMountinfo(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    const mount = parseLine(line);
    return mount === undefined ? [] : [mount];
  });
}

/** `36 35 98:0 /root /point rw,noatime master:1 - ext4 /dev/sda1 rw`: optional fields end with the lone hyphen. */
function parseLine(line: string): Mount | undefined {
  const fields = line.split(' ');
  const separator = fields.indexOf('-', 6);
  const [root, mountPoint, options] = fields.slice(3, 6);
  const [fileSystem, , superOptions] = separator < 0 ? [] : fields.slice(separator + 1);
  if (root === undefined || mountPoint === undefined || options === undefined) return undefined;
  if (fileSystem === undefined || superOptions === undefined) return undefined;
  return {
    root: unescaped(root),
    mountPoint: unescaped(mountPoint),
    options: options.split(','),
    fileSystem,
    superOptions: superOptions.split(','),
  };
}

/** The kernel writes blanks and backslashes in paths as three octal digits (fs/seq_file.c, mangle_path). */
function unescaped(path: string): string {
  return path.replaceAll(/\\([0-3][0-7]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** The mount that a path (absolute, without links) is on: of those above it the longest, and of equal ones the last. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  let best: Mount | undefined;
  for (const mount of mounts) {
    const { mountPoint } = mount;
    const holds = mountPoint === '/' || path === mountPoint || path.startsWith(`${mountPoint}/`);
    if (holds && mountPoint.length >= (best?.mountPoint.length ?? 0)) best = mount;
  }
  return best;
}

/** Where cgroup v2 is mounted; empty where it is not. */
export function cgroup2MountPoints(mounts: readonly Mount[]): readonly string[] {
  return mounts.filter(({ fileSystem }) => fileSystem === 'cgroup2').map(({ mountPoint }) => mountPoint);
}

const HIDEPID_BY_NAME: Readonly<Record<string, Hidepid>> = {
  ...{ off: 'off', noaccess: 'noaccess', invisible: 'invisible', ptraceable: 'ptraceable' },
  ...{ '0': 'off', '1': 'noaccess', '2': 'invisible', '4': 'ptraceable' },
};

/** How the proc file system at a mount point is restricted; undefined where none is mounted. */
export function procMountAt(mounts: readonly Mount[], mountPoint: string): ProcMount | undefined {
  const mount = mounts.findLast((each) => each.fileSystem === 'proc' && each.mountPoint === mountPoint);
  if (mount === undefined) return undefined;
  const option = (name: string): string | undefined =>
    mount.superOptions.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
  const gid = Number(option('gid') ?? '0');
  return {
    hidepid: HIDEPID_BY_NAME[option('hidepid') ?? 'off'] ?? 'off',
    exemptGid: Number.isSafeInteger(gid) ? gid : 0,
    hasProcessesAlone: option('subset') === 'pid',
  };
}
