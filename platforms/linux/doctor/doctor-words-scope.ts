import type { DoctorEntry, DoctorSection } from '../../../src/data/sample/doctor-section.ts';
import type { Hidepid } from '../proc/proc-mounts.ts';
import type { LinuxExamination, ScopeFacts } from './doctor.ts';

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
          'A PID namespace of its own: processes outside it have no name here, and their connections no owner. ' +
          'To see them, run sstop outside, or start the container with --pid=host.',
      };
    case 'unknown':
      return { label: 'processes', mark: 'note', text: 'The PID namespace cannot be told.' };
  }
}
