import { opendirSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { orUndefined } from '../../../src/kit/errors/op-error.ts';

/** What the kernel offers to the tiers, this release's and later ones, below the roots. Never throws. */
export function examineKernel(procRoot: string, sysRoot: string) {
  const setting = (path: string): string | undefined => readText(`${procRoot}/sys/${path}`)?.trim();
  const lockdown = readText(`${sysRoot}/kernel/security/lockdown`);
  return {
    /** Such as `6.18.44`. */
    release: setting('kernel/osrelease') ?? 'of unknown release',
    /** Size of /sys/kernel/btf/vmlinux in bytes; undefined: not there. */
    btfBytes: statSync(`${sysRoot}/kernel/btf/vmlinux`, { throwIfNoEntry: false })?.size,
    /** kernel.unprivileged_bpf_disabled: 0 allowed, 1 forbidden for good, 2 forbidden; undefined: no BPF system call. */
    unprivilegedBpfDisabled: parseSetting(setting('kernel/unprivileged_bpf_disabled')),
    /** The mode of /sys/kernel/security/lockdown; undefined: no such file. */
    lockdown: lockdown === undefined ? undefined : parseLockdown(lockdown),
    /** kernel.task_delayacct: 1 waits for block devices are counted per process, 0 not; undefined: no such setting. */
    taskDelayAccounting: parseSetting(setting('kernel/task_delayacct')),
    /** The kernel counts shares of time in which tasks wait (PSI). */
    hasPressure: (readText(`${procRoot}/pressure/cpu`) ?? '') !== '',
    /** net.core.rmem_max in bytes. */
    receiveBufferMaxBytes: parseSetting(setting('net/core/rmem_max')),
    /** kernel.modules_disabled: no module can be loaded until the next start. */
    areModulesClosed: setting('kernel/modules_disabled') === '1',
  };
}

/** The text of a small file of the kernel; undefined where it cannot be read. */
export function readText(path: string): string | undefined {
  return orUndefined(() => readFileSync(path, 'utf8'));
}

/** A setting that is a number of at most 15 digits. */
export function parseSetting(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** The mode in brackets of `none [integrity] confidentiality`. */
export function parseLockdown(text: string): string | undefined {
  return /\[([a-z]+)\]/.exec(text)?.[1];
}

/** Limit of inspected processes: on a very large machine inspecting all would take seconds. */
const PROCESSES_LIMIT = 4096;
/** linux/sched.h */
const PF_KTHREAD = 0x00200000;

/**
 * Which processes this one can see and look into. Looks at the processes below `procRoot` as the
 * collector does: list the descriptors, read one link. Never throws.
 */
export function examineProcesses(procRoot: string, effectiveUid: number) {
  const pids = listPids(procRoot);
  let seen = 0;
  let ofOthers = 0;
  let open = 0;
  for (const pid of pids.slice(0, PROCESSES_LIMIT)) {
    const folder = `${procRoot}/${pid}`;
    const stat = readText(`${folder}/stat`);
    const uid = orUndefined(() => statSync(folder).uid);
    if (stat === undefined || uid === undefined || !canHaveSockets(stat)) continue;
    seen++;
    if (uid !== effectiveUid) ofOthers++;
    if (canReadDescriptors(folder)) open++;
  }
  return {
    /** Processes listed, threads of the kernel and ended processes left out. */
    seen,
    ofOthers,
    /** Of all, those whose descriptors can be read, so that their connections can be assigned. */
    open,
    /** There are more than were looked at. */
    isPartial: pids.length > PROCESSES_LIMIT,
  };
}

function listPids(procRoot: string): string[] {
  return (orUndefined(() => readdirSync(procRoot)) ?? []).filter((name) => /^\d+$/.test(name));
}

function canReadDescriptors(folder: string): boolean {
  const isRead = orUndefined(() => {
    const descriptors = opendirSync(`${folder}/fd`);
    try {
      const first = descriptors.readSync();
      if (first !== null) readlinkSync(`${folder}/fd/${first.name}`);
      return true;
    } finally {
      descriptors.closeSync();
    }
  });
  return isRead === true;
}

/**
 * /proc/PID/stat: the state and, as the seventh field, the flags behind the name's closing bracket (fs/proc/array.c,
 * do_task_stat). Threads of the kernel and zombies have no descriptors.
 */
export function canHaveSockets(stat: string): boolean {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[6]) & PF_KTHREAD) === 0 && fields[0] !== 'Z' && fields[0] !== 'X';
}

/**
 * include/linux/proc_ns.h: numbers of the namespaces that the kernel itself starts with, PROC_NET_INIT_INO since 6.18.
 */
const INITIAL_PID_NAMESPACE = 0xeffffffc;
const INITIAL_NET_NAMESPACE = 0xeffffff9;
/** From here on numbers are given out; the first network namespace of older kernels is among them. */
const FIRST_DYNAMIC_NUMBER = 0xf0000000;

/** Whether a namespace is that of the machine, a separate one, or unknown. */
type NamespaceScope = 'machine' | 'own' | 'unknown';

/** The number in a link of /proc/PID/ns, such as `net:[4026531840]`; undefined for any other text. */
export function parseNamespaceLink(link: string): number | undefined {
  const digits = /^[a-z_]+:\[(\d{1,10})\]$/.exec(link)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Links of /proc/self/ns and /proc/1/ns; undefined where they cannot be read. */
interface NamespaceLinks {
  readonly ownPid: string | undefined;
  readonly ownNet: string | undefined;
  /** Namespace of process 1; readable only with the privilege to inspect it. */
  readonly firstNet: string | undefined;
}

/** The PID namespace of the machine has a number that never changes. */
export function pidScopeOf({ ownPid }: NamespaceLinks): NamespaceScope {
  const number = ownPid === undefined ? undefined : parseNamespaceLink(ownPid);
  if (number === undefined) return 'unknown';
  return number === INITIAL_PID_NAMESPACE ? 'machine' : 'own';
}

/** By its number where the kernel has one for the machine's; else by that of process 1, if that is the machine's. */
export function netScopeOf(links: NamespaceLinks): NamespaceScope {
  const own = links.ownNet === undefined ? undefined : parseNamespaceLink(links.ownNet);
  if (own === undefined) return 'unknown';
  if (own === INITIAL_NET_NAMESPACE) return 'machine';
  const first = links.firstNet === undefined ? undefined : parseNamespaceLink(links.firstNet);
  if (first === undefined) return 'unknown';
  const isFirstFixed = first < FIRST_DYNAMIC_NUMBER;
  if (isFirstFixed) return own === first ? 'machine' : 'own';
  if (pidScopeOf(links) === 'machine') return own === first ? 'machine' : 'own';
  // Process 1 is a container's own: to differ from it is to be in a namespace of one's own for certain.
  return own === first ? 'unknown' : 'own';
}

/** `0 0 4294967295` alone is the user namespace of the machine; undefined for an empty or broken map. */
export function isMachineUserMap(text: string): boolean | undefined {
  const lines = text.trim().split('\n');
  const [inside, outside, count] = (lines[0] ?? '').trim().split(/\s+/).map(Number);
  if (inside === undefined || outside === undefined || count === undefined) return undefined;
  if (![inside, outside, count].every((value) => Number.isSafeInteger(value))) return undefined;
  return lines.length === 1 && inside === 0 && outside === 0 && count === 0xffffffff;
}

const CGROUP_PATTERNS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/kubepods/, 'Kubernetes'],
  [/\/libpod[-_]/, 'Podman'],
  [/\/docker[-/]/, 'Docker'],
  [/cri-containerd|\/containerd/, 'containerd'],
  [/crio-/, 'CRI-O'],
  [/\/lxc[./]|lxc\.payload/, 'LXC'],
  [/machine\.slice\/(machine-|systemd-nspawn)/, 'systemd-nspawn'],
];

/** The container manager that a cgroup path speaks of; undefined: none. */
export function managerOfCgroup(path: string): string | undefined {
  return CGROUP_PATTERNS.find(([pattern]) => pattern.test(path))?.[1];
}

/** Files that container managers leave in their containers. */
export const CONTAINER_MARKERS: readonly { readonly from: string; readonly manager: string }[] = [
  { from: '/.dockerenv', manager: 'Docker' },
  { from: '/run/.containerenv', manager: 'Podman' },
  { from: '/run/systemd/container', manager: 'systemd' },
  { from: '/var/run/secrets/kubernetes.io', manager: 'Kubernetes' },
];

/** The security module's profile from /proc/self/attr/current; undefined where none confines the process. */
export function parseSecurityProfile(text: string): string | undefined {
  const profile = text.replaceAll(/[\0\n]/g, '').trim();
  if (profile === '' || profile === 'unconfined' || profile === 'kernel') return undefined;
  return /(^|:)unconfined_t(:|$)/.test(profile) || profile.endsWith('(unconfined)') ? undefined : profile;
}
