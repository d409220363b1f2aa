import { readFileSync } from 'node:fs';
import { OpError, orUndefined, toOpError } from '../../../src/kit/errors/op-error.ts';
import {
  AT_FDCWD,
  closeDescriptor,
  Errno,
  NativeBuffer,
  O_DIRECTORY,
  O_RDONLY,
  openAt,
  orThrow,
  systemCall,
} from '../libc.ts';
import { parseMountEntries } from '../proc/mountinfo.ts';
import { nativeCopy } from './bpf-call.ts';

/** The same numbers on x64 and arm64. */
const SYS_FSOPEN = 430;
const SYS_FSCONFIG = 431;
const SYS_FSMOUNT = 432;
const CLOEXEC = 1;
const FSCONFIG_CMD_CREATE = 6;

export interface CgroupRoot {
  /** An open directory, the caller's to close. */
  readonly descriptor: number;
  /** `machine`: the root of all control groups; `container`: of those that this control group namespace may see. */
  readonly scope: 'machine' | 'container';
}

/**
 * Opens the root of the unified control group hierarchy: where it is mounted; mounted nowhere, for this descriptor
 * alone; or where process 1 has it. `ip netns exec` starts programs without a mount of it, and an agent has given up
 * what mounting takes. Throws OpError `NO_CGROUP2`.
 */
export function openCgroupRoot(mountInfo: Uint8Array = readFileSync('/proc/self/mountinfo')): CgroupRoot {
  const mounted = openMounted(mountInfo, '');
  if (mounted !== undefined) return mounted;
  try {
    const descriptor = mountNowhere();
    return { descriptor, scope: scopeOf(descriptor) };
  } catch (thrown) {
    // Reading its mounts needs cap_sys_ptrace, or all capabilities that it has.
    const ofFirst = orUndefined(() => openMounted(readFileSync('/proc/1/mountinfo'), '/proc/1/root'));
    if (ofFirst !== undefined) return ofFirst;
    throw withoutRoot(toOpError('mount cgroup2', thrown));
  }
}

function openMounted(mountInfo: Uint8Array, root: string): CgroupRoot | undefined {
  for (const path of parseCgroupMounts(mountInfo)) {
    const name = nativeCopy(Buffer.concat([Buffer.from(root), path]));
    const descriptor = openAt(AT_FDCWD, name, O_RDONLY | O_DIRECTORY);
    if (descriptor >= 0) return { descriptor, scope: scopeOf(descriptor) };
  }
  return undefined;
}

function withoutRoot(cause: OpError): OpError {
  const why =
    cause.code === 'EPERM' ? 'mounting it needs cap_sys_admin' : `mounting it failed (${cause.message})`;
  const message = `no cgroup2 is mounted, and ${why}`;
  return new OpError({ op: 'open cgroup2', code: 'NO_CGROUP2', message, cause });
}

/** Where cgroup2 is mounted by /proc/PID/mountinfo, as bytes with a NUL behind; whole hierarchies first. */
export function parseCgroupMounts(bytes: Uint8Array): Uint8Array[] {
  const mounts = parseMountEntries(bytes, bytes.length).filter(({ type }) => type === 'cgroup2');
  const ofRoot = mounts.filter(({ root }) => root === '/');
  const others = mounts.filter(({ root }) => root !== '/');
  return [...ofRoot, ...others].map(({ mountPointBytes }) => mountPointBytes);
}

const TYPE_FILE = NativeBuffer.ofPath('cgroup.type');

/** Every control group but the root of all has `cgroup.type` (CFTYPE_NOT_ON_ROOT, kernel/cgroup/cgroup.c). */
function scopeOf(directory: number): CgroupRoot['scope'] {
  const descriptor = openAt(directory, TYPE_FILE, O_RDONLY);
  if (descriptor < 0) return descriptor === -Errno.ENOENT ? 'machine' : 'container';
  closeDescriptor(descriptor);
  return 'container';
}

/** fsopen(2), fsconfig(2), fsmount(2): a mount that no path leads to. */
function mountNowhere(): number {
  const name = NativeBuffer.ofPath('cgroup2');
  const context = orThrow(systemCall(SYS_FSOPEN, name.pointer, CLOEXEC), 'fsopen cgroup2');
  try {
    orThrow(systemCall(SYS_FSCONFIG, context, FSCONFIG_CMD_CREATE), 'fsconfig cgroup2');
    return orThrow(systemCall(SYS_FSMOUNT, context, CLOEXEC), 'fsmount cgroup2');
  } finally {
    closeDescriptor(context);
  }
}
