import type { DoctorEntry, DoctorSection, TierReport } from '../../../src/data/sample/platform.ts';
import { hasCapability } from '../privileges.ts';
import type { Hidepid } from '../proc/mountinfo.ts';
import type { LinuxExamination, ScopeFacts } from './doctor.ts';
import { type ProgramFacts, type Refusal, remedyOf } from './doctor-tiers.ts';
import { good, lacking, note, privilegesSection } from './doctor-words-privileges.ts';

/** Returns the examination as text for people. `userName` returns the name of a uid. */
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
    waitsSection(found),
    historySection(found),
  ];
}

/** What wakes a history between two samples. */
function historySection({ pressureObstacle }: LinuxExamination): DoctorSection {
  const text =
    pressureObstacle === undefined
      ? 'The kernel reports when tasks wait for CPU, memory or disks. A history (--history) then has a sample every second for a minute.'
      : `Not available: ${ended(pressureObstacle)} A history (--history) keeps its regular interval.`;
  const mark = pressureObstacle === undefined ? 'good' : 'lacking';
  return { title: 'History', entries: [{ label: 'pressure', mark, text }] };
}

/** What the kernel counts of the time in which tasks wait. */
function waitsSection(found: LinuxExamination): DoctorSection {
  const { taskDelayAccounting, hasPressure } = found.kernel;
  const delays: DoctorEntry =
    taskDelayAccounting === 1
      ? good('disk, memory', 'Waits are counted for processes that started since that was switched on.')
      : lacking(
          'disk, memory',
          'Waits are not counted per process: DISK WAIT % and MEM WAIT % of socktop are -. ' +
            (taskDelayAccounting === undefined
              ? 'This kernel has no kernel.task_delayacct.'
              : 'The setting kernel.task_delayacct is 0; it applies to processes that start after it is 1, ' +
                'and the boot parameter delayacct to all of them.'),
          taskDelayAccounting === undefined ? [] : ['sudo sysctl kernel.task_delayacct=1'],
        );
  const pressure: DoctorEntry = hasPressure
    ? good('pressure', 'The kernel tells which resource tasks wait for (PSI).')
    : lacking(
        'pressure',
        '/proc/pressure is missing: which resource the machine waits for is unknown, and psi rules never fire.',
      );
  return { title: 'What processes wait for', entries: [delays, threadsEntry(found), pressure] };
}

/** Of which threads waits are known. */
function threadsEntry({ programs, privileges }: LinuxExamination): DoctorEntry {
  const label = 'threads';
  if (programs.processes === undefined)
    return good(label, 'Waits of all threads of a process are counted, by eBPF.');
  if (hasCapability(privileges.effective, 'cap_net_admin'))
    return good(label, 'Waits of all threads of a process are counted, by taskstats.');
  const text =
    'Only the waits of the first thread of a process are known, and MEM WAIT % is -: the others need eBPF or ' +
    'CAP_NET_ADMIN (taskstats).';
  return lacking(label, text);
}

function tiersSection(found: LinuxExamination): DoctorSection {
  const taken = found.tiers.find(({ isAvailable }) => isAvailable)?.tier;
  const entries = found.tiers.map((report) => tierEntry(report, taken));
  return { title: 'Tiers, best first', entries: [...entries, basisEntry(taken)] };
}

function tierEntry(report: TierReport, taken: string | undefined): DoctorEntry {
  const { tier, isAvailable, detail } = report;
  const verdict = isAvailable ? `Available${tier === taken ? ', selected' : ''}` : 'Not available';
  return { label: tier, mark: isAvailable ? 'good' : 'lacking', text: `${verdict}: ${ended(detail)}` };
}

const BASIS_WORDS: Readonly<Record<string, string>> = {
  ebpf:
    'l3: bytes of IP packets as they are on the wire, including headers and retransmissions. Replies of the kernel ' +
    'itself, such as resets and ICMP, have their own row.',
  netlink:
    'payload: bytes of TCP payload, as acknowledged by the receiver or received by this machine, without headers and ' +
    'retransmissions. The share "attributed" on the screen adds headers, computed from the number of segments, ' +
    'because interfaces count whole packets.',
  packet: 'l3: bytes of IP packets, including headers and retransmissions.',
};

function basisEntry(taken: string | undefined): DoctorEntry {
  const text = BASIS_WORDS[taken ?? ''] ?? 'none: connections are listed, bytes are not counted.';
  return note('counted', text);
}

function modulesSection({ diag, kernel }: LinuxExamination): DoctorSection {
  const closed = kernel.areModulesClosed ? ' No module can be loaded until the next boot.' : '';
  const verdictEntry = (label: string, code: string | undefined, protocol: 'tcp' | 'udp', answer: string) => {
    if (code === undefined) return good(label, answer);
    const { explanation, command } = remedyOf(code, protocol);
    const commands = command === undefined || kernel.areModulesClosed ? [] : [command];
    return lacking(label, `${explanation}${closed}`, commands);
  };
  return {
    title: 'sock_diag',
    entries: [
      verdictEntry('tcp_diag', diag.tcp, 'tcp', 'TCP sockets are listed with their counters.'),
      verdictEntry(
        'udp_diag',
        diag.udp,
        'udp',
        'UDP sockets are listed; the kernel has no counters for them.',
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
      : ` (net.core.rmem_max is ${kernel.receiveBufferMaxBytes}; cap_net_admin overrides it)`;
  const room =
    capacity > 0
      ? `${shards} netlink sockets buffer ${capacity} of them until they are read${limit}.`
      : `${shards} netlink sockets share them${limit}.`;
  return `The kernel reports closed connections with their final counters. ${room}`;
}

/** The parts of the tier ebpf, and the packet ring. */
function programsSection({ programs }: LinuxExamination): DoctorSection {
  const { counting, parts, processes, exits, packets, names } = programs;
  const entry = (label: string, refusal: Refusal | undefined, works: string, cost: string): DoctorEntry =>
    refusal === undefined ? good(label, works) : lacking(label, `${ended(refusal.message)} ${cost}`);
  const user = parts === undefined || parts.lastUser === 'none' ? userRefusal(programs) : undefined;
  return {
    title: 'Parts of the tier ebpf, and packets',
    entries: [
      entry('packets', counting, 'Counted per socket in the kernel.', 'Without it another tier is used.'),
      entry(
        'last user',
        user,
        `Bytes are counted for the process that sends or receives (with ${parts?.lastUser ?? ''}).`,
        'Without it bytes are counted for the process that opened the socket, even if a server passed it on.',
      ),
      entry(
        'connects',
        parts?.connects === true ? undefined : (counting ?? NO_TRACEPOINT),
        'Failed connects, resets and connect times are counted per process.',
        'Without it, failed connects are read from closing sockets, often without their process.',
      ),
      entry(
        'drops',
        parts !== undefined && parts.drops !== 'none' ? undefined : (counting ?? NO_TRACEPOINT),
        parts?.drops === 'sockets'
          ? 'Dropped packets are counted per reason, and per sending or receiving process.'
          : 'Dropped packets are counted per reason, and per sending process.',
        'Without it, only drops of listening and UDP sockets are counted.',
      ),
      entry('processes', processes, 'Listed in one call.', 'Without it /proc is read.'),
      entry(
        'exits',
        exits,
        'Processes that start and exit between two samples are named.',
        'Without it only their sockets are seen.',
      ),
      entry('ring', packets, 'Packets can be read.', 'Without it UDP is counted only by the tier ebpf.'),
      entry(
        'names',
        names,
        'Names that processes use for remote hosts are read in the kernel, with the process of each.',
        packets === undefined
          ? 'Without it, a packet socket reads them and cannot find the process of a DNS query.'
          : 'Without it, and without packets, names come from reverse lookups only.',
      ),
    ],
  };
}

const NO_TRACEPOINT: Refusal = {
  code: 'UNSUPPORTED',
  message:
    'The kernel refuses or lacks the tracepoint: it needs BTF and cap_perfmon, and for drops Linux 5.17.',
};

function userRefusal({ counting, parts }: ProgramFacts): Refusal {
  if (counting !== undefined) return counting;
  const problem = parts?.problems[0];
  return problem ?? { code: 'UNSUPPORTED', message: 'This kernel does not report the user of a socket.' };
}

function kernelSection({ kernel, cgroup2MountPoints }: LinuxExamination): DoctorSection {
  const { btfBytes, unprivilegedBpfDisabled, lockdown } = kernel;
  const entries: DoctorEntry[] = [
    note('release', `Linux ${kernel.release}, ${process.arch}.`),
    btfBytes === undefined
      ? note(
          'BTF',
          '/sys/kernel/btf/vmlinux is missing: packets can be counted, but last user, processes and exits need it.',
        )
      : note('BTF', `/sys/kernel/btf/vmlinux exists (${btfBytes} bytes).`),
    note(
      'cgroup2',
      cgroup2MountPoints.length === 0
        ? 'Not mounted; sstop creates its own mount (needs cap_sys_admin) or uses that of process 1.'
        : `Mounted at ${cgroup2MountPoints.join(', ')}.`,
    ),
    note('BPF', bpfText(unprivilegedBpfDisabled)),
  ];
  if (lockdown !== undefined) entries.push(note('lockdown', ended(lockdown)));
  return { title: 'Kernel support for eBPF', entries };
}

function bpfText(unprivilegedBpfDisabled: number | undefined): string {
  if (unprivilegedBpfDisabled === undefined) return 'kernel.unprivileged_bpf_disabled cannot be read.';
  const meaning = ['allowed', 'disabled until the next boot', 'disabled'][unprivilegedBpfDisabled];
  return `Without privileges: ${meaning ?? 'unknown'} (kernel.unprivileged_bpf_disabled = ${unprivilegedBpfDisabled}).`;
}

/** With a full stop at its end. */
function ended(text: string): string {
  return text.endsWith('.') ? text : `${text}.`;
}

const HIDEPID_TEXT: Readonly<Record<Hidepid, string>> = {
  off: 'hidepid is off: all users can see all processes.',
  noaccess: "hidepid=noaccess: other users' processes are listed, but not readable.",
  invisible: "hidepid=invisible: other users' processes are not listed.",
  ptraceable: 'hidepid=ptraceable: only processes that you may trace are listed.',
};

/** Which processes are visible, and what hides the others. */
function processesSection({ visibility, procMount }: LinuxExamination): DoctorSection {
  const { seen, ofOthers, open, isPartial } = visibility;
  const assigned = open === seen ? 'all of them' : `${open} of them`;
  const visible: DoctorEntry = {
    label: 'seen',
    mark: open === seen ? 'good' : 'lacking',
    text:
      `${seen} processes${isPartial ? ' (and more)' : ''}, ${ofOthers} of them of other users; ` +
      `connections can be attributed to ${assigned}.`,
  };
  return { title: "Other users' processes", entries: [visible, ...procMountEntries(procMount)] };
}

function procMountEntries(procMount: LinuxExamination['procMount']): DoctorEntry[] {
  if (procMount === undefined) return [lacking('/proc', 'No proc file system is mounted.')];
  const { hidepid, exemptGid, hasProcessesAlone } = procMount;
  const isOff = hidepid === 'off';
  const exempt =
    exemptGid === 0
      ? 'Root and cap_sys_ptrace are exempt.'
      : `Root, cap_sys_ptrace and members of the group ${exemptGid} are exempt:`;
  const entry: DoctorEntry = {
    label: '/proc',
    mark: isOff ? 'good' : 'lacking',
    text: isOff ? HIDEPID_TEXT.off : `${HIDEPID_TEXT[hidepid]} ${exempt}`,
    ...(isOff || exemptGid === 0
      ? {}
      : { commands: [`sudo usermod -aG "$(getent group ${exemptGid} | cut -d: -f1)" "$USER"`] }),
  };
  if (!hasProcessesAlone) return [entry];
  return [entry, lacking('subset', 'subset=pid: kernel tables are missing from /proc, including /proc/net.')];
}

/** Whether this is a container, and how much of the machine's traffic is visible. */
function scopeSection({ scope, privileges }: LinuxExamination): DoctorSection {
  const entries: DoctorEntry[] = [containerEntry(scope), netEntry(scope), pidEntry(scope)];
  if (scope.isMachineUserNamespace === false) {
    const text =
      'Separate user namespace: capabilities, also of root, apply only to resources of that namespace.';
    entries.push(note('users', text));
  }
  if (scope.cgroupPath !== undefined) entries.push(note('cgroup', scope.cgroupPath));
  if (privileges.hasSeccompFilter) {
    entries.push(note('seccomp', 'System calls are filtered; some may be refused.'));
  }
  if (scope.securityProfile !== undefined) {
    const text = `Confined by the profile ${scope.securityProfile}; it may deny what capabilities allow.`;
    entries.push(note('profile', text));
  }
  return { title: 'Container and namespaces', entries };
}

function containerEntry({ signs }: ScopeFacts): DoctorEntry {
  if (signs.length === 0) return good('container', 'None detected.');
  const words = signs.map(({ from, manager }) => `${from} (${manager})`).join(', ');
  return note('container', `Detected: ${words}.`);
}

function netEntry({ netNamespace }: ScopeFacts): DoctorEntry {
  switch (netNamespace) {
    case 'machine':
      return good('network', "The machine's own network namespace.");
    case 'own':
      return lacking(
        'network',
        "Separate network namespace: only this container's connections and interfaces are visible. " +
          'To see those of the machine, run sstop outside, or start the container with --network=host.',
      );
    case 'unknown':
      return note('network', 'Cannot determine whether this is the network namespace of the machine.');
  }
}

function pidEntry({ pidNamespace }: ScopeFacts): DoctorEntry {
  switch (pidNamespace) {
    case 'machine':
      return good('processes', "The machine's own PID namespace.");
    case 'own':
      return lacking(
        'processes',
        'Separate PID namespace: processes outside it have no names here. The tier ebpf counts them on one row; ' +
          'on other tiers their connections have no owner. ' +
          'To see them, run sstop outside, or start the container with --pid=host.',
      );
    case 'unknown':
      return note('processes', 'Cannot determine the PID namespace.');
  }
}
