import { numbers, OPTIONAL_TEXT, TEXT } from '../../kit/table/columns.ts';
import {
  type DeclaredTable,
  internal,
  type ReferredTable,
  TEXT_LIMIT,
  told,
  UNKNOWN_USER,
} from './column.ts';

/** The values of `OwnerTable.kind`. Everything but PROCESS is a row of traffic without a known process. */
export const OwnerKind = {
  PROCESS: 0,
  /** What the kernel itself sends and gets. */
  KERNEL: 1,
  /** Processes of a user that this program may not look into; `uid` says whose. */
  USER: 2,
  /** Known by control group only; the name is its path. */
  CGROUP: 3,
  /** Connections born and gone between two samples, or let go before they were seen; owner not even inferred. */
  CLOSED: 4,
  /** Nothing is known. */
  UNKNOWN: 5,
  /** Exited processes whose rows were dropped: their totals go on here, and it never has a rate. */
  EXITED: 6,
} as const;

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

/** Where the name of a remote end comes from: the values of `nameBasis`, each worth more than the ones before. */
export const NameBasis = {
  /** No name was seen; a reverse lookup may know one (`ptr`). */
  NONE: 0,
  /** The process got the address in the answer to a DNS question for the name. */
  DNS: 1,
  /** The process sent the name in the Host field of an HTTP request. */
  HTTP: 2,
  /** The process sent the name in the ClientHello of TLS or QUIC. */
  SNI: 3,
} as const;

/** Of an address: src/data/sample/address.ts. */
export const ADDRESS_WORDS = 4;
const NO_MORE_THAN_1 = { most: 1 } as const;
const COUNTED = numbers('f64');
const COUNTER = numbers('f64', Number.NaN);
/** An ifindex; -1: an interface of another network namespace. */
const INTERFACE = { least: -1 } as const;

/**
 * Health of the TCP connections of an owner or of a remote host: counters since accounting began, and values as they
 * are now. NaN unknown: the tier does not tell, or there was no connection that could.
 */
const healthColumns = (first: number) => ({
  /** Segments sent with data, retransmitted ones included (tcpi_data_segs_out). */
  dataSegments: told(first, COUNTER, { unit: 'segments' }),
  /** Segments sent again (tcpi_total_retrans). */
  retransmits: told(first + 1, COUNTER, { unit: 'segments' }),
  /** Times that segments were seen to arrive out of order at the other end (tcpi_reord_seen, 4.19). */
  reorderings: told(first + 2, COUNTER),
  /** Attempts to connect that were refused, and those that got no reply. */
  refused: told(first + 3, COUNTER),
  timedOut: told(first + 4, COUNTER),
  /** Open connections that the other end has reset. */
  resets: told(first + 5, COUNTER),
  /** Connections that a listener, and packets that a UDP socket, had no room for (sk_drops). */
  drops: told(first + 6, COUNTER),
  /** Mean of the smoothed round-trip times of the connections that were last used, and the least one ever. */
  rttMicros: told(first + 7, COUNTER, { unit: 'microseconds' }),
  rttMinMicros: told(first + 8, COUNTER, { unit: 'microseconds' }),
  /** 95 % of the round-trip times of the last minute are not above it; within an eighth. */
  rttP95Micros: told(first + 9, COUNTER, { unit: 'microseconds' }),
  /** Mean time that the last connections took to open. */
  connectMicros: told(first + 10, COUNTER, { unit: 'microseconds' }),
  /** Bytes not read by the process, and bytes not acknowledged by the other end, of all connections. */
  receiveQueue: told(first + 11, COUNTER, { unit: 'bytes' }),
  sendQueue: told(first + 12, COUNTER, { unit: 'bytes' }),
});

export const OWNER_COLUMNS = {
  kind: told(7, numbers('u8'), { most: OwnerKind.EXITED, absent: OwnerKind.UNKNOWN }),
  /** 0 where there is no process. */
  pid: told(8, numbers('i32')),
  ppid: told(9, numbers('i32')),
  startTicks: told(10, COUNTED, { unit: 'clock ticks' }),
  uid: told(11, numbers('i32', UNKNOWN_USER)),
  hasExited: told(12, numbers('u8'), NO_MORE_THAN_1),
  /** Live sockets that are no listeners, and listening ones (unconnected bound UDP sockets included). */
  connectionCount: told(13, numbers('i32')),
  listenerCount: told(14, numbers('i32')),
  /** Task name or what the group is called; neither sanitised nor shortened. */
  names: told(15, TEXT),
  /** User name, or the number as text. */
  users: told(16, OPTIONAL_TEXT),
  /** Command line, arguments joined by a space; undefined: unknown (gone, not permitted, kernel thread). */
  commandLines: told(17, OPTIONAL_TEXT, { most: TEXT_LIMIT.line }),
  /** Control group path (the unified hierarchy's, else the one of systemd's); undefined: unknown. */
  cgroups: told(18, OPTIONAL_TEXT, { most: TEXT_LIMIT.line }),
  /** Name of its container: `web`, `NAMESPACE/POD/CONTAINER`; undefined: none, or unknown. */
  containers: told(19, OPTIONAL_TEXT),
  /** Name of its network namespace, where that is not the collector's; undefined: the same, or unknown. */
  namespaces: told(20, OPTIONAL_TEXT),
  ...healthColumns(21),
};

export const HOST_COLUMNS = {
  connectionCount: told(7, numbers('i32')),
  /** Names that processes used for the address, up to four, joined by a space; undefined: none was seen. */
  names: told(60, OPTIONAL_TEXT, { most: TEXT_LIMIT.line }),
  /** NameBasis: the best of them. */
  nameBasis: told(61, numbers('u8'), { most: NameBasis.SNI, absent: NameBasis.NONE }),
  ...healthColumns(8),
};

/** The values of `ProblemTable.kind`: what a row counts. */
export const ProblemKind = {
  /** Segments sent again to a host, of all that were sent with data (`outOf`). */
  RETRANSMITTED: 0,
  /** Attempts to connect that the other end refused, that got no reply, and that found no route. */
  REFUSED: 1,
  TIMED_OUT: 2,
  UNREACHABLE: 3,
  /** Open connections that the other end has reset. */
  RESET: 4,
  /** Packets that the kernel dropped, with its reason. */
  DROPPED: 5,
  /** Of the machine: connections that listeners dropped, and attempts to connect that failed, as /proc/net counts. */
  LISTEN_DROPS: 6,
  ATTEMPT_FAILS: 7,
} as const;
export type ProblemKind = (typeof ProblemKind)[keyof typeof ProblemKind];

/** What went wrong between an owner and a host, or on the machine, counted since accounting began. */
export const PROBLEM_COLUMNS = {
  kind: told(7, numbers('u8'), { most: ProblemKind.ATTEMPT_FAILS }),
  /** Slot in OwnerTable; -1: of the machine, or the process is not known. */
  owner: told(8, numbers('i32', -1), { refersTo: 'owners' }),
  /** Slot in HostTable of the other end, -1 none. */
  host: told(9, numbers('i32', -1), { refersTo: 'hosts' }),
  /** Remote port, 0 none. */
  port: told(10, numbers('u16')),
  count: told(11, COUNTED),
  /** What `count` is a part of, NaN nothing. */
  outOf: told(12, COUNTER),
  /** Of a path: as `reorderings` and `rttMicros` of owners. */
  reorderings: told(13, COUNTER),
  rttMicros: told(14, COUNTER, { unit: 'microseconds' }),
  /**
   * The kernel's name of the reason: `NETFILTER_DROP`; in words of what is unreachable, the
   * route: `blackhole route`, and of connections that listeners dropped those that are a part of all: `accept queue
   * full`; '' none.
   */
  reasons: told(15, TEXT),
};

/** `subjects`: who the traffic is counted for. */
const trafficColumns = (subjects: ReferredTable) => ({
  /** Slot of an owner or of a host. */
  subject: told(3, numbers('i32'), { refersTo: subjects }),
  interfaceIndex: told(4, numbers('i32'), INTERFACE),
  txBytes: told(5, COUNTED, { unit: 'bytes' }),
  rxBytes: told(6, COUNTED, { unit: 'bytes' }),
  txSegments: told(7, COUNTED, { unit: 'segments' }),
  rxSegments: told(8, COUNTED, { unit: 'segments' }),
  /** IP and transport headers of those segments, by address family; 0 on tiers that count whole packets. */
  txHeaderBytes: told(9, COUNTED, { unit: 'bytes' }),
  rxHeaderBytes: told(10, COUNTED, { unit: 'bytes' }),
  /** The part of txBytes and rxBytes whose owner was inferred from the endpoint. */
  inferredTxBytes: told(11, COUNTED, { unit: 'bytes' }),
  inferredRxBytes: told(12, COUNTED, { unit: 'bytes' }),
});

export const TRAFFIC_COLUMNS = trafficColumns('owners');
const HOST_TRAFFIC_COLUMNS = trafficColumns('hosts');

const OF_THE_MACHINE = 'is sent with the machine, not with its network';

export const INTERFACE_COLUMNS = {
  index: told(7, numbers('i32'), INTERFACE),
  rxBytes: told(8, COUNTED, { unit: 'bytes' }),
  txBytes: told(9, COUNTED, { unit: 'bytes' }),
  rxPackets: told(10, COUNTED, { unit: 'packets' }),
  txPackets: told(11, COUNTED, { unit: 'packets' }),
  isLoopback: told(12, numbers('u8'), NO_MORE_THAN_1),
  /** 1 where its bytes enter or leave this machine and are counted on no other uplink. */
  isUplink: told(13, numbers('u8'), NO_MORE_THAN_1),
  /** 1 where it is no uplink, but its bytes pass one that it stands on, as a VLAN's do. */
  isOverUplink: told(16, numbers('u8'), NO_MORE_THAN_1),
  isUp: told(14, numbers('u8'), NO_MORE_THAN_1),
  /** Packets refused for being damaged, and dropped for want of room. */
  rxErrors: internal(COUNTER, OF_THE_MACHINE),
  rxDropped: internal(COUNTER, OF_THE_MACHINE),
  txErrors: internal(COUNTER, OF_THE_MACHINE),
  txDropped: internal(COUNTER, OF_THE_MACHINE),
  /** What the link negotiated, in bits a second; NaN unknown (virtual, wireless, down). */
  linkBitsPerSecond: internal(COUNTER, OF_THE_MACHINE),
  /** 0 unknown. */
  mtuBytes: internal(numbers('i32'), OF_THE_MACHINE),
  names: told(15, TEXT),
  /** RFC 2863 operational state (`up`, `down`, `dormant`, ...) and hardware address; undefined: not asked. */
  operationalStates: internal(OPTIONAL_TEXT, OF_THE_MACHINE),
  hardwareAddresses: internal(OPTIONAL_TEXT, OF_THE_MACHINE),
};

export const ADDRESS_COLUMNS = { interfaceIndex: told(7, numbers('i32'), INTERFACE) };

export const SOCKET_COLUMNS = {
  protocol: told(7, numbers('u8')),
  /** AF_INET 2 or AF_INET6 10, as the kernel lists it. */
  family: told(8, numbers('u8')),
  state: told(9, numbers('u8'), { most: TcpState.CLOSING, absent: TcpState.CLOSE }),
  localAddress: told(10, numbers('u32', 0, ADDRESS_WORDS), { name: 'local' }),
  remoteAddress: told(14, numbers('u32', 0, ADDRESS_WORDS), { name: 'remote' }),
  localPort: told(18, numbers('u16')),
  remotePort: told(19, numbers('u16')),
  inode: told(20, numbers('u32')),
  uid: told(21, numbers('i32', UNKNOWN_USER)),
  /** INET_DIAG_CGROUP_ID; 0 unknown. */
  cgroupId: told(22, numbers('f64'), { absent: 0 }),
  /** Payload bytes acknowledged by the peer, without SYN and FIN. */
  txBytes: told(23, COUNTER, { unit: 'bytes' }),
  /** Payload bytes received, without FIN. */
  rxBytes: told(24, COUNTER, { unit: 'bytes' }),
  /** Segments with headers, for the header correction of payload tiers (tcpi_segs_out, tcpi_segs_in). */
  txSegments: told(25, COUNTER, { unit: 'segments' }),
  rxSegments: told(26, COUNTER, { unit: 'segments' }),
  /** tcpi_rtt. */
  rttMicros: told(27, COUNTER, { unit: 'microseconds' }),
  /** tcpi_total_retrans. */
  retransmits: told(28, COUNTER, { unit: 'segments' }),
  /** Owning process, 0 where `ownerBasis` names none. With `ownerStartTicks` the process's key. */
  ownerPid: told(29, numbers('i32')),
  ownerStartTicks: told(30, COUNTED, { unit: 'clock ticks' }),
  ownerBasis: told(31, numbers('u8')),
  /** Monotonic time at which the collector first saw the socket; NaN: it may have been there long before. */
  firstSeenMicros: told(32, COUNTER, { unit: 'microseconds' }),
  /** 1: there before the collector's first sample, so its counters hold bytes from before. */
  bornBeforeStart: told(33, numbers('u8'), NO_MORE_THAN_1),
  /** ifindex of the row's traffic, if the tier knows it; 0: derive it from the addresses. */
  interfaceIndex: told(34, numbers('i32'), INTERFACE),
  /**
   * 1: a part of a socket that another row stands for, counted on its own: what another process, another interface
   * or another peer of an unconnected UDP socket has had of it. It is no connection more.
   */
  isShare: told(35, numbers('u8'), NO_MORE_THAN_1),
  /** tcpi_data_segs_out (4.6), tcpi_reord_seen (4.19) and tcpi_min_rtt (4.9). */
  dataSegments: told(42, COUNTER, { unit: 'segments' }),
  reorderings: told(43, COUNTER),
  rttMinMicros: told(44, COUNTER, { unit: 'microseconds' }),
  /** Bytes not read by the process, and not acknowledged by the peer; of a listener: connections waiting, and their limit. */
  receiveQueue: told(45, COUNTER),
  sendQueue: told(46, COUNTER),
  /** SK_MEMINFO_DROPS of listeners and UDP sockets: what they had no room for. */
  drops: told(47, COUNTER),
  /** Changes with the figures that attribution adds up of it. */
  healthStamp: internal(numbers('u32'), 'says to attribution that there is something to add up'),
  /** SocketFailure: why the socket closed, in its last sample. */
  failure: internal(numbers('u8'), 'is counted in the problems and owners, which are sent'),
  /** The name that the owner used for the remote end, in lower case; undefined: none was seen. */
  remoteName: told(60, OPTIONAL_TEXT),
  nameBasis: told(61, numbers('u8'), { most: NameBasis.SNI, absent: NameBasis.NONE }),
  /** Protocols that the owner offered in its ClientHello (ALPN), joined by a comma; undefined: not seen. */
  offeredProtocols: told(62, OPTIONAL_TEXT),
};

/** Why a connection ended, where its collector knows. */
export const SocketFailure = { NONE: 0, REFUSED: 1, TIMED_OUT: 2 } as const;

export const SOCKET_ACCOUNT_COLUMNS = {
  /** Slot in OwnerTable, -1 none. */
  owner: told(36, numbers('i32'), { refersTo: 'owners' }),
  /** Slot in HostTable of the remote end, -1 none. */
  host: told(37, numbers('i32'), { refersTo: 'hosts' }),
  /** ifindex of the local address; the loopback interface's for connections of this machine to itself; 0 unknown. */
  interfaceIndex: told(38, numbers('i32'), { ...INTERFACE, name: 'accountInterface' }),
  /** Payload bytes since accounting began, NaN where the tier does not count them. */
  txBytes: told(39, COUNTED, { unit: 'bytes', name: 'accountTxBytes' }),
  rxBytes: told(40, COUNTED, { unit: 'bytes', name: 'accountRxBytes' }),
  /** 1: closed since the sample before; its last bytes are counted, but it is no connection any more. */
  isClosed: told(41, numbers('u8'), NO_MORE_THAN_1),
};

const INTERFACES_LIMIT = 4096;

/** The tables of a network section; who is referred to comes first. */
export const NETWORK_TABLES = {
  owners: {
    ...{ name: 'owners', message: 'OwnerColumns', limit: 1 << 17, key: [] },
    parts: { owners: OWNER_COLUMNS },
  },
  hosts: {
    ...{ name: 'hosts', message: 'HostColumns', limit: 1 << 16, key: [] },
    parts: { hosts: HOST_COLUMNS },
  },
  traffic: {
    ...{ name: 'traffic', message: 'TrafficColumns', limit: 1 << 18, key: ['subject', 'interfaceIndex'] },
    parts: { traffic: TRAFFIC_COLUMNS },
  },
  hostTraffic: {
    ...{ name: 'hostTraffic', message: 'TrafficColumns', limit: 1 << 18, key: ['subject', 'interfaceIndex'] },
    parts: { hostTraffic: HOST_TRAFFIC_COLUMNS },
  },
  interfaces: {
    ...{ name: 'interfaces', message: 'InterfaceColumns', limit: INTERFACES_LIMIT, key: [] },
    parts: { interfaces: INTERFACE_COLUMNS },
  },
  /** Of the machine itself. */
  addresses: {
    ...{ name: 'addresses', message: 'AddressColumns', limit: INTERFACES_LIMIT * 4, key: [] },
    parts: { addresses: ADDRESS_COLUMNS },
  },
  sockets: {
    ...{ name: 'sockets', message: 'SocketColumns', limit: 1 << 18, key: [] },
    parts: { sockets: SOCKET_COLUMNS, accounts: SOCKET_ACCOUNT_COLUMNS },
  },
  problems: {
    ...{ name: 'problems', message: 'ProblemColumns', limit: 4096, key: [] },
    parts: { problems: PROBLEM_COLUMNS },
  },
} satisfies Readonly<Record<string, DeclaredTable>>;

export type NetworkTableName = keyof typeof NETWORK_TABLES;

const OF_ATTRIBUTION = 'names the row of an exited process, which is sent';

/** Of processes that have ended: what their rows need to be named. */
export const EXITED_COLUMNS = {
  pid: internal(numbers('i32'), OF_ATTRIBUTION),
  /** 0 unknown. */
  ppid: internal(numbers('i32'), OF_ATTRIBUTION),
  startTicks: internal(numbers('f64'), OF_ATTRIBUTION),
  uid: internal(numbers('i32', UNKNOWN_USER), OF_ATTRIBUTION),
  /** CPU time of all threads. */
  cpuNanos: internal(numbers('f64', Number.NaN), OF_ATTRIBUTION),
  /** Task names, neither sanitised nor shortened. */
  names: internal(TEXT, OF_ATTRIBUTION),
};
