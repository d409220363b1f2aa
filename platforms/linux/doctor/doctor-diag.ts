import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../../src/data/sample/socket-table.ts';
import { toOpError } from '../../../src/kit/errors/op-error.ts';
import { DestroyMulticast, SHARDS } from '../netlink/destroy-multicast.ts';
import {
  type DiagRequest,
  type DiagVisitor,
  familyRequest,
  legacyTcpRequest,
  SockDiag,
} from '../netlink/sock-diag.ts';

const AF_INET = 2;
/** A dump of sockets in no state at all: the kernel loads what it needs, walks nothing and answers with nothing. */
const NO_STATES = 0;
const NOBODY: DiagVisitor = { message: () => undefined };

/** One thing asked of the kernel's sock_diag: undefined where it answered, else the code of its refusal. */
type DiagVerdict = string | undefined;

/** Announcements of closed connections. */
interface ClosingFacts {
  readonly verdict: DiagVerdict;
  /** Sockets that share them. */
  readonly shards: number;
  /** Closings that are kept between two drains for certain; 0 unknown. */
  readonly capacity: number;
}

/** What the kernel's modules answered. */
export interface DiagFacts {
  /** TCP by inet_diag and tcp_diag, in the way the tier asks. */
  readonly tcp: DiagVerdict;
  readonly udp: DiagVerdict;
  readonly closings: ClosingFacts;
}

/** Asks what the tier netlink asks, for no sockets; leaves nothing open. Never throws. */
export function examineDiag(): DiagFacts {
  return {
    tcp: ask(legacyTcpRequest(NO_STATES)) ?? ask(familyRequest(AF_INET, PROTOCOL_TCP, NO_STATES)),
    udp: ask(familyRequest(AF_INET, PROTOCOL_UDP, NO_STATES)),
    closings: examineClosings(),
  };
}

function ask(request: DiagRequest): DiagVerdict {
  let diag: SockDiag | undefined;
  try {
    diag = new SockDiag();
    diag.begin(request);
    while (diag.receive(NOBODY));
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
        explanation: `The kernel's module ${module} is missing and did not load by itself.`,
        command: `sudo modprobe ${module}`,
      };
    case 'EOPNOTSUPP':
      return {
        explanation: "The kernel's module inet_diag is missing and did not load by itself.",
        command: `sudo modprobe -a inet_diag ${module}`,
      };
    case 'EPROTONOSUPPORT':
      return { explanation: 'This kernel is built without sock_diag.', command: undefined };
    case 'EPERM':
    case 'EACCES':
    case 'EAFNOSUPPORT':
    case 'ENOSYS':
      return {
        explanation: `Something forbids netlink sockets here (${code}): a filter of system calls or a security module.`,
        command: undefined,
      };
    default:
      return { explanation: `The kernel refused with ${code}.`, command: undefined };
  }
}
