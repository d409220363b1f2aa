import { existsSync, readlinkSync, statSync } from 'node:fs';
import type { TierReport } from '../../../src/data/sample/platform.ts';
import {
  CAPABILITY_NAMES,
  hasCapability,
  type Privileges,
  parsePrivileges,
  readFileCapabilities,
} from '../privileges.ts';
import {
  cgroup2MountPoints,
  type Mount,
  mountOf,
  type ProcMount,
  parseMountinfo,
  procMountAt,
} from '../proc/proc-mounts.ts';
import { type Advice, adviceFor, type ExecutableFacts } from './doctor-advice.ts';
import { examinePrograms, type ProgramFacts } from './doctor-bpf.ts';
import { type DiagFacts, examineDiag } from './doctor-diag.ts';
import { examineKernel, type KernelFacts, readText } from './doctor-kernel.ts';
import { examineProcesses, type VisibilityFacts } from './doctor-processes.ts';
import {
  CONTAINER_MARKERS,
  isMachineUserMap,
  managerOfCgroup,
  type NamespaceScope,
  netScopeOf,
  parseCgroupPath,
  parseSecurityProfile,
  pidScopeOf,
} from './doctor-scope.ts';
import { tierReportsOf } from './doctor-tiers.ts';

/** How much of the machine this process is in. */
export interface ScopeFacts {
  readonly pidNamespace: NamespaceScope;
  readonly netNamespace: NamespaceScope;
  /** Root here is root of the machine; undefined: not to be told. */
  readonly isMachineUserNamespace: boolean | undefined;
  readonly cgroupPath: string | undefined;
  /** What says that this is a container: a marker file or the cgroup's path, with the manager it speaks of. */
  readonly signs: readonly { readonly from: string; readonly manager: string }[];
  /** The security module's profile that confines this process. */
  readonly securityProfile: string | undefined;
}

/** Everything that decides what can be counted on this machine by this process. */
export interface LinuxExamination {
  readonly kernel: KernelFacts;
  readonly cgroup2MountPoints: readonly string[];
  readonly diag: DiagFacts;
  readonly programs: ProgramFacts;
  readonly tiers: readonly TierReport[];
  readonly privileges: Privileges;
  readonly executable: ExecutableFacts;
  readonly advice: Advice;
  /** Undefined: no proc file system is mounted there. */
  readonly procMount: ProcMount | undefined;
  readonly visibility: VisibilityFacts;
  readonly scope: ScopeFacts;
}

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
export function examineLinux(options: ExaminationOptions): LinuxExamination {
  const { procRoot = '/proc', sysRoot = '/sys' } = options;
  const privileges = parsePrivileges(readText(`${procRoot}/self/status`) ?? '') ?? UNKNOWN_PRIVILEGES;
  const mounts = parseMountinfo(readText(`${procRoot}/self/mountinfo`) ?? '');
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
    procMount: procMountAt(mounts, procRoot),
    visibility: examineProcesses(procRoot, privileges.effectiveUid),
    scope: examineScope(procRoot),
  };
}

function examineExecutable(path: string | undefined, mounts: readonly Mount[]): ExecutableFacts {
  const permitted = path === undefined ? 0n : permittedOf(path);
  const stat = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
  return {
    path,
    capabilities: CAPABILITY_NAMES.filter((name) => hasCapability(permitted, name)),
    canEverybodyStart: ((stat?.mode ?? 0) & 0o001) !== 0,
    isOnNosuid: path !== undefined && (mountOf(mounts, path)?.options.includes('nosuid') ?? false),
  };
}

function permittedOf(path: string): bigint {
  try {
    return readFileCapabilities(path)?.permitted ?? 0n;
  } catch {
    return 0n;
  }
}

function examineScope(procRoot: string): ScopeFacts {
  const links = {
    ownPid: linkOf(`${procRoot}/self/ns/pid`),
    ownNet: linkOf(`${procRoot}/self/ns/net`),
    firstNet: linkOf(`${procRoot}/1/ns/net`),
  };
  const cgroupPath = parseCgroupPath(readText(`${procRoot}/self/cgroup`) ?? '');
  const cgroupManager = cgroupPath === undefined ? undefined : managerOfCgroup(cgroupPath);
  return {
    pidNamespace: pidScopeOf(links),
    netNamespace: netScopeOf(links),
    isMachineUserNamespace: isMachineUserMap(readText(`${procRoot}/self/uid_map`) ?? ''),
    cgroupPath,
    signs: [
      ...CONTAINER_MARKERS.filter(({ path }) => existsSync(path)).map(({ path, manager }) => ({
        from: path,
        manager,
      })),
      ...(cgroupManager === undefined ? [] : [{ from: `cgroup ${cgroupPath}`, manager: cgroupManager }]),
    ],
    securityProfile: parseSecurityProfile(readText(`${procRoot}/self/attr/current`) ?? ''),
  };
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
