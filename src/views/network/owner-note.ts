import { type NetworkSection, OwnerKind } from '../../data/sample/network-section.ts';

/** Why a row has no process, in one line; undefined for a process. */
export function ownerNote(section: NetworkSection, owner: number): string | undefined {
  switch (section.owners.kind[owner]) {
    case OwnerKind.KERNEL:
      return 'Sockets of the kernel itself, and orphans that it still closes: no process holds them.';
    case OwnerKind.USER:
      return 'Sockets of another user: looking into their processes needs root or CAP_SYS_PTRACE.';
    case OwnerKind.CGROUP:
      return 'Only the control group of these sockets is known: their processes are not visible from here.';
    case OwnerKind.CLOSED:
      return 'Connections that came and went between two samples: the kernel counts their bytes, but names no process.';
    case OwnerKind.EXITED:
      return 'What processes used that have exited since.';
    case OwnerKind.UNKNOWN:
      return 'No visible process holds these sockets: another namespace, or gone before it could be found.';
    default:
      return undefined;
  }
}
