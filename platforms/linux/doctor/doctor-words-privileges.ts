import type { DoctorEntry, DoctorSection } from '../../../src/data/sample/platform.ts';
import { canReadWithoutPrivileges } from '../handed-programs.ts';
import { type CapabilityName, type CapabilitySet, hasCapability } from '../privileges.ts';
import type { LinuxExamination } from './doctor.ts';

/** Findings by their marks. */
const entry =
  (mark: DoctorEntry['mark']) =>
  (label: string, text: string, commands?: readonly string[]): DoctorEntry =>
    commands === undefined ? { label, mark, text } : { label, mark, text, commands };
export const good = entry('good');
export const lacking = entry('lacking');
export const note = entry('note');

/** The others stand in for one of these. */
type ShownCapability = Exclude<CapabilityName, 'cap_dac_override'>;

/** What a capability is used for, and what you lose without it. */
interface Purpose {
  readonly use: string;
  readonly cost: string;
}

const PURPOSES: Readonly<Record<ShownCapability, Purpose>> = {
  cap_sys_ptrace: {
    use: "Inspects other users' processes to find the owners of connections.",
    cost: "Without it connections of other users' processes are counted, but grouped by user.",
  },
  cap_dac_read_search: {
    use: "Lists other users' descriptors; needed together with cap_sys_ptrace.",
    cost: 'Without it the effect is the same.',
  },
  cap_kill: {
    use: "Sends signals to other users' processes.",
    cost: "Without it signals reach only this user's own processes.",
  },
  cap_bpf: {
    use: 'Loads the eBPF programs; needed together with cap_net_admin.',
    cost: 'Without it the tier netlink counts TCP payload and infers the owners of short connections.',
  },
  cap_net_admin: {
    use: 'Attaches the eBPF programs, and raises the buffer for closed connections above net.core.rmem_max.',
    cost: 'Without it the tier ebpf is not available, and closings may be lost in a burst; losses are shown.',
  },
  cap_perfmon: {
    use: 'For the tier ebpf: last user of a socket, cheap process lists, short-lived processes.',
    cost: 'Without it bytes are counted for the process that opened the socket, and processes are read from /proc.',
  },
  cap_net_raw: {
    use: 'Reads packets: counts UDP on the tier netlink, and enables the tier packet.',
    cost: 'Without it UDP is counted only by the tier ebpf.',
  },
};

/** Most useful first. */
const ORDER: readonly ShownCapability[] = [
  ...(['cap_bpf', 'cap_net_admin', 'cap_perfmon', 'cap_net_raw'] as const),
  ...(['cap_sys_ptrace', 'cap_dac_read_search', 'cap_kill'] as const),
];

/** User, capabilities and what you lose without them, and the commands that grant them. */
export function privilegesSection(
  { privileges, executable, advice, kernel }: LinuxExamination,
  userName: (uid: number) => string,
): DoctorSection {
  const { effectiveUid, effective } = privileges;
  const who = `${effectiveUid} (${userName(effectiveUid)})`;
  const capabilities = ORDER.map((name) => capabilityEntry(name, effective));
  const warnings = advice.warnings.map(
    (text): DoctorEntry => note('warning', `${text}.`.replace(/\.\.$/, '.')),
  );
  return {
    title: 'Privileges of this process',
    entries: [
      note('user', `${who}. ${fileText(executable)}`.trimEnd()),
      ...capabilities,
      ...(effective === 0n ? [] : [afterwards(effectiveUid === 0, kernel.release)]),
      ...(advice.commands.length === 0
        ? []
        : [
            note(
              'to see all',
              'To count every process, run one of these (the last one does without eBPF):',
              advice.commands,
            ),
          ]),
      ...warnings,
    ],
  };
}

function afterwards(isRoot: boolean, kernelRelease: string): DoctorEntry {
  const kept = isRoot ? 'all but cap_dac_override, for output files' : 'all of them';
  const text = canReadWithoutPrivileges(kernelRelease)
    ? `A stream (--json, --csv, --once) on the tier ebpf drops ${kept}, in every thread. The screen keeps them: it may ` +
      'have to send signals or switch to another tier.'
    : 'They are kept: before Linux 6.1 reading the counters needs the same privileges as setup.';
  return note('after setup', text);
}

function fileText({ path, capabilities }: LinuxExamination['executable']): string {
  if (path === undefined) return '';
  if (capabilities.length === 0) return 'The executable has no capabilities of its own.';
  return `The executable has ${capabilities.join(', ')}.`;
}

function capabilityEntry(name: ShownCapability, effective: CapabilitySet): DoctorEntry {
  const { use, cost } = PURPOSES[name];
  if (hasCapability(effective, name)) return good(name, `Held. ${use}`);
  if (name === 'cap_dac_read_search' && hasCapability(effective, 'cap_dac_override')) {
    return good(name, `Missing, but cap_dac_override has the same effect. ${use}`);
  }
  return lacking(name, `Missing. ${use} ${cost}`);
}
