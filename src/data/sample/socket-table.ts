import { lengthened, SlotTable } from '../../kit/table/slot-table.ts';
import { ADDRESS_WORDS } from './address.ts';

/** IANA protocol numbers, the values of `SocketTable.protocol`. */
export const PROTOCOL_TCP = 6;
export const PROTOCOL_UDP = 17;

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
} as const;

const SOCKETS_LIMIT = 1 << 18;

/**
 * Every socket known to the collector, one slot each, keyed by the kernel's 64-bit socket cookie (low word, high
 * word). Counters are cumulative since the socket's birth, exactly as the kernel counts them; NaN where the kernel
 * does not count (UDP, /proc/net).
 */
export class SocketTable {
  readonly slots: SlotTable;
  protocol: Uint8Array;
  /** AF_INET 2 or AF_INET6 10, as the kernel lists it. */
  family: Uint8Array;
  state: Uint8Array;
  /** ADDRESS_WORDS per slot. */
  localAddress: Uint32Array;
  remoteAddress: Uint32Array;
  localPort: Uint16Array;
  remotePort: Uint16Array;
  inode: Uint32Array;
  uid: Int32Array;
  /** INET_DIAG_CGROUP_ID; 0 unknown. */
  cgroupId: Float64Array;
  /** Payload bytes acknowledged by the peer, without SYN and FIN. */
  txBytes: Float64Array;
  /** Payload bytes received, without FIN. */
  rxBytes: Float64Array;
  /** Segments with headers, for the header correction of payload tiers (tcpi_segs_out, tcpi_segs_in). */
  txSegments: Float64Array;
  rxSegments: Float64Array;
  /** tcpi_rtt; NaN unknown. */
  rttMicros: Float64Array;
  /** tcpi_total_retrans; NaN unknown. */
  retransmits: Float64Array;
  /** Owning process, 0 where `ownerBasis` names none. With `ownerStartTicks` the process's key. */
  ownerPid: Int32Array;
  ownerStartTicks: Float64Array;
  ownerBasis: Uint8Array;
  /** Monotonic time at which the collector first saw the socket; NaN: it may have been there long before. */
  firstSeenMicros: Float64Array;
  /** 1: there before the collector's first sample, so its counters hold bytes from before. */
  bornBeforeStart: Uint8Array;
  /** ifindex that the row's traffic goes over, where the tier knows; 0: to be told by the addresses. */
  interfaceIndex: Int32Array;
  /**
   * 1: a part of a socket that another row stands for, counted on its own: what another process, another interface
   * or another peer of an unconnected UDP socket has had of it. It is no connection more.
   */
  isShare: Uint8Array;

  constructor(initialCapacity = 1024) {
    this.slots = new SlotTable(initialCapacity, SOCKETS_LIMIT, (capacity) => this.#grow(capacity));
    const n = this.slots.capacity;
    this.protocol = new Uint8Array(n);
    this.family = new Uint8Array(n);
    this.state = new Uint8Array(n);
    this.localAddress = new Uint32Array(n * ADDRESS_WORDS);
    this.remoteAddress = new Uint32Array(n * ADDRESS_WORDS);
    this.localPort = new Uint16Array(n);
    this.remotePort = new Uint16Array(n);
    this.inode = new Uint32Array(n);
    this.uid = new Int32Array(n);
    this.cgroupId = new Float64Array(n);
    this.txBytes = new Float64Array(n);
    this.rxBytes = new Float64Array(n);
    this.txSegments = new Float64Array(n);
    this.rxSegments = new Float64Array(n);
    this.rttMicros = new Float64Array(n);
    this.retransmits = new Float64Array(n);
    this.ownerPid = new Int32Array(n);
    this.ownerStartTicks = new Float64Array(n);
    this.ownerBasis = new Uint8Array(n);
    this.firstSeenMicros = new Float64Array(n);
    this.bornBeforeStart = new Uint8Array(n);
    this.interfaceIndex = new Int32Array(n);
    this.isShare = new Uint8Array(n);
  }

  #grow(n: number): void {
    this.protocol = lengthened(this.protocol, new Uint8Array(n));
    this.family = lengthened(this.family, new Uint8Array(n));
    this.state = lengthened(this.state, new Uint8Array(n));
    this.localAddress = lengthened(this.localAddress, new Uint32Array(n * ADDRESS_WORDS));
    this.remoteAddress = lengthened(this.remoteAddress, new Uint32Array(n * ADDRESS_WORDS));
    this.localPort = lengthened(this.localPort, new Uint16Array(n));
    this.remotePort = lengthened(this.remotePort, new Uint16Array(n));
    this.inode = lengthened(this.inode, new Uint32Array(n));
    this.uid = lengthened(this.uid, new Int32Array(n));
    this.cgroupId = lengthened(this.cgroupId, new Float64Array(n));
    this.txBytes = lengthened(this.txBytes, new Float64Array(n));
    this.rxBytes = lengthened(this.rxBytes, new Float64Array(n));
    this.txSegments = lengthened(this.txSegments, new Float64Array(n));
    this.rxSegments = lengthened(this.rxSegments, new Float64Array(n));
    this.rttMicros = lengthened(this.rttMicros, new Float64Array(n));
    this.retransmits = lengthened(this.retransmits, new Float64Array(n));
    this.ownerPid = lengthened(this.ownerPid, new Int32Array(n));
    this.ownerStartTicks = lengthened(this.ownerStartTicks, new Float64Array(n));
    this.ownerBasis = lengthened(this.ownerBasis, new Uint8Array(n));
    this.firstSeenMicros = lengthened(this.firstSeenMicros, new Float64Array(n));
    this.bornBeforeStart = lengthened(this.bornBeforeStart, new Uint8Array(n));
    this.interfaceIndex = lengthened(this.interfaceIndex, new Int32Array(n));
    this.isShare = lengthened(this.isShare, new Uint8Array(n));
  }
}
