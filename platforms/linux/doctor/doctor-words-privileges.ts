import type { DoctorEntry, DoctorSection } from '../../../src/data/sample/doctor-section.ts';
import { canReadWithoutPrivileges } from '../handed-programs.ts';
import { type CapabilityName, type CapabilitySet, hasCapability } from '../privileges.ts';
import type { LinuxExamination } from './doctor.ts';

/** The others stand in for one of these. */
type ShownCapability = Exclude<CapabilityName, 'cap_dac_override'>;

/** What a capability is good for here, and what its lack costs. */
interface Purpose {
  readonly use: string;
  readonly cost: string;
}

const PURPOSES: Readonly<Record<ShownCapability, Purpose>> = {
  cap_sys_ptrace: {
    use: "Looks into other users' processes, to find whose a connection is.",
    cost: "Without it connections of other users' processes are counted, but stand together as those of other users.",
  },
  cap_dac_read_search: {
    use: "Lists other users' descriptors; needed together with cap_sys_ptrace.",
    cost: 'Without it the cost is the same.',
  },
  cap_kill: {
    use: "Sends signals to other users' processes.",
    cost: "Without it signals reach this user's own processes only.",
  },
  cap_bpf: {
    use: 'Loads the programs of the tier ebpf; needed together with cap_net_admin.',
    cost: 'Without it bytes are counted by netlink: TCP payload, and short connections by inference.',
  },
  cap_net_admin: {
    use: 'Attaches the programs of the tier ebpf, and makes room for announcements of closings beyond net.core.rmem_max.',
    cost: 'Without it there is no tier ebpf, and a burst of closings may lose some; what was lost is shown.',
  },
  cap_perfmon: {
    use: 'For the tier ebpf: who uses a socket, cheap lists of processes, and those that come and go.',
    cost: 'Without it bytes are those of who opened the socket, and processes are read from /proc.',
  },
  cap_net_raw: {
    use: 'Reads packets: UDP is counted beside netlink, and the tier packet can run.',
    cost: 'Without it UDP is counted by the tier ebpf alone.',
  },
};

/** In the order of their worth. */
const ORDER: readonly ShownCapability[] = [
  ...(['cap_bpf', 'cap_net_admin', 'cap_perfmon', 'cap_net_raw'] as const),
  ...(['cap_sys_ptrace', 'cap_dac_read_search', 'cap_kill'] as const),
];

/** User, capabilities with what their lack costs, and the commands that grant them. */
export function privilegesSection(
  { privileges, executable, advice, kernel }: LinuxExamination,
  userName: (uid: number) => string,
): DoctorSection {
  const { effectiveUid, effective } = privileges;
  const who = `${effectiveUid} (${userName(effectiveUid)})`;
  const capabilities = ORDER.map((name) => capabilityEntry(name, effective));
  const warnings = advice.warnings.map(
    (text): DoctorEntry => ({ label: 'warning', mark: 'note', text: `${text}.`.replace(/\.\.$/, '.') }),
  );
  return {
    title: 'Privileges of this process',
    entries: [
      { label: 'user', mark: 'note', text: `${who}. ${fileText(executable)}`.trimEnd() },
      ...capabilities,
      ...(effective === 0n ? [] : [afterwards(effectiveUid === 0, kernel.release)]),
      ...(advice.commands.length === 0
        ? []
        : [
            {
              label: 'to see all',
              mark: 'note' as const,
              text: 'For exact bytes of every process, one of (the last: without programs in the kernel):',
              commands: advice.commands,
            },
          ]),
      ...warnings,
    ],
  };
}

function afterwards(isRoot: boolean, kernelRelease: string): DoctorEntry {
  const kept = isRoot ? 'all but cap_dac_override, for the files that it is told to write' : 'all of them';
  const text = canReadWithoutPrivileges(kernelRelease)
    ? `A stream (--json, --csv, --once) on the tier ebpf gives up ${kept}, in every thread. The screen keeps them: it may ` +
      'have to send signals, or to go on with another tier.'
    : 'They are kept: before Linux 6.1 reading what is counted takes the same as setting it up.';
  return { label: 'once set up', mark: 'note', text };
}

function fileText({ path, capabilities }: LinuxExamination['executable']): string {
  if (path === undefined) return '';
  if (capabilities.length === 0) return 'The executable has no capabilities of its own.';
  return `The executable has ${capabilities.join(', ')}.`;
}

function capabilityEntry(name: ShownCapability, effective: CapabilitySet): DoctorEntry {
  const { use, cost } = PURPOSES[name];
  if (hasCapability(effective, name)) return { label: name, mark: 'good', text: `Held. ${use}` };
  if (name === 'cap_dac_read_search' && hasCapability(effective, 'cap_dac_override')) {
    return {
      label: name,
      mark: 'good',
      text: `Missing, but cap_dac_override is held and does as well. ${use}`,
    };
  }
  return { label: name, mark: 'lacking', text: `Missing. ${use} ${cost}` };
}
