/** A line of /proc/PID/mountinfo, with the identity of its file system. */
export type MountEntry = Readonly<NonNullable<ReturnType<typeof parseEntry>>>;

/** Visibility of other users' processes (fs/proc/root.c). */
export type Hidepid = 'off' | 'noaccess' | 'invisible' | 'ptraceable';

interface ProcMount {
  readonly hidepid: Hidepid;
  /** Members of this group are exempt from hidepid. */
  readonly exemptGid: number;
  /** `subset=pid`: nothing but processes is there, so the kernel's tables and settings are missing. */
  readonly hasProcessesAlone: boolean;
}

const SPACE = 0x20;
const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;
const LINES_LIMIT = 100_000;
const FIELDS_LIMIT = 64;
const decoder = new TextDecoder();

/**
 * /proc/self/mountinfo (fs/proc_namespace.c, show_mountinfo), in its order; lines that are none are left out.
 *
 *   36 35 98:0 /root /point rw,noatime master:1 - ext4 /dev/sda1 rw
 *   id parent major:minor root mount-point options optional... - type source super-options
 */
export function parseMountEntries(bytes: Uint8Array, length: number): MountEntry[] {
  const end = Math.min(length, bytes.length);
  const entries: MountEntry[] = [];
  for (let at = 0; at < end && entries.length < LINES_LIMIT; ) {
    const newline = bytes.indexOf(NEWLINE, at);
    if (newline < 0 || newline >= end) break;
    const entry = parseEntry(fieldsOf(bytes, at, newline));
    if (entry !== undefined) entries.push(entry);
    at = newline + 1;
  }
  return entries;
}

function parseEntry(fields: readonly Uint8Array[]) {
  const separator = fields.findIndex((field, i) => i >= 6 && field.length === 1 && field[0] === 0x2d);
  const [id, parentId, device, root, mountPoint, options] = fields;
  const [type, source, superOptions] = separator < 0 ? [] : fields.slice(separator + 1);
  if (root === undefined || mountPoint === undefined || options === undefined) return undefined;
  if (type === undefined || source === undefined) return undefined;
  const numbers = /^(\d{1,10}) (\d{1,10}) (\d{1,9}):(\d{1,9})$/.exec(
    `${decoder.decode(id)} ${decoder.decode(parentId)} ${decoder.decode(device)}`,
  );
  if (numbers === null) return undefined;
  const mountPointBytes = unescaped(mountPoint);
  return {
    id: Number(numbers[1]),
    parentId: Number(numbers[2]),
    major: Number(numbers[3]),
    minor: Number(numbers[4]),
    /** Where in the file system the mount begins: `/`, a folder or file that was bound, a subvolume. */
    root: decoder.decode(unescaped(root)),
    mountPoint: decoder.decode(mountPointBytes),
    /** The mount point's bytes with a NUL behind: a path need not be UTF-8. */
    mountPointBytes: terminated(mountPointBytes),
    /** Of this mount. */
    options: decoder.decode(options).split(','),
    type: decoder.decode(type),
    source: decoder.decode(unescaped(source)),
    /** Of the file system itself rather than of this mount. */
    superOptions: superOptions === undefined ? [] : decoder.decode(superOptions).split(','),
  };
}

function fieldsOf(bytes: Uint8Array, start: number, end: number): Uint8Array[] {
  const fields: Uint8Array[] = [];
  for (let at = start; at <= end && fields.length < FIELDS_LIMIT; ) {
    const space = bytes.indexOf(SPACE, at);
    const fieldEnd = space < 0 || space > end ? end : space;
    fields.push(bytes.subarray(at, fieldEnd));
    at = fieldEnd + 1;
  }
  return fields;
}

/** The kernel writes blanks and backslashes as three octal digits (fs/seq_file.c, mangle_path). */
function unescaped(field: Uint8Array): Uint8Array {
  if (!field.includes(BACKSLASH)) return field;
  const plain: number[] = [];
  for (let at = 0; at < field.length; at++) {
    const octal = field[at] === BACKSLASH ? octalAt(field, at + 1) : -1;
    plain.push(octal < 0 ? field[at]! : octal);
    if (octal >= 0) at += 3;
  }
  return new Uint8Array(plain);
}

/** Three octal digits as a byte, or -1. */
function octalAt(field: Uint8Array, at: number): number {
  let value = 0;
  for (let i = 0; i < 3; i++) {
    const digit = (field[at + i] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) return -1;
    value = value * 8 + digit;
  }
  return value <= 0xff ? value : -1;
}

function terminated(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.length + 1);
  copy.set(bytes);
  return copy;
}

/** The mount that a path (absolute, without links) is on: of those above it the longest, and of equal ones the last. */
export function mountOf(mounts: readonly MountEntry[], path: string): MountEntry | undefined {
  let best: MountEntry | undefined;
  for (const mount of mounts) {
    const { mountPoint } = mount;
    const holds = mountPoint === '/' || path === mountPoint || path.startsWith(`${mountPoint}/`);
    if (holds && mountPoint.length >= (best?.mountPoint.length ?? 0)) best = mount;
  }
  return best;
}

/** Where cgroup v2 is mounted; empty where it is not. */
export function cgroup2MountPoints(mounts: readonly MountEntry[]): readonly string[] {
  return mounts.filter(({ type }) => type === 'cgroup2').map(({ mountPoint }) => mountPoint);
}

const HIDEPID_BY_NAME: Readonly<Record<string, Hidepid>> = {
  ...{ off: 'off', noaccess: 'noaccess', invisible: 'invisible', ptraceable: 'ptraceable' },
  ...{ '0': 'off', '1': 'noaccess', '2': 'invisible', '4': 'ptraceable' },
};

/** How the proc file system at a mount point is restricted; undefined where none is mounted. */
export function procMountAt(mounts: readonly MountEntry[], mountPoint: string): ProcMount | undefined {
  const mount = mounts.findLast((each) => each.type === 'proc' && each.mountPoint === mountPoint);
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
