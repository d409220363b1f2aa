import { existsSync, statSync } from 'node:fs';
import { orUndefined } from '../../../src/kit/errors/op-error.ts';
import { pressureObstacle } from '../pressure-watch.ts';
import {
  CAPABILITY_NAMES,
  type CapabilityName,
  hasCapability,
  missingForOwners,
  OWNER_CAPABILITIES,
  PROGRAM_CAPABILITIES,
  type Privileges,
  parsePrivileges,
  readFileCapabilities,
} from '../privileges.ts';
import {
  cgroup2MountPoints,
  type MountEntry,
  mountOf,
  parseMountEntries,
  procMountAt,
} from '../proc/mountinfo.ts';
import { linkTarget } from '../proc/namespace-links.ts';
import { parseControlGroup } from '../proc/pid-files.ts';
import {
  CONTAINER_MARKERS,
  examineKernel,
  examineProcesses,
  isMachineUserMap,
  managerOfCgroup,
  netScopeOf,
  parseSecurityProfile,
  pidScopeOf,
  readText,
} from './doctor-facts.ts';
import { examineDiag, examinePrograms, tierReportsOf } from './doctor-tiers.ts';

/** How much of the machine this process is in. */
export type ScopeFacts = Readonly<ReturnType<typeof examineScope>>;

/** Everything that decides what can be counted on this machine by this process. */
export type LinuxExamination = Readonly<ReturnType<typeof examineLinux>>;

interface ExaminationOptions {
  /** Absolute and free of links; undefined: not started from an executable of its own. */
  readonly executablePath: string | undefined;
  /** Default `/proc`. */
  readonly procRoot?: string;
  /** Default `/sys`. */
  readonly sysRoot?: string;
}

/** Where neither user nor capabilities could be read: nothing is held. */
const UNKNOWN_PRIVILEGES: Privileges = {
  effectiveUid: 0xffffffff,
  effective: 0n,
  bounding: (1n << 64n) - 1n,
  hasNoNewPrivileges: false,
  hasSeccompFilter: false,
};

/** Looks at this machine and this process. Takes some tens of milliseconds; changes nothing; never throws. */
export function examineLinux(options: ExaminationOptions) {
  const { procRoot = '/proc', sysRoot = '/sys' } = options;
  const privileges = parsePrivileges(readText(`${procRoot}/self/status`) ?? '') ?? UNKNOWN_PRIVILEGES;
  const mountinfo = Buffer.from(readText(`${procRoot}/self/mountinfo`) ?? '');
  const mounts = parseMountEntries(mountinfo, mountinfo.length);
  const diag = examineDiag();
  const programs = examinePrograms();
  const executable = examineExecutable(options.executablePath, mounts);
  return {
    kernel: examineKernel(procRoot, sysRoot),
    cgroup2MountPoints: cgroup2MountPoints(mounts),
    diag,
    programs,
    tiers: tierReportsOf(diag, programs, privileges),
    privileges,
    executable,
    advice: adviceFor(privileges, executable),
    /** Undefined: no proc file system is mounted there. */
    procMount: procMountAt(mounts, procRoot),
    visibility: examineProcesses(procRoot, privileges.effectiveUid),
    scope: examineScope(procRoot),
    /** Why the kernel reports no pressure; undefined: it does. */
    pressureObstacle: pressureObstacle(`${procRoot}/pressure`),
  };
}

function examineExecutable(path: string | undefined, mounts: readonly MountEntry[]) {
  const permitted = (path && orUndefined(() => readFileCapabilities(path))) || 0n;
  const stat = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
  return {
    /** Undefined: running from source. */
    path,
    /** Capabilities of the file. */
    capabilities: CAPABILITY_NAMES.filter((name) => hasCapability(permitted, name)),
    canEverybodyStart: ((stat?.mode ?? 0) & 0o001) !== 0,
    /** With `nosuid`, file capabilities have no effect. */
    isOnNosuid: path !== undefined && (mountOf(mounts, path)?.options.includes('nosuid') ?? false),
  };
}

function examineScope(procRoot: string) {
  const links = {
    ownPid: linkTarget(`${procRoot}/self/ns/pid`),
    ownNet: linkTarget(`${procRoot}/self/ns/net`),
    firstNet: linkTarget(`${procRoot}/1/ns/net`),
  };
  const cgroup = Buffer.from(readText(`${procRoot}/self/cgroup`) ?? '');
  const cgroupPath = parseControlGroup(cgroup, cgroup.length);
  const cgroupManager = cgroupPath === undefined ? undefined : managerOfCgroup(cgroupPath);
  return {
    pidNamespace: pidScopeOf(links),
    netNamespace: netScopeOf(links),
    /** Whether root here is root of the machine; undefined: unknown. */
    isMachineUserNamespace: isMachineUserMap(readText(`${procRoot}/self/uid_map`) ?? ''),
    cgroupPath,
    /** What says that this is a container: a marker file or the cgroup's path, with the manager it speaks of. */
    signs: [
      ...CONTAINER_MARKERS.filter(({ from }) => existsSync(from)),
      ...(cgroupManager === undefined ? [] : [{ from: `cgroup ${cgroupPath}`, manager: cgroupManager }]),
    ],
    /** The security module's profile that confines this process. */
    securityProfile: parseSecurityProfile(readText(`${procRoot}/self/attr/current`) ?? ''),
  };
}

/** The executable that would get privileges. */
export type ExecutableFacts = Readonly<ReturnType<typeof examineExecutable>>;

/** How to get the missing privileges: commands to copy, and warnings. */
export interface Advice {
  readonly commands: readonly string[];
  readonly warnings: readonly string[];
}

/** Returns how to count everything for the processes of all users. Empty if nothing is missing. */
export function adviceFor(privileges: Privileges, executable: ExecutableFacts): Advice {
  const { effective } = privileges;
  const unset = PROGRAM_CAPABILITIES.filter((name) => !hasCapability(effective, name));
  const missing = [...unset, ...missingForOwners(effective)];
  if (missing.length === 0) return { commands: [], warnings: warningsOfGrant(executable) };
  const unreachable = missing.filter((name) => !hasCapability(privileges.bounding, name));
  if (unreachable.length > 0) return { commands: [], warnings: [boundWarning(unreachable)] };
  if (privileges.hasNoNewPrivileges) {
    const warning =
      'This process cannot gain privileges (no_new_privs), so neither sudo nor file capabilities work here: ' +
      'start sstop from another session.';
    return { commands: [], warnings: [warning] };
  }
  return grantFor(executable);
}

function boundWarning(unreachable: readonly CapabilityName[]): string {
  const names = unreachable.map((name) => name.slice('cap_'.length).toUpperCase());
  const flags = names.map((name) => `--cap-add=${name}`).join(' ');
  return (
    `${unreachable.join(', ')} ${unreachable.length > 1 ? 'are' : 'is'} not in the bounding set of this process, so ` +
    `even root cannot get more. Start the container with ${flags}, or the service with a larger ` +
    'CapabilityBoundingSet.'
  );
}

function grantFor(executable: ExecutableFacts): Advice {
  const { path } = executable;
  if (path === undefined) {
    return {
      commands: [],
      warnings: ['sstop runs from source, without an executable: run npm run build first.'],
    };
  }
  const asRoot = `sudo ${shellWord(path)}`;
  if (executable.isOnNosuid) {
    const warning =
      'File capabilities have no effect: the file system of the executable is mounted with nosuid.';
    return { commands: [asRoot], warnings: [warning] };
  }
  const grant = (...names: readonly CapabilityName[]): string =>
    `sudo setcap ${names.join(',')}+ep ${shellWord(path)}`;
  return {
    commands: [
      asRoot,
      grant(...PROGRAM_CAPABILITIES, ...OWNER_CAPABILITIES),
      grant('cap_net_raw', ...OWNER_CAPABILITIES),
    ],
    warnings: [
      'With setcap, everyone who can execute the file can inspect every process of this machine. ' +
        'First restrict it to a group: sudo chown root:GROUP FILE && sudo chmod 0750 FILE ' +
        '(chown removes capabilities, so run it first).',
      'Capabilities belong to that one file: a copy or an update has none.',
    ],
  };
}

function warningsOfGrant({ path, capabilities, canEverybodyStart }: ExecutableFacts): readonly string[] {
  const granted = [...PROGRAM_CAPABILITIES, ...OWNER_CAPABILITIES].filter((name) =>
    capabilities.includes(name),
  );
  if (path === undefined || granted.length === 0 || !canEverybodyStart) return [];
  return [
    `Everyone can execute this file, and it has ${granted.join(', ')}. Restrict it: ` +
      `sudo chmod o-rwx ${shellWord(path)}`,
  ];
}

/** Quotes a word for a shell. */
export function shellWord(text: string): string {
  return /^[\w/.+:@%,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
