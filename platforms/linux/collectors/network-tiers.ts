import type { TierReport } from '../../../src/data/sample/platform.ts';
import { missingForOwners, type Privileges, parsePrivileges } from '../doctor-capabilities.ts';
import { type DiagFacts, examineDiag, remedyOf } from '../doctor-diag.ts';
import { readText } from '../doctor-kernel.ts';

/** Which tiers can run here, best first. Asks the kernel, and opens and closes what each needs; never throws. */
export function linuxTierReports(procRoot = '/proc'): readonly TierReport[] {
  return tierReportsOf(examineDiag(), parsePrivileges(readText(`${procRoot}/self/status`) ?? ''));
}

/** The same from what the kernel has answered; `privileges` undefined: not known, so none. */
export function tierReportsOf(diag: DiagFacts, privileges: Privileges | undefined): readonly TierReport[] {
  return [
    { tier: 'ebpf', isAvailable: false, detail: 'not in this release' },
    netlinkReport(diag, privileges),
    { tier: 'packet', isAvailable: false, detail: 'not in this release' },
    {
      tier: 'proc',
      isAvailable: true,
      detail: 'connections and ports only; bytes are not counted, and rates are shown as -',
    },
  ];
}

function netlinkReport(diag: DiagFacts, privileges: Privileges | undefined): TierReport {
  const refusal = diag.tcp ?? diag.closings.verdict;
  if (refusal !== undefined) {
    return { tier: 'netlink', isAvailable: false, detail: remedyOf(refusal, 'tcp').explanation };
  }
  const seesAll = privileges !== undefined && missingForOwners(privileges.effective).length === 0;
  const owners = seesAll
    ? 'TCP payload of every process'
    : "TCP payload; connections of other users' processes are counted, but not assigned to a process";
  const datagrams = diag.udp === undefined ? 'UDP is listed, not counted' : 'UDP is not even listed';
  return { tier: 'netlink', isAvailable: true, detail: `${owners}; ${datagrams}` };
}
