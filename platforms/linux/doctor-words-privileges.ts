import type { LinuxExamination } from './doctor.ts';
import { type CapabilityName, type CapabilitySet, hasCapability } from './doctor-capabilities.ts';
import type { DoctorEntry, DoctorSection } from './doctor-section.ts';

/** The others stand in for one of these. */
type ShownCapability = Exclude<CapabilityName, 'cap_dac_override'>;

/** What a capability is good for here, and what its lack costs. */
interface Purpose {
  readonly use: string;
  readonly cost: string;
}

const LATER = 'Its lack costs nothing yet.';

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
  cap_net_admin: {
    use: 'Makes room for announcements of closings beyond net.core.rmem_max.',
    cost: 'Without it a burst of closings may lose some; what was lost is shown.',
  },
  cap_net_raw: { use: 'For the tier packet, not in this release.', cost: LATER },
  cap_perfmon: { use: 'For the tier ebpf, not in this release.', cost: LATER },
  cap_bpf: { use: 'For the tier ebpf, not in this release.', cost: LATER },
};

/** In the order of their worth. */
const ORDER: readonly ShownCapability[] = [
  ...(['cap_sys_ptrace', 'cap_dac_read_search', 'cap_kill', 'cap_net_admin'] as const),
  ...(['cap_net_raw', 'cap_perfmon', 'cap_bpf'] as const),
];

/** User, capabilities with what their lack costs, and the commands that grant them. */
export function privilegesSection(
  { privileges, executable, advice }: LinuxExamination,
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
      ...(advice.commands.length === 0
        ? []
        : [
            {
              label: 'to see all',
              mark: 'note' as const,
              text: "So that every user's processes are named, one of:",
              commands: advice.commands,
            },
          ]),
      ...warnings,
    ],
  };
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
  // What no tier of this release asks for is not lacking.
  return { label: name, mark: cost === LATER ? 'note' : 'lacking', text: `Missing. ${use} ${cost}` };
}
