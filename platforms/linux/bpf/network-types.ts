import { BtfKind, type BtfWanted, KernelTypes, ofKind, READ_ONLY_CAST } from './btf.ts';
import { kernelTypes } from './kernel-types.ts';
import type { PidNumbers } from './namespaces.ts';

/** Functions of `struct proto_ops` that every TCP and UDP call goes through, by family. */
export const SEND_FUNCTIONS = ['inet_sendmsg', 'inet6_sendmsg'] as const;
export const RECEIVE_FUNCTIONS = ['inet_recvmsg', 'inet6_recvmsg'] as const;
/** include/trace/events/sock.h, 6.3 and later. */
export const SEND_TRACEPOINT = 'btf_trace_sock_send_length';
export const RECEIVE_TRACEPOINT = 'btf_trace_sock_recv_length';
/** include/trace/events/net.h: a packet is handed to its device, in the context of its sender. */
export const QUEUE_TRACEPOINT = 'btf_trace_net_dev_queue';
/** include/trace/events/sock.h and skb.h: a socket changes its state; a packet is dropped. */
export const STATE_TRACEPOINT = 'btf_trace_inet_sock_set_state';
export const DROP_TRACEPOINT = 'btf_trace_kfree_skb';
/** include/trace/events/fib.h and fib6.h: a route was looked up. */
export const ROUTE_TRACEPOINT = 'btf_trace_fib_table_lookup';
export const ROUTE6_TRACEPOINT = 'btf_trace_fib6_table_lookup';
export const HOLDERS_ITERATOR = 'bpf_iter_task_file';

const WANTED: BtfWanted = [
  READ_ONLY_CAST,
  ...ofKind(BtfKind.FUNC, ...SEND_FUNCTIONS, ...RECEIVE_FUNCTIONS, HOLDERS_ITERATOR),
  ...ofKind(BtfKind.TYPEDEF, SEND_TRACEPOINT, RECEIVE_TRACEPOINT, QUEUE_TRACEPOINT, STATE_TRACEPOINT),
  ...ofKind(BtfKind.TYPEDEF, DROP_TRACEPOINT, ROUTE_TRACEPOINT, ROUTE6_TRACEPOINT),
  ...ofKind(BtfKind.STRUCT, 'flowi4', 'flowi6', 'fib6_result', 'sk_buff', 'skb_shared_info', 'net_device'),
  ...ofKind(BtfKind.STRUCT, 'sock', 'socket', 'net', 'task_struct', 'cred', 'file', 'inode'),
  ...ofKind(BtfKind.STRUCT, 'bpf_iter__task_file'),
  ...ofKind(BtfKind.ENUM, 'skb_drop_reason'),
];

/** Offsets in the running kernel's structures that the network programs read. */
export type NetworkOffsets = Readonly<ReturnType<typeof networkOffsets>>;

/** Looks the network programs' types up. Throws OpError: no BTF, or a kernel that lacks one of them. */
export function networkTypes(): KernelTypes {
  return new KernelTypes(kernelTypes(), WANTED);
}

/** Where the fields of a socket lie that only the programs of health read. */
export type HealthOffsets = Readonly<ReturnType<typeof healthOffsets>>;

/** Throws OpError `UNSUPPORTED`. */
export function healthOffsets(types: KernelTypes) {
  return {
    /** struct sock: u8, be16, be32, 16 bytes, and int. */
    state: types.member('sock', '__sk_common.skc_state').offset,
    remotePort: types.member('sock', '__sk_common.skc_dport').offset,
    remoteAddress4: types.member('sock', '__sk_common.skc_daddr').offset,
    remoteAddress6: types.member('sock', '__sk_common.skc_v6_daddr').offset,
    error: types.member('sock', 'sk_err').offset,
  };
}

/** What the programs of routes read of the kernel's types: members of struct flowi4 or flowi6. */
export type RouteOffsets = Readonly<ReturnType<typeof routeOffsets>>;

/** Throws OpError `UNSUPPORTED`. */
export function routeOffsets(types: KernelTypes, family: 'ipv4' | 'ipv6') {
  const flow = family === 'ipv4' ? 'flowi4' : 'flowi6';
  const place = (structure: string, member: string): number => types.member(structure, member).offset;
  return {
    protocol: place(flow, '__fl_common.flowic_proto'),
    address: place(flow, 'daddr'),
    localPort: place(flow, 'uli.ports.sport'),
    remotePort: place(flow, 'uli.ports.dport'),
    /**
     * IPv6 only. Of struct fib6_result the type of the route, and the route; of struct net the one that stands for none;
     * of the flow the source address.
     */
    result:
      family === 'ipv4'
        ? undefined
        : {
            type: place('fib6_result', 'fib6_type'),
            route: place('fib6_result', 'f6i'),
            none: place('net', 'ipv6.fib6_null_entry'),
            source: place('flowi6', 'saddr'),
            readOnly: { result: types.readOnlyCast('fib6_result'), namespace: types.readOnlyCast('net') },
          },
  };
}

/** No drops, or such that nothing can be said of; and what each connection has: segments that came twice, an end. */
const IGNORED_REASONS: readonly string[] = [
  ...['SKB_NOT_DROPPED_YET', 'SKB_CONSUMED', 'SKB_DROP_REASON_NOT_SPECIFIED'],
  ...['SKB_DROP_REASON_TCP_OLD_DATA', 'SKB_DROP_REASON_TCP_OLD_SEQUENCE', 'SKB_DROP_REASON_TCP_OLD_ACK'],
  'SKB_DROP_REASON_QUEUE_PURGE',
];

/** What the program of dropped packets reads of the kernel's types. */
export type DropOffsets = Readonly<ReturnType<typeof dropOffsets>>;

/** Throws OpError `UNSUPPORTED`: before 5.17 the kernel gives no reasons. */
export function dropOffsets(types: KernelTypes) {
  const reasons = types.enumerators('skb_drop_reason');
  return {
    /** struct sk_buff: `struct sock *`. */
    bufferSock: types.member('sk_buff', 'sk').offset,
    state: types.member('sock', '__sk_common.skc_state').offset,
    /** Reasons that are not a drop, or that mean nothing. */
    ignored: reasons.flatMap(([name, value]) => (IGNORED_REASONS.includes(name) ? [value] : [])),
  };
}

/** Throws OpError `UNSUPPORTED`. */
export function networkOffsets(types: KernelTypes, numbers: PidNumbers | undefined) {
  const netCookie = types.optionalMember('net', 'net_cookie');
  return {
    /** struct sock: `skc_family` u16, and the namespace's `struct net *`. */
    sockFamily: types.member('sock', '__sk_common.skc_family').offset,
    sockNet: types.member('sock', '__sk_common.skc_net.net').offset,
    /** struct net: u64; undefined before 5.14, where it is another type. */
    netCookie: netCookie?.bytes === 8 ? netCookie.offset : undefined,
    /** struct sock: its cookie, an atomic u64; 0: not generated yet. */
    sockCookie: types.member('sock', '__sk_common.skc_cookie').offset,
    /** struct sock: int, whether a process is inside a call on the socket. */
    sockOwned: types.member('sock', 'sk_lock.owned').offset,
    /** struct sock: u16; undefined before 5.6, where it is a bit field. */
    sockProtocol: types.optionalMember('sock', 'sk_protocol')?.offset,
    /** struct socket: `struct sock *`. */
    socketSock: types.member('socket', 'sk').offset,
    /** struct file: `struct inode *`; struct inode: its number. */
    fileInode: types.member('file', 'f_inode').offset,
    inodeNumber: types.member('inode', 'i_ino').offset,
    /** struct task_struct. */
    taskFlags: types.member('task_struct', 'flags').offset,
    taskTgid: types.member('task_struct', 'tgid').offset,
    taskLeader: types.member('task_struct', 'group_leader').offset,
    taskComm: types.member('task_struct', 'comm').offset,
    taskCred: types.member('task_struct', 'cred').offset,
    /** u64, ns since boot. */
    taskStart: types.member('task_struct', 'start_boottime', 'real_start_time').offset,
    /** struct cred: u32. */
    credUid: types.member('cred', 'uid.val').offset,
    /** Undefined before 6.2. */
    readOnly: {
      task: types.readOnlyCast('task_struct'),
      sock: types.readOnlyCast('sock'),
      file: types.readOnlyCast('file'),
    },
    /** Undefined in the machine's own PID namespace. */
    numbers,
  };
}
