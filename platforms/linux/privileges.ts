import { Errno, NativeBuffer, readExtendedAttribute, SyscallError } from './libc.ts';

/** linux/capability.h: the ones that this program has a use for, by the names of setcap(8). */
export const CAPABILITY_BITS = {
  ...{ cap_dac_override: 1, cap_dac_read_search: 2, cap_kill: 5, cap_net_admin: 12, cap_net_raw: 13 },
  ...{ cap_sys_ptrace: 19, cap_perfmon: 38, cap_bpf: 39 },
} as const;

export type CapabilityName = keyof typeof CAPABILITY_BITS;

export const CAPABILITY_NAMES = Object.keys(CAPABILITY_BITS) as readonly CapabilityName[];

/** A set of capabilities as the kernel prints it: bit n for capability n. */
export type CapabilitySet = bigint;

/** The set of these alone. */
export function capabilitySet(names: readonly CapabilityName[]): CapabilitySet {
  return names.reduce((set, name) => set | (1n << BigInt(CAPABILITY_BITS[name])), 0n);
}

export function hasCapability(set: CapabilitySet, name: CapabilityName): boolean {
  return ((set >> BigInt(CAPABILITY_BITS[name])) & 1n) === 1n;
}

/** Capabilities that this program has a use for, sorted by what the process may do with them. */
export interface CapabilityLists {
  readonly held: readonly CapabilityName[];
  readonly missing: readonly CapabilityName[];
  /** No file could give them to this process. */
  readonly unreachable: readonly CapabilityName[];
}

export function capabilityLists({ effective, bounding }: Privileges): CapabilityLists {
  return {
    held: CAPABILITY_NAMES.filter((name) => hasCapability(effective, name)),
    missing: CAPABILITY_NAMES.filter((name) => !hasCapability(effective, name)),
    unreachable: CAPABILITY_NAMES.filter((name) => !hasCapability(bounding, name)),
  };
}

/** What lets this program look into the processes of other users, as a file is given it. */
export const OWNER_CAPABILITIES = ['cap_sys_ptrace', 'cap_dac_read_search'] as const;

/** What the tier ebpf takes, all parts of it. */
export const PROGRAM_CAPABILITIES = ['cap_bpf', 'cap_net_admin', 'cap_perfmon'] as const;

/**
 * Those of OWNER_CAPABILITIES that are neither in the set nor made up for: containers have cap_dac_override instead.
 */
export function missingForOwners(set: CapabilitySet): readonly CapabilityName[] {
  return OWNER_CAPABILITIES.filter((name) => {
    const isMadeUpFor = name === 'cap_dac_read_search' && hasCapability(set, 'cap_dac_override');
    return !hasCapability(set, name) && !isMadeUpFor;
  });
}

/** Privileges of a process from /proc/PID/status (fs/proc/array.c, task_cap and task_seccomp). */
export interface Privileges {
  readonly effectiveUid: number;
  readonly effective: CapabilitySet;
  /** What a file's capabilities may give at most. */
  readonly bounding: CapabilitySet;
  /** Neither set-user-ID files nor file capabilities give anything any more: sudo and setcap do not help. */
  readonly hasNoNewPrivileges: boolean;
  /** System calls are filtered. */
  readonly hasSeccompFilter: boolean;
}

/** Reads the text of /proc/PID/status; undefined where the user or the capabilities are not there. */
export function parsePrivileges(text: string): Privileges | undefined {
  const effectiveUid = /^Uid:\t\d+\t(\d{1,10})\t/m.exec(text)?.[1];
  const effective = /^CapEff:\t([0-9a-f]{1,16})$/m.exec(text)?.[1];
  if (effectiveUid === undefined || effective === undefined) return undefined;
  const bounding = /^CapBnd:\t([0-9a-f]{1,16})$/m.exec(text)?.[1] ?? 'ffffffffffffffff';
  return {
    effectiveUid: Number(effectiveUid),
    effective: BigInt(`0x${effective}`),
    bounding: BigInt(`0x${bounding}`),
    hasNoNewPrivileges: /^NoNewPrivs:\t1$/m.test(text),
    hasSeccompFilter: /^Seccomp:\t2$/m.test(text),
  };
}

const REVISION_MASK = 0xff000000;
const REVISION_2 = 0x02000000;
const REVISION_3 = 0x03000000;

/**
 * The permitted set of the extended attribute security.capability: `struct vfs_cap_data` (linux/capability.h),
 * little-endian u32 words.
 *
 *      0          4            8              12           16             20        24
 *      magic_etc  permitted    inheritable    permitted    inheritable    (rootid)
 *                 low words                   high words                  revision 3
 *
 * The top byte of magic_etc is the revision, its lowest bit the effective flag. Undefined for revision 1, which has
 * no high words and is no longer written, for an unknown revision and for a length that is not the revision's.
 */
export function parseFileCapabilities(bytes: Uint8Array, length: number): CapabilitySet | undefined {
  if (length > bytes.length || length < 20) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const magic = view.getUint32(0, true);
  const revision = (magic & REVISION_MASK) >>> 0;
  if (!(revision === REVISION_2 && length === 20) && !(revision === REVISION_3 && length === 24)) {
    return undefined;
  }
  const low = BigInt(view.getUint32(4, true));
  const high = BigInt(view.getUint32(12, true));
  return (high << 32n) | low;
}

/** What the file at a path permits; undefined: no capabilities. Throws SyscallError where it is not there. */
export function readFileCapabilities(path: string): CapabilitySet | undefined {
  const into = new NativeBuffer(64);
  const name = NativeBuffer.ofPath('security.capability');
  const length = readExtendedAttribute(NativeBuffer.ofPath(path), name, into);
  if (length === -Errno.ENODATA || length === -Errno.EOPNOTSUPP) return undefined;
  if (length < 0) throw new SyscallError('getxattr', -length, path);
  return parseFileCapabilities(into.bytes, length);
}
