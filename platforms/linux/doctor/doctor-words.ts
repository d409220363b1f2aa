import type { DoctorEntry, DoctorSection } from '../../../src/data/sample/doctor-section.ts';
import type { TierReport } from '../../../src/data/sample/platform.ts';
import type { Hidepid } from '../proc/mountinfo.ts';
import type { LinuxExamination, ScopeFacts } from './doctor.ts';
import { type ProgramFacts, type Refusal, remedyOf } from './doctor-tiers.ts';
import { privilegesSection } from './doctor-words-privileges.ts';

/** The examination in words, for people. `userName` names a uid. */
export function doctorSections(
  found: LinuxExamination,
  userName: (uid: number) => string,
): readonly DoctorSection[] {
  return [
    tiersSection(found),
    modulesSection(found),
    programsSection(found),
    privilegesSection(found, userName),
    processesSection(found),
    scopeSection(found),
    kernelSection(found),
  ];
}

function tiersSection(found: LinuxExamination): DoctorSection {
  const taken = found.tiers.find(({ isAvailable }) => isAvailable)?.tier;
  const entries = found.tiers.map((report) => tierEntry(report, taken));
  return { title: 'Tiers, best first', entries: [...entries, basisEntry(taken)] };
}

function tierEntry(report: TierReport, taken: string | undefined): DoctorEntry {
  const { tier, isAvailable, detail } = report;
  const verdict = isAvailable ? `Can run${tier === taken ? ', and is taken' : ''}` : 'Cannot run';
  const base = { label: tier, mark: isAvailable ? ('good' as const) : ('lacking' as const) };
  const text = `${verdict}: ${ended(detail)}`;
  return { ...base, text };
}

const BASIS_WORDS: Readonly<Record<string, string>> = {
  ebpf:
    'l3: a byte is a byte of an IP packet, headers and segments sent again included, as it goes over the wire. What ' +
    'the kernel answers by itself, such as resets and ICMP, stands in a row of its own.',
  netlink:
    'payload: a byte is a byte of TCP payload as the receiver acknowledged or this machine received it. ' +
    'Headers and segments sent again are not in it; the share "attributed" on the screen adds headers by the ' +
    'number of segments, because interfaces count whole packets.',
  packet: 'l3: a byte is a byte of an IP packet, headers and segments sent again included.',
};

function basisEntry(taken: string | undefined): DoctorEntry {
  const text = BASIS_WORDS[taken ?? ''] ?? 'none: connections are listed, and bytes are not counted.';
  return { label: 'counted', mark: 'note', text };
}

function modulesSection({ diag, kernel }: LinuxExamination): DoctorSection {
  const closed = kernel.areModulesClosed ? ' No module can be loaded until the next start.' : '';
  const verdictEntry = (label: string, code: string | undefined, protocol: 'tcp' | 'udp', answer: string) => {
    if (code === undefined) return { label, mark: 'good' as const, text: answer };
    const { explanation, command } = remedyOf(code, protocol);
    const commands = command === undefined || kernel.areModulesClosed ? [] : [command];
    return { label, mark: 'lacking' as const, text: `${explanation}${closed}`, commands };
  };
  return {
    title: "The kernel's answers",
    entries: [
      verdictEntry('tcp_diag', diag.tcp, 'tcp', 'TCP sockets are listed with their counters.'),
      verdictEntry(
        'udp_diag',
        diag.udp,
        'udp',
        'UDP sockets are listed; they have no counters of their own.',
      ),
      verdictEntry('closings', diag.closings.verdict, 'tcp', closingsText({ diag, kernel })),
    ],
  };
}

function closingsText({ diag, kernel }: Pick<LinuxExamination, 'diag' | 'kernel'>): string {
  const { shards, capacity } = diag.closings;
  const limit =
    kernel.receiveBufferMaxBytes === undefined
      ? ''
      : ` (net.core.rmem_max is ${kernel.receiveBufferMaxBytes}; cap_net_admin goes beyond it)`;
  const room =
    capacity > 0
      ? `${shards} sockets have room for ${capacity} of them between two samples${limit}.`
      : `${shards} sockets share them${limit}.`;
  return `Closed connections are announced with their last counters. ${room}`;
}

/** The tier ebpf and what goes with it, part by part. */
function programsSection({ programs }: LinuxExamination): DoctorSection {
  const { counting, parts, processes, exits, packets } = programs;
  const entry = (label: string, refusal: Refusal | undefined, works: string, cost: string): DoctorEntry =>
    refusal === undefined
      ? { label, mark: 'good', text: works }
      : { label, mark: 'lacking', text: `${ended(refusal.message)} ${cost}` };
  const user = parts === undefined || parts.lastUser === 'none' ? userRefusal(programs) : undefined;
  return {
    title: 'What can be loaded and opened, part by part',
    entries: [
      entry('packets', counting, 'Counted by socket in the kernel.', 'Without it another tier counts.'),
      entry(
        'last user',
        user,
        `The process that sends or receives owns the bytes (by ${parts?.lastUser ?? ''}).`,
        "Without it a socket's bytes are those of who opened it, also where servers hand it on.",
      ),
      entry('processes', processes, 'Listed by the kernel in one go.', 'Without it /proc is read.'),
      entry(
        'exits',
        exits,
        'Processes that come and go between two samples are named.',
        'Without it they are known by their sockets alone.',
      ),
      entry('ring', packets, 'Packets can be read.', 'Without it UDP is counted by the tier ebpf alone.'),
    ],
  };
}

function userRefusal({ counting, parts }: ProgramFacts): Refusal {
  if (counting !== undefined) return counting;
  const problem = parts?.problems[0];
  return problem ?? { code: 'UNSUPPORTED', message: 'This kernel does not tell who uses a socket.' };
}

function kernelSection({ kernel, cgroup2MountPoints }: LinuxExamination): DoctorSection {
  const { btfBytes, unprivilegedBpfDisabled, lockdown } = kernel;
  const entries: DoctorEntry[] = [
    { label: 'release', mark: 'note', text: `Linux ${kernel.release}, ${process.arch}.` },
    btfBytes === undefined
      ? {
          label: 'BTF',
          mark: 'note',
          text: '/sys/kernel/btf/vmlinux is missing: packets can be counted, but last user, processes and exits need it.',
        }
      : { label: 'BTF', mark: 'note', text: `/sys/kernel/btf/vmlinux is there (${btfBytes} bytes).` },
    {
      label: 'cgroup2',
      mark: 'note',
      text:
        cgroup2MountPoints.length === 0
          ? 'Not mounted; the kernel is asked for a mount of its own (cap_sys_admin), else that of process 1 is used.'
          : `Mounted at ${cgroup2MountPoints.join(', ')}.`,
    },
    { label: 'BPF', mark: 'note', text: bpfText(unprivilegedBpfDisabled) },
  ];
  if (lockdown !== undefined) entries.push({ label: 'lockdown', mark: 'note', text: ended(lockdown) });
  return { title: 'The kernel, as far as programs in it are concerned', entries };
}

function bpfText(unprivilegedBpfDisabled: number | undefined): string {
  if (unprivilegedBpfDisabled === undefined) return 'kernel.unprivileged_bpf_disabled cannot be read.';
  const meaning = ['allowed', 'forbidden until the next start', 'forbidden'][unprivilegedBpfDisabled];
  return `Without privilege ${meaning ?? 'not known'} (kernel.unprivileged_bpf_disabled = ${unprivilegedBpfDisabled}).`;
}

/** With a full stop at its end. */
function ended(text: string): string {
  return text.endsWith('.') ? text : `${text}.`;
}

const HIDEPID_TEXT: Readonly<Record<Hidepid, string>> = {
  off: 'hidepid is off: everybody sees that other processes are there.',
  noaccess: "hidepid=noaccess: other users' processes are listed, and nothing in them can be read.",
  invisible: "hidepid=invisible: other users' processes are not even listed.",
  ptraceable: 'hidepid=ptraceable: only processes that one may trace are listed.',
};

/** Whose processes can be seen, and what keeps the others out of sight. */
export function processesSection({ visibility, procMount }: LinuxExamination): DoctorSection {
  const { seen, ofOthers, open, isPartial } = visibility;
  const assigned = open === seen ? 'all of them' : `${open} of them`;
  const visible: DoctorEntry = {
    label: 'seen',
    mark: open === seen ? 'good' : 'lacking',
    text:
      `${seen} processes${isPartial ? ' (there are more)' : ''}, ${ofOthers} of them of other users; ` +
      `connections of ${assigned} can be assigned.`,
  };
  return { title: "Other users' processes", entries: [visible, ...procMountEntries(procMount)] };
}

function procMountEntries(procMount: LinuxExamination['procMount']): DoctorEntry[] {
  if (procMount === undefined) {
    return [{ label: '/proc', mark: 'lacking', text: 'No proc file system is mounted there.' }];
  }
  const { hidepid, exemptGid, hasProcessesAlone } = procMount;
  const isOff = hidepid === 'off';
  const exempt =
    exemptGid === 0
      ? 'Root and cap_sys_ptrace are exempt.'
      : `Root, cap_sys_ptrace and members of the group with number ${exemptGid} are exempt:`;
  const entry: DoctorEntry = {
    label: '/proc',
    mark: isOff ? 'good' : 'lacking',
    text: isOff ? HIDEPID_TEXT.off : `${HIDEPID_TEXT[hidepid]} ${exempt}`,
    ...(isOff || exemptGid === 0
      ? {}
      : { commands: [`sudo usermod -aG "$(getent group ${exemptGid} | cut -d: -f1)" "$USER"`] }),
  };
  const subset: DoctorEntry = {
    label: 'subset',
    mark: 'lacking',
    text: "subset=pid: the kernel's own tables are missing from /proc, /proc/net among them.",
  };
  return hasProcessesAlone ? [entry, subset] : [entry];
}

/** Whether this is a container, and how much of the machine's traffic is in sight. */
export function scopeSection({ scope, privileges }: LinuxExamination): DoctorSection {
  const entries: DoctorEntry[] = [containerEntry(scope), netEntry(scope), pidEntry(scope)];
  if (scope.isMachineUserNamespace === false) {
    entries.push({
      label: 'users',
      mark: 'note',
      text: 'In a user namespace of its own: capabilities count for what belongs to it, root included.',
    });
  }
  if (scope.cgroupPath !== undefined) {
    entries.push({ label: 'cgroup', mark: 'note', text: scope.cgroupPath });
  }
  if (privileges.hasSeccompFilter) {
    entries.push({ label: 'seccomp', mark: 'note', text: 'System calls are filtered; some may be refused.' });
  }
  if (scope.securityProfile !== undefined) {
    const text = `Confined by the profile ${scope.securityProfile}; it may refuse what capabilities allow.`;
    entries.push({ label: 'profile', mark: 'note', text });
  }
  return { title: 'Container and namespaces', entries };
}

function containerEntry({ signs }: ScopeFacts): DoctorEntry {
  if (signs.length === 0) return { label: 'container', mark: 'good', text: 'No sign of one.' };
  const words = signs.map(({ from, manager }) => `${from} (${manager})`).join(', ');
  return { label: 'container', mark: 'note', text: `This looks like one, by ${words}.` };
}

function netEntry({ netNamespace }: ScopeFacts): DoctorEntry {
  switch (netNamespace) {
    case 'machine':
      return { label: 'network', mark: 'good', text: "The machine's own network namespace." };
    case 'own':
      return {
        label: 'network',
        mark: 'lacking',
        text:
          "A network namespace of its own: only this container's connections and interfaces are in sight. " +
          "For the machine's, run sstop outside, or start the container with --network=host.",
      };
    case 'unknown':
      return {
        label: 'network',
        mark: 'note',
        text: 'Whether this is the network namespace of the machine cannot be told from here.',
      };
  }
}

function pidEntry({ pidNamespace }: ScopeFacts): DoctorEntry {
  switch (pidNamespace) {
    case 'machine':
      return { label: 'processes', mark: 'good', text: "The machine's own PID namespace." };
    case 'own':
      return {
        label: 'processes',
        mark: 'lacking',
        text:
          'A PID namespace of its own: processes outside it have no name here. The tier ebpf counts them on one row; ' +
          'on other tiers their connections have no owner. ' +
          'To see them, run sstop outside, or start the container with --pid=host.',
      };
    case 'unknown':
      return { label: 'processes', mark: 'note', text: 'The PID namespace cannot be told.' };
  }
}
