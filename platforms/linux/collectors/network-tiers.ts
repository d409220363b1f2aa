import type { TierReport } from '../../../src/data/sample/platform.ts';
import { toOpError } from '../../../src/kit/errors/op-error.ts';
import { effectiveUserId } from '../libc.ts';
import { DestroyMulticast } from '../netlink/destroy-multicast.ts';
import { SockDiag } from '../netlink/sock-diag.ts';

/** Which tiers can run here, best first. Opens and closes what each needs; never throws. */
export function linuxTierReports(): readonly TierReport[] {
  return [
    { tier: 'ebpf', isAvailable: false, detail: 'not in this version' },
    netlinkReport(),
    { tier: 'packet', isAvailable: false, detail: 'not in this version' },
    {
      tier: 'proc',
      isAvailable: true,
      detail: 'connections and ports only; bytes are not counted',
    },
  ];
}

function netlinkReport(): TierReport {
  try {
    new SockDiag().close();
    new DestroyMulticast().close();
  } catch (thrown) {
    const { message } = toOpError('open netlink', thrown);
    return { tier: 'netlink', isAvailable: false, detail: `the kernel refuses sock_diag: ${message}` };
  }
  const isRoot = effectiveUserId() === 0;
  const detail = isRoot
    ? 'TCP payload of every process; UDP is not counted'
    : "TCP payload; sockets of other users' processes are not assigned to a process without root " +
      '(or CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH); UDP is not counted';
  return { tier: 'netlink', isAvailable: true, detail };
}
