import type { Tier } from '../../../src/data/sample/network-sample.ts';
import type { TierReport } from '../../../src/data/sample/platform.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../../src/data/sample/socket-table.ts';
import { toOpError } from '../../../src/kit/errors/op-error.ts';
import { ExitRecorder } from '../bpf/exit-recorder.ts';
import { FirstPackets } from '../bpf/first-packets.ts';
import { NetworkAccounting } from '../bpf/network-accounting.ts';
import type { NetworkParts } from '../bpf/network-programs.ts';
import { TaskSampler } from '../bpf/task-sampler.ts';
import { closeDescriptor, openSocket, orThrow } from '../libc.ts';
import { DestroyMulticast, SHARDS } from '../netlink/destroy-multicast.ts';
import { familyRequest, legacyTcpRequest, SockDiag } from '../netlink/sock-diag.ts';
import type { DumpRequest } from '../netlink/socket.ts';
import { packetRefusalText, programRefusalText } from '../network/network-source.ts';
import { missingForOwners, type Privileges, parsePrivileges } from '../privileges.ts';
import { readText } from './doctor-facts.ts';

/** Reports which tiers work here, best first. Opens and closes what each tier needs. Never throws. */
export function linuxTierReports(procRoot = '/proc'): readonly TierReport[] {
  const privileges = parsePrivileges(readText(`${procRoot}/self/status`) ?? '');
  return tierReportsOf(examineDiag(), examinePrograms(), privileges);
}

/** The same from given facts; `privileges` undefined: unknown, treated as none. */
export function tierReportsOf(
  diag: DiagFacts,
  programs: ProgramFacts,
  privileges: Privileges | undefined,
): readonly TierReport[] {
  return [
    ebpfReport(diag, programs),
    netlinkReport(diag, programs, privileges),
    packetReport(programs),
    available('proc', 'connections and ports only; bytes are not counted, rates are shown as -'),
  ];
}

function available(tier: Tier, detail: string): TierReport {
  return { tier, isAvailable: true, detail };
}

function missing(tier: Tier, detail: string): TierReport {
  return { tier, isAvailable: false, detail };
}

function ebpfReport(diag: DiagFacts, { counting, parts }: ProgramFacts): TierReport {
  if (counting !== undefined || parts === undefined) {
    return missing('ebpf', programRefusalText(counting?.code, counting?.message ?? ''));
  }
  const refusal = diag.tcp ?? diag.closings.verdict;
  if (refusal !== undefined) {
    return missing('ebpf', `it needs sock_diag to list sockets. ${remedyOf(refusal, 'tcp').explanation}`);
  }
  const owners =
    parts.lastUser === 'none'
      ? 'counted for the process that opened the socket'
      : 'counted for the process that last used the socket';
  const scope =
    parts.scope === 'machine'
      ? 'including other network namespaces'
      : 'only in the control groups of this container';
  return available('ebpf', `IP bytes of every TCP and UDP socket, ${scope}, ${owners}`);
}

function netlinkReport(
  diag: DiagFacts,
  { packets }: ProgramFacts,
  privileges: Privileges | undefined,
): TierReport {
  const refusal = diag.tcp ?? diag.closings.verdict;
  if (refusal !== undefined) return missing('netlink', remedyOf(refusal, 'tcp').explanation);
  const seesAll = privileges !== undefined && missingForOwners(privileges.effective).length === 0;
  const owners = seesAll
    ? 'TCP payload of every process'
    : "TCP payload; connections of other users' processes are counted, but not attributed to a process";
  return available('netlink', `${owners}; ${datagramsText(diag, packets?.code)}`);
}

function datagramsText(diag: DiagFacts, packetRefusal: string | undefined): string {
  if (diag.udp !== undefined) return 'UDP is not listed';
  if (packetRefusal === undefined) return 'UDP payload from packets';
  return `UDP is listed, but not counted: cannot read packets (${packetRefusal}); needs cap_net_raw`;
}

function packetReport({ packets }: ProgramFacts): TierReport {
  if (packets !== undefined) return missing('packet', packetRefusalText(packets.code));
  const detail =
    'headers of every TCP and UDP packet in this network namespace, matched to the sockets in /proc/net';
  return available('packet', detail);
}

const AF_INET = 2;
/** Matches no socket state: the kernel loads its modules, walks no sockets and sends an empty reply. */
const NO_STATES = 0;

/** Result of one sock_diag request: undefined on success, else the error code. */
type DiagVerdict = string | undefined;

/** Notifications of closed connections. */
interface ClosingFacts {
  readonly verdict: DiagVerdict;
  /** Netlink sockets that share them. */
  readonly shards: number;
  /** Closings that the buffers hold between two drains at least; 0: unknown. */
  readonly capacity: number;
}

/** Replies of the kernel modules. */
export interface DiagFacts {
  /** TCP through inet_diag and tcp_diag, with the request of the tier. */
  readonly tcp: DiagVerdict;
  readonly udp: DiagVerdict;
  readonly closings: ClosingFacts;
}

/** Sends the requests of the tier netlink, matching no sockets. Leaves nothing open. Never throws. */
export function examineDiag(): DiagFacts {
  return {
    tcp: ask(legacyTcpRequest(NO_STATES)) ?? ask(familyRequest(AF_INET, PROTOCOL_TCP, NO_STATES)),
    udp: ask(familyRequest(AF_INET, PROTOCOL_UDP, NO_STATES)),
    closings: examineClosings(),
  };
}

function ask(request: DumpRequest): DiagVerdict {
  let diag: SockDiag | undefined;
  try {
    diag = new SockDiag();
    diag.begin(request);
    while (diag.receive(() => undefined));
    return undefined;
  } catch (thrown) {
    return toOpError('ask sock_diag', thrown).code;
  } finally {
    diag?.close();
  }
}

function examineClosings(): ClosingFacts {
  try {
    const multicast = new DestroyMulticast();
    const capacity = multicast.capacity();
    multicast.close();
    return { verdict: undefined, shards: SHARDS, capacity };
  } catch (thrown) {
    return { verdict: toOpError('join sock_diag', thrown).code, shards: SHARDS, capacity: 0 };
  }
}

/** What to do about a refusal: one sentence, and the command that may help. */
interface DiagRemedy {
  readonly explanation: string;
  readonly command: string | undefined;
}

/** Explains a refusal of sock_diag for one protocol (net/core/sock_diag.c, net/ipv4/inet_diag.c). */
export function remedyOf(code: string, protocol: 'tcp' | 'udp'): DiagRemedy {
  const module = `${protocol}_diag`;
  switch (code) {
    case 'ENOENT':
      return {
        explanation: `The kernel module ${module} is missing and was not loaded automatically.`,
        command: `sudo modprobe ${module}`,
      };
    case 'EOPNOTSUPP':
      return {
        explanation: 'The kernel module inet_diag is missing and was not loaded automatically.',
        command: `sudo modprobe -a inet_diag ${module}`,
      };
    case 'EPROTONOSUPPORT':
      return { explanation: 'This kernel is built without sock_diag.', command: undefined };
    case 'EPERM':
    case 'EACCES':
    case 'EAFNOSUPPORT':
    case 'ENOSYS':
      return {
        explanation: `Netlink sockets are forbidden here (${code}) by a seccomp filter or a security module.`,
        command: undefined,
      };
    default:
      return { explanation: `The kernel refused with ${code}.`, command: undefined };
  }
}

const AF_PACKET = 17;
const SOCK_DGRAM = 2;

/** Why something could not be opened. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** Result of opening each part; undefined: it works. */
export type ProgramFacts = Readonly<ReturnType<typeof examinePrograms>>;

/** Opens each part and closes it again; nothing stays in the kernel. Never throws. */
export function examinePrograms() {
  let parts: NetworkParts | undefined;
  let names: Refusal | undefined;
  const counting = refusalOf('count packets in the kernel', () => {
    const accounting = NetworkAccounting.open();
    ({ parts } = accounting);
    const { storage } = accounting.handed.maps;
    names = refusalOf('copy first packets', () => FirstPackets.open(storage));
    return accounting;
  });
  return {
    /** Packets counted by socket in the kernel: the tier `ebpf`. */
    counting,
    /** How it counts; undefined where it does not. */
    parts,
    /** Processes listed by a BPF iterator. */
    processes: refusalOf('list processes in the kernel', () => TaskSampler.open()),
    /** Processes that come and go between two samples, recorded as they end. */
    exits: refusalOf('record ends of processes', () => ExitRecorder.open()),
    /** Packets read from a ring: the tier `packet`, and UDP and names beside netlink. */
    packets: refusalOf('read packets', openPacketSocket),
    /** First packets and DNS answers, copied for names. */
    names: counting ?? names,
  };
}

/** Opening the socket tests the permission; without a protocol it receives no packets. */
function openPacketSocket(): { close(): void } {
  const descriptor = orThrow(openSocket(AF_PACKET, SOCK_DGRAM, 0), 'open packet socket');
  return { close: () => closeDescriptor(descriptor) };
}

function refusalOf(op: string, open: () => { close(): void }): Refusal | undefined {
  try {
    open().close();
    return undefined;
  } catch (thrown) {
    const { code, message } = toOpError(op, thrown);
    return { code, message };
  }
}
