/** include/linux/proc_ns.h: numbers of the namespaces that the kernel itself starts with, PROC_NET_INIT_INO since 6.18. */
const INITIAL_PID_NAMESPACE = 0xeffffffc;
const INITIAL_NET_NAMESPACE = 0xeffffff9;
/** From here on numbers are given out; the first network namespace of older kernels is among them. */
const FIRST_DYNAMIC_NUMBER = 0xf0000000;

/** Whether a namespace is that of the machine, one of a container's own, or not to be told from here. */
export type NamespaceScope = 'machine' | 'own' | 'unknown';

/** The number in a link of /proc/PID/ns, such as `net:[4026531840]`; undefined for any other text. */
export function parseNamespaceLink(link: string): number | undefined {
  const digits = /^[a-z_]+:\[(\d{1,10})\]$/.exec(link)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Links of /proc/self/ns and /proc/1/ns; undefined where they cannot be read. */
interface NamespaceLinks {
  readonly ownPid: string | undefined;
  readonly ownNet: string | undefined;
  /** Of process 1, readable by who may look into it. */
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

/** This process's path in cgroup v2, else in the hierarchy of systemd, from /proc/self/cgroup; undefined: neither. */
export function parseCgroupPath(text: string): string | undefined {
  const lines = text.split('\n');
  const unified = lines.find((line) => line.startsWith('0::'))?.slice(3);
  const systemd = lines.find((line) => /^\d+:name=systemd:/.test(line))?.replace(/^\d+:name=systemd:/, '');
  return unified === undefined || unified === '/' ? (systemd ?? unified) : unified;
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

/** A file that container managers leave in their containers. */
interface ContainerMarker {
  readonly path: string;
  readonly manager: string;
}

export const CONTAINER_MARKERS: readonly ContainerMarker[] = [
  { path: '/.dockerenv', manager: 'Docker' },
  { path: '/run/.containerenv', manager: 'Podman' },
  { path: '/run/systemd/container', manager: 'systemd' },
  { path: '/var/run/secrets/kubernetes.io', manager: 'Kubernetes' },
];

/** The security module's profile from /proc/self/attr/current; undefined where none confines the process. */
export function parseSecurityProfile(text: string): string | undefined {
  const profile = text.replaceAll(/[\0\n]/g, '').trim();
  if (profile === '' || profile === 'unconfined' || profile === 'kernel') return undefined;
  return /(^|:)unconfined_t(:|$)/.test(profile) || profile.endsWith('(unconfined)') ? undefined : profile;
}
