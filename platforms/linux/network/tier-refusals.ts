import type { Tier } from '../../../src/data/sample/network-sample.ts';
import { OpError, toOpError } from '../../../src/kit/errors/op-error.ts';

/** Why the programs of the tier `ebpf` could not be loaded, and what they need. */
export function programRefusalText(code: string | undefined, message: string): string {
  switch (code) {
    case 'EPERM':
    case 'EACCES':
      return `programs may not be loaded into the kernel (${code}): it needs cap_bpf and cap_net_admin, and cap_perfmon for all of it`;
    case 'PID_NAMESPACE':
    case 'NO_CGROUP2':
      return message;
    case 'ENOSYS':
      return 'this kernel has no BPF';
    default:
      return `the kernel refused: ${message}`;
  }
}

/** Why packets cannot be read. */
export function packetRefusalText(code: string): string {
  return `packets cannot be read (${code}): it needs cap_net_raw`;
}

/** Of a tier that was asked for by name. */
export function tierRefusal(tier: Tier, thrown: unknown): OpError {
  const cause = toOpError(`open tier ${tier}`, thrown);
  const { op, code, message } = cause;
  const why =
    tier === 'ebpf'
      ? programRefusalText(code, message)
      : tier === 'packet'
        ? packetRefusalText(code)
        : message;
  return new OpError({ op, code, message: `the tier ${tier} cannot run: ${why} (see --doctor)`, cause });
}
