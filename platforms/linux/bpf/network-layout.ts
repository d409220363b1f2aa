import { closeDescriptor } from '../libc.ts';
import { allOrNone } from './bpf-call.ts';
import { createHash, createMap, createSingle, loadValueBtf, MapFlag, MapType } from './map.ts';

/** struct __sk_buff, include/uapi/linux/bpf.h; in cgroup programs `len` begins with the IP header. */
export const SkBuff = {
  LEN: 0,
  IFINDEX: 40,
  /** Start and end of the linear part; in cgroup programs only with CAP_BPF. */
  DATA: 76,
  DATA_END: 80,
  GSO_SEGS: 164,
  SK: 168,
  /** 5.7 and later. */
  GSO_SIZE: 176,
} as const;

/** struct bpf_sock, include/uapi/linux/bpf.h; addresses in network order. */
export const BpfSock = {
  ...{ FAMILY: 4, TYPE: 8, PROTOCOL: 12, SOURCE_IP4: 24, SOURCE_IP6: 28 },
  /** In host order. */
  SOURCE_PORT: 44,
  /** In network order. */
  ...{ DESTINATION_PORT: 48, DESTINATION_IP4: 52, DESTINATION_IP6: 56 },
  STATE: 72,
} as const;

/**
 * What the network programs keep in maps, in the machine's byte order. All addresses are four 32-bit words as in
 * src/data/sample/address.ts, ports in host order, and times nanoseconds since boot.
 *
 * Key of a peer of a datagram socket that is not connected. Of all other flows and of sums it has the first 16 bytes
 * only, for short keys are found faster. Sums of what found no room have cookie 0 and the tgid of the owner. So have
 * those of what it sends by AF_PACKET. What is forwarded has a cookie that no socket has, and the low word of the cookie
 * of its network namespace for a tgid.
 */
export const FlowKey = {
  ...{ SIZE: 16, PEER_SIZE: 40 },
  /** u64. */
  COOKIE: 0,
  /**
   * u32, 0 for the first owner of the socket. With the highest bit it is the low word of the cookie of a network
   * namespace, for what nobody owns.
   */
  TGID: 8,
  /** u32, four of them, u16, u8. */
  ...{ IFINDEX: 12, REMOTE_ADDRESS: 16, REMOTE_PORT: 32, HAS_REMOTE: 34 },
} as const;
export const FORWARDED_COOKIE_HIGH = 0x666f_7277;
/** Of a peer's key from its remote address on. */
export const PEER_BYTES = FlowKey.PEER_SIZE - FlowKey.REMOTE_ADDRESS;

/** Value of a flow. */
export const FlowValue = {
  SIZE: 136,
  /** u64. */
  ...{ RX_BYTES: 0, TX_BYTES: 8, RX_PACKETS: 16, TX_PACKETS: 24 },
  ...{ LOCAL_ADDRESS: 32, REMOTE_ADDRESS: 48 },
  /** u16. */
  ...{ LOCAL_PORT: 64, REMOTE_PORT: 66, FAMILY: 68, PROTOCOL: 70 },
  /** u64, 0: not known. */
  NETNS_COOKIE: 72,
  /** As Owner. Where held, `since` is the flow's first packet. */
  OWNER: 80,
  /** u32: the socket has not been used, the owner is the creator of it or of its listener. */
  HELD: 128,
  /** u16: the last descriptor is closed, and the type of the socket. */
  ...{ RELEASED: 132, TYPE: 134 },
} as const;

/**
 * Owner of a socket:
 *
 *   0 since u64 | 8 tgid u32, of the machine's PID namespace, 0: unknown | 12 uid u32 | 16 comm[16]
 *  32 start of the process u64; 0: not known
 *  40 its number u32 in the PID namespace of the program that counts, 0: it is not in it | 44 zero
 */
export const Owner = { SIZE: 48, SINCE: 0, TGID: 8, UID: 12, COMM: 16, START: 32, PID: 40 } as const;
export const COMM_BYTES = 16;

/**
 * What is stored beside a socket (SK_STORAGE). An accepted connection begins with a copy of its listener's, so that the
 * cookie in it tells a connection that nobody has used yet: it is not its own.
 */
export const Storage = {
  SIZE: 120,
  OWNER: 0,
  /** u64: cookie of the socket that the owner has used. */
  USED_COOKIE: 48,
  /** u64. */
  NETNS_COOKIE: 56,
  /** u32, in the keys of the owner's flows, and that of the owner of the flows that have 0 there. */
  ...{ KEY_TGID: 64, FIRST_TGID: 68 },
  /** u32, of the last packet in and out. */
  ...{ INGRESS_IFINDEX: 72, EGRESS_IFINDEX: 76 },
  /** The last 24 bytes of the key of the peer that was met last, with address, port and flags. */
  ...{ PEER: 80, PEER_FLAGS: 98 },
  /** u64, 0 of a socket that listens, and of a connection before its first packet. */
  OWN_COOKIE: 104,
  /** u32. */
  RELEASED: 112,
} as const;

/**
 * For so long, in ns, a flow that nobody has used is left out of reads, and goes to its first user; later it is its
 * maker's for good. The kernel's side ends a little before ours: a flow that was shown never changes its owner.
 */
export const HELD_NANOS = 2_000_000_000;
export const CLAIMABLE_NANOS = 1_900_000_000;

/** What found no room at all: the only element of an array; 0 bytes u64 | 8 packets u64. */
export const Lost = { SIZE: 16, BYTES: 0, PACKETS: 8 } as const;

/**
 * What iter/task_file writes for each descriptor of a socket: 0 cookie u64 | 8 tgid u32 in the PID namespace of the
 * program that counts | 12 inode u32 of an MPTCP
 * socket, whose connections are sockets with cookies of their own and that inode; else 0.
 */
export const Holder = { SIZE: 16, COOKIE: 0, TGID: 8, INODE: 12 } as const;

/** Descriptors of the maps that the programs share. */
export interface NetworkMaps {
  /** SK_STORAGE: STORAGE_BYTES beside each socket. */
  readonly storage: number;
  /** HASH: flows whose key has no remote end. */
  readonly flows: number;
  /** HASH: flows of datagram sockets that are not connected, apart so that many peers crowd out no connection. */
  readonly peers: number;
  /** HASH: sums by owner and interface of what found no room in the other two. */
  readonly sums: number;
  /** ARRAY of one: what found no room there either. */
  readonly lost: number;
  /** HASH: failures, as FailureKey and FailureValue have them; SK_STORAGE: what is known of a socket that opens. */
  readonly failures: number;
  readonly openings: number;
}

/** AF_*, SOCK_* (include/linux/socket.h, net.h). */
export const Family = { INET: 2, INET6: 10 } as const;
export const SocketType = { STREAM: 1, RAW: 3 } as const;

/**
 * The stack of the packet programs, below the frame pointer:
 *
 *   key 40 | value 136 | IP header 40 | packets u32 | offset of the transport header u32
 *   next header u32 | bytes of headers u32 | bytes of a jumbo option u32 | scratch 8
 *   cookie of the MPTCP socket u64 | the sender as an owner 48
 *
 * Numbers that are computed stand in the upper half of their 8 bytes: the verifier forgets what is stored there. What it
 * knows of numbers keeps ways apart that it could go once: each program took it 13 to 17 ms, and now takes 2.
 */
export const Stack = {
  ...{ KEY: -40, VALUE: -176, IP_HEADER: -216, PACKETS: -220, TRANSPORT_OFFSET: -228, NEXT_HEADER: -236 },
  ...{ HEADER_BYTES: -244, JUMBO_BYTES: -252, SCRATCH: -264, PARENT_COOKIE: -272, SENDER: -320 },
} as const;
export const IP_HEADER_BYTES = 40;

/** Most entries of the maps; memory is taken as they fill, 224 bytes each. */
export interface NetworkMapSizes {
  readonly flows: number;
  readonly peers: number;
  readonly sums: number;
}

export const DEFAULT_SIZES: NetworkMapSizes = { flows: 65_536, peers: 32_768, sums: 8_192 };

/** Creates the maps, the caller's to close. Throws BpfError. */
export function createNetworkMaps(wanted: Partial<NetworkMapSizes>): {
  maps: NetworkMaps;
  sizes: NetworkMapSizes;
} {
  const sizes = { ...DEFAULT_SIZES, ...wanted };
  const maps = allOrNone(
    (keep): NetworkMaps => ({
      storage: keep(createSocketStorage('sstop_owner', Storage.SIZE, MapFlag.CLONE)),
      flows: keep(createHash('sstop_flows', FlowKey.SIZE, FlowValue.SIZE, sizes.flows)),
      peers: keep(createHash('sstop_peers', FlowKey.PEER_SIZE, FlowValue.SIZE, sizes.peers)),
      sums: keep(createHash('sstop_sums', FlowKey.SIZE, FlowValue.SIZE, sizes.sums)),
      lost: keep(createSingle('sstop_lost', Lost.SIZE)),
      failures: keep(createHash('sstop_failures', FailureKey.SIZE, FailureValue.SIZE, FAILURES_LIMIT)),
      openings: keep(createSocketStorage('sstop_opening', OPENING_BYTES)),
    }),
  );
  return { maps, sizes };
}

/** All descriptors, by which what is closed and what is handed over agree. */
export function descriptorsOfMaps(maps: NetworkMaps): readonly number[] {
  const { storage, flows, peers, sums, lost, failures, openings } = maps;
  return [storage, flows, peers, sums, lost, failures, openings];
}

/** Closes the descriptors; the maps go with the last program that uses them. */
export function closeNetworkMaps(maps: NetworkMaps): void {
  for (const descriptor of descriptorsOfMaps(maps)) closeDescriptor(descriptor);
}

/** SK_STORAGE: so many bytes (a multiple of 8) beside each socket. Throws BpfError. */
export function createSocketStorage(name: string, valueBytes: number, moreFlags = 0): number {
  const btf = loadValueBtf(valueBytes);
  try {
    return createMap({
      ...{ type: MapType.SK_STORAGE, keyBytes: 4, valueBytes, maxEntries: 0 },
      ...{ name, flags: MapFlag.NO_PREALLOC | moreFlags, btf },
    });
  } finally {
    closeDescriptor(btf.descriptor);
  }
}

/**
 * Key of a failure: who, what, with whom.
 *
 *    0 tgid u32, 0 unknown | 4 kind u8 (ProblemKind, or CONNECTED) | 6 remote port u16, host order
 *    8 start of the process, ns since boot u64
 *   16 remote address, 16 bytes as IPv6 has it, IPv4 mapped
 *   32 reason u32: enum skb_drop_reason; of what is unreachable the type of the route of this machine that forbids it, or
 *      0: the network said so | 36 zero
 */
export const FailureKey = { SIZE: 40, TGID: 0, KIND: 4, PORT: 6, START: 8, ADDRESS: 16, REASON: 32 } as const;

/** Value of a failure: 0 count u64 | 8 ns that connecting took u64 | 16 pid in this PID namespace u32. */
export const FailureValue = { SIZE: 24, COUNT: 0, NANOS: 8, PID: 16 } as const;

/** Beside ProblemKind: an attempt to connect that worked. */
export const CONNECTED = 200;
/** Beside a socket that opens: 0 since, ns since boot u64 | 8 tgid u32 | 12 pid u32 | 16 start of the process u64. */
const OPENING_BYTES = 24;
export const Opening = { SINCE: 0, TGID: 8, PID: 12, START: 16 } as const;

/** Failures that are counted between two reads; what has no room is not. */
export const FAILURES_LIMIT = 4096;
