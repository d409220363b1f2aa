import { COUNTED_BY } from '../../../src/data/sample/network-sample.ts';
import { sanitizeLine } from '../../../src/kit/text/sanitize.ts';
import { type CapabilityLists, capabilityLists } from '../privileges.ts';
import type { LinuxExamination } from './doctor.ts';

/** The examination for programs: names in snake_case, null for what is not known. */
export function doctorJson(version: string, found: LinuxExamination): string {
  return `${JSON.stringify({ schema: 1, version, ...factsOf(found) }, clean, 2)}\n`;
}

function factsOf(found: LinuxExamination) {
  const { tiers, advice, visibility, cgroup2MountPoints } = found;
  const taken = tiers.find(({ isAvailable }) => isAvailable)?.tier ?? null;
  return {
    tier: taken,
    counted: COUNTED_BY[taken ?? 'proc'],
    tiers: tiers.map(({ tier, isAvailable, detail }) => ({ tier, available: isAvailable, detail })),
    programs: programsOf(found),
    modules: { tcp_diag: answer(found.diag.tcp), udp_diag: answer(found.diag.udp) },
    closings: {
      announced: answer(found.diag.closings.verdict),
      shards: found.diag.closings.shards,
      capacity: found.diag.closings.capacity,
    },
    privileges: privilegesOf(found, capabilityLists(found.privileges)),
    advice: { commands: advice.commands, warnings: advice.warnings },
    processes: {
      seen: visibility.seen,
      of_others: visibility.ofOthers,
      assignable: visibility.open,
      partial: visibility.isPartial,
      hidepid: found.procMount?.hidepid ?? null,
      hidepid_gid: found.procMount?.exemptGid ?? null,
      subset_pid: found.procMount?.hasProcessesAlone ?? null,
    },
    scope: scopeOf(found),
    kernel: kernelOf(found),
    cgroup2: cgroup2MountPoints,
    pressure_triggers: found.pressureObstacle ?? 'ok',
  };
}

function programsOf({ programs }: LinuxExamination) {
  const { counting, parts, processes, exits, packets, names } = programs;
  return {
    packets: answer(counting?.code),
    last_user: parts?.lastUser ?? null,
    seeded: parts?.seeded ?? null,
    release: parts?.release ?? null,
    scope: parts?.scope ?? null,
    connects: parts?.connects ?? null,
    drops: parts?.drops ?? null,
    processes: answer(processes?.code),
    exits: answer(exits?.code),
    ring: answer(packets?.code),
    names: answer(names?.code),
  };
}

const answer = (code: string | undefined): 'ok' | string => code ?? 'ok';

function privilegesOf({ privileges, executable }: LinuxExamination, capabilities: CapabilityLists) {
  return {
    uid: privileges.effectiveUid,
    held: capabilities.held,
    missing: capabilities.missing,
    unreachable: capabilities.unreachable,
    no_new_privs: privileges.hasNoNewPrivileges,
    seccomp: privileges.hasSeccompFilter,
    executable: {
      path: executable.path ?? null,
      capabilities: executable.capabilities,
      everybody_may_start: executable.canEverybodyStart,
      nosuid: executable.isOnNosuid,
    },
  };
}

function scopeOf({ scope }: LinuxExamination) {
  return {
    network_namespace: scope.netNamespace,
    pid_namespace: scope.pidNamespace,
    machine_user_namespace: scope.isMachineUserNamespace ?? null,
    cgroup: scope.cgroupPath ?? null,
    container_signs: scope.signs,
    security_profile: scope.securityProfile ?? null,
  };
}

function kernelOf({ kernel }: LinuxExamination) {
  return {
    release: kernel.release,
    btf_bytes: kernel.btfBytes ?? null,
    unprivileged_bpf_disabled: kernel.unprivilegedBpfDisabled ?? null,
    lockdown: kernel.lockdown ?? null,
    rmem_max: kernel.receiveBufferMaxBytes ?? null,
    modules_disabled: kernel.areModulesClosed,
    task_delayacct: kernel.taskDelayAccounting ?? null,
    pressure: kernel.hasPressure,
  };
}

/** JSON escapes C0 controls by itself, but not the others that steer a terminal. */
function clean(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? sanitizeLine(value) : value;
}
