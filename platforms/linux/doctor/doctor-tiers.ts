import type { TierReport } from '../../../src/data/sample/platform.ts';
import { packetRefusalText, programRefusalText } from '../network/tier-refusals.ts';
import { missingForOwners, type Privileges, parsePrivileges } from '../privileges.ts';
import { examinePrograms, type ProgramFacts } from './doctor-bpf.ts';
import { type DiagFacts, examineDiag, remedyOf } from './doctor-diag.ts';
import { readText } from './doctor-kernel.ts';

/** Which tiers can run here, best first. Asks the kernel, and opens and closes what each needs; never throws. */
export function linuxTierReports(procRoot = '/proc'): readonly TierReport[] {
  const privileges = parsePrivileges(readText(`${procRoot}/self/status`) ?? '');
  return tierReportsOf(examineDiag(), examinePrograms(), privileges);
}

/** The same from what the kernel has answered; `privileges` undefined: not known, so none. */
export function tierReportsOf(
  diag: DiagFacts,
  programs: ProgramFacts,
  privileges: Privileges | undefined,
): readonly TierReport[] {
  return [
    ebpfReport(diag, programs),
    netlinkReport(diag, programs, privileges),
    packetReport(programs),
    {
      tier: 'proc',
      isAvailable: true,
      detail: 'connections and ports only; bytes are not counted, and rates are shown as -',
    },
  ];
}

function ebpfReport(diag: DiagFacts, { counting, parts }: ProgramFacts): TierReport {
  if (counting !== undefined || parts === undefined) {
    return {
      tier: 'ebpf',
      isAvailable: false,
      detail: programRefusalText(counting?.code, counting?.message ?? ''),
    };
  }
  const refusal = diag.tcp ?? diag.closings.verdict;
  if (refusal !== undefined) {
    const { explanation } = remedyOf(refusal, 'tcp');
    return {
      tier: 'ebpf',
      isAvailable: false,
      detail: `the list of sockets comes from sock_diag. ${explanation}`,
    };
  }
  const owners =
    parts.lastUser === 'none'
      ? 'by the process that opened the socket'
      : 'by the process that last used the socket';
  const scope =
    parts.scope === 'machine'
      ? 'those of other network namespaces too'
      : 'of the control groups of this container alone';
  return {
    tier: 'ebpf',
    isAvailable: true,
    detail: `IP bytes of every TCP and UDP socket, ${scope}, ${owners}`,
  };
}

function netlinkReport(
  diag: DiagFacts,
  { packets }: ProgramFacts,
  privileges: Privileges | undefined,
): TierReport {
  const refusal = diag.tcp ?? diag.closings.verdict;
  if (refusal !== undefined) {
    return { tier: 'netlink', isAvailable: false, detail: remedyOf(refusal, 'tcp').explanation };
  }
  const seesAll = privileges !== undefined && missingForOwners(privileges.effective).length === 0;
  const owners = seesAll
    ? 'TCP payload of every process'
    : "TCP payload; connections of other users' processes are counted, but not assigned to a process";
  return { tier: 'netlink', isAvailable: true, detail: `${owners}; ${datagramsText(diag, packets?.code)}` };
}

function datagramsText(diag: DiagFacts, packetRefusal: string | undefined): string {
  if (diag.udp !== undefined) return 'UDP is not even listed';
  if (packetRefusal === undefined) return 'UDP payload by its packets';
  return `UDP is listed, but not counted: packets cannot be read (${packetRefusal}), which needs cap_net_raw`;
}

function packetReport({ packets }: ProgramFacts): TierReport {
  if (packets !== undefined) {
    const detail = packetRefusalText(packets.code);
    return { tier: 'packet', isAvailable: false, detail };
  }
  const detail =
    'headers of every TCP and UDP packet of this network namespace, matched to the sockets of /proc/net';
  return { tier: 'packet', isAvailable: true, detail };
}
