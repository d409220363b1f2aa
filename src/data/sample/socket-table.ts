import { numbers, tableClass } from '../../kit/table/columns.ts';
import { ADDRESS_WORDS } from './address.ts';

/** IANA protocol numbers, the values of `SocketTable.protocol`. */
export const PROTOCOL_TCP = 6;
export const PROTOCOL_UDP = 17;
/** Reserved by IANA; here all that this machine passes on from one interface to another. */
export const PROTOCOL_FORWARDED = 255;

/** include/net/tcp_states.h: the values of `SocketTable.state`. UDP: ESTABLISHED is connected, CLOSE unconnected. */
export const TcpState = {
  ESTABLISHED: 1,
  SYN_SENT: 2,
  SYN_RECV: 3,
  FIN_WAIT1: 4,
  FIN_WAIT2: 5,
  TIME_WAIT: 6,
  CLOSE: 7,
  CLOSE_WAIT: 8,
  LAST_ACK: 9,
  LISTEN: 10,
  CLOSING: 11,
} as const;

/** `SocketTable.interfaceIndex`: an interface of another network namespace. */
export const FOREIGN_INTERFACE = -1;

/** How `SocketTable.ownerPid` came to be known. */
export const OwnerBasis = {
  /** Nobody is known (yet). */
  NONE: 0,
  /** A descriptor of that process refers to the socket. */
  DESCRIPTOR: 1,
  /** The kernel's message named no process; the endpoint did (a listener's port, a peer only it talks to). */
  INFERRED: 2,
  /** No process holds it: the kernel's own, or orphaned and still closing. */
  KERNEL: 3,
  /** Its process cannot be seen with this program's privileges. */
  HIDDEN: 4,
  /** No TCP or UDP socket has these ends: packets of a raw or packet socket, or of others that NAT sends from here. */
  NO_SOCKET: 5,
} as const;

export const SOCKET_COLUMNS = {
  protocol: numbers('u8'),
  /** AF_INET 2 or AF_INET6 10, as the kernel lists it. */
  family: numbers('u8'),
  state: numbers('u8'),
  localAddress: numbers('u32', 0, ADDRESS_WORDS),
  remoteAddress: numbers('u32', 0, ADDRESS_WORDS),
  localPort: numbers('u16'),
  remotePort: numbers('u16'),
  inode: numbers('u32'),
  uid: numbers('i32', -1),
  /** INET_DIAG_CGROUP_ID; 0 unknown. */
  cgroupId: numbers('f64'),
  /** Payload bytes acknowledged by the peer, without SYN and FIN. */
  txBytes: numbers('f64', Number.NaN),
  /** Payload bytes received, without FIN. */
  rxBytes: numbers('f64', Number.NaN),
  /** Segments with headers, for the header correction of payload tiers (tcpi_segs_out, tcpi_segs_in). */
  txSegments: numbers('f64', Number.NaN),
  rxSegments: numbers('f64', Number.NaN),
  /** tcpi_rtt. */
  rttMicros: numbers('f64', Number.NaN),
  /** tcpi_total_retrans. */
  retransmits: numbers('f64', Number.NaN),
  /** Owning process, 0 where `ownerBasis` names none. With `ownerStartTicks` the process's key. */
  ownerPid: numbers('i32'),
  ownerStartTicks: numbers('f64'),
  ownerBasis: numbers('u8'),
  /** Monotonic time at which the collector first saw the socket; NaN: it may have been there long before. */
  firstSeenMicros: numbers('f64', Number.NaN),
  /** 1: there before the collector's first sample, so its counters hold bytes from before. */
  bornBeforeStart: numbers('u8'),
  /** ifindex that the row's traffic goes over, where the tier knows; 0: to be told by the addresses. */
  interfaceIndex: numbers('i32'),
  /**
   * 1: a part of a socket that another row stands for, counted on its own: what another process, another interface
   * or another peer of an unconnected UDP socket has had of it. It is no connection more.
   */
  isShare: numbers('u8'),
};

/**
 * Every socket known to the collector, one slot each, keyed by the kernel's 64-bit socket cookie (low word, high
 * word). Counters are cumulative since the socket's birth, exactly as the kernel counts them; NaN where the kernel
 * does not count (UDP, /proc/net).
 */
export class SocketTable extends tableClass(SOCKET_COLUMNS, { capacity: 1024, limit: 1 << 18 }) {}
