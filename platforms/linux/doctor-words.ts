import type { TierReport } from '../../src/data/sample/platform.ts';
import type { LinuxExamination } from './doctor.ts';
import { remedyOf } from './doctor-diag.ts';
import type { DoctorEntry, DoctorSection } from './doctor-section.ts';
import { privilegesSection } from './doctor-words-privileges.ts';
import { processesSection, scopeSection } from './doctor-words-scope.ts';

/** The examination in words, for people. `userName` names a uid. */
export function doctorSections(
  found: LinuxExamination,
  userName: (uid: number) => string,
): readonly DoctorSection[] {
  return [
    tiersSection(found),
    modulesSection(found),
    privilegesSection(found, userName),
    processesSection(found),
    scopeSection(found),
    kernelSection(found),
  ];
}

function tiersSection(found: LinuxExamination): DoctorSection {
  const taken = found.tiers.find(({ isAvailable }) => isAvailable)?.tier;
  const entries = found.tiers.map((report) => tierEntry(report, taken, found));
  return { title: 'Tiers, best first', entries: [...entries, basisEntry(taken)] };
}

function tierEntry(report: TierReport, taken: string | undefined, found: LinuxExamination): DoctorEntry {
  const { tier, isAvailable, detail } = report;
  const verdict = isAvailable ? `Can run${tier === taken ? ', and is taken' : ''}` : 'Cannot run';
  const base = { label: tier, mark: isAvailable ? ('good' as const) : ('lacking' as const) };
  const text = `${verdict}: ${ended(detail)}`;
  if (tier === 'ebpf') return { ...base, text: `${text} ${ebpfOffer(found)}` };
  if (tier === 'packet') return { ...base, text: `${text} It would need cap_net_raw.` };
  return { ...base, text };
}

/** What this machine would offer to the tier ebpf. */
function ebpfOffer({ kernel, cgroup2MountPoints, scope }: LinuxExamination): string {
  const btf =
    kernel.btfBytes === undefined ? 'no BTF (processes that share a socket could not be told apart)' : 'BTF';
  const cgroup =
    cgroup2MountPoints.length === 0 ? 'no cgroup2 mounted' : `cgroup2 at ${cgroup2MountPoints.join(', ')}`;
  const subtree = scope.signs.length > 0 ? ' (of a container, perhaps its own part only)' : '';
  const lockdown =
    kernel.lockdown === 'confidentiality' ? '; the lockdown of this kernel forbids most of it' : '';
  return (
    `This machine would offer Linux ${kernel.release}, ${btf} and ${cgroup}${subtree}${lockdown}; ` +
    'it would need cap_bpf, cap_net_admin and cap_perfmon.'
  );
}

function basisEntry(taken: string | undefined): DoctorEntry {
  const text =
    taken === 'netlink'
      ? 'payload: a byte is a byte of TCP payload as the receiver acknowledged or this machine received it. ' +
        'Headers and segments sent again are not in it; the share "attributed" on the screen adds headers by the ' +
        'number of segments, because interfaces count whole packets.'
      : 'none: connections are listed, and bytes are not counted.';
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
      verdictEntry('udp_diag', diag.udp, 'udp', 'UDP sockets are listed; they have no counters.'),
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

function kernelSection({ kernel, cgroup2MountPoints }: LinuxExamination): DoctorSection {
  const { btfBytes, unprivilegedBpfDisabled, lockdown } = kernel;
  const entries: DoctorEntry[] = [
    { label: 'release', mark: 'note', text: `Linux ${kernel.release}, ${process.arch}.` },
    btfBytes === undefined
      ? { label: 'BTF', mark: 'note', text: '/sys/kernel/btf/vmlinux is missing.' }
      : { label: 'BTF', mark: 'note', text: `/sys/kernel/btf/vmlinux is there (${btfBytes} bytes).` },
    {
      label: 'cgroup2',
      mark: 'note',
      text: cgroup2MountPoints.length === 0 ? 'Not mounted.' : `Mounted at ${cgroup2MountPoints.join(', ')}.`,
    },
    { label: 'BPF', mark: 'note', text: bpfText(unprivilegedBpfDisabled) },
  ];
  if (lockdown !== undefined) entries.push({ label: 'lockdown', mark: 'note', text: ended(lockdown) });
  return { title: 'The kernel (for the tier ebpf of a later release)', entries };
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
