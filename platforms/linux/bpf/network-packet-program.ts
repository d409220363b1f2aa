import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../../src/data/sample/socket-table.ts';
import { TcpState } from '../../../src/data/schema/network-columns.ts';
import { Alu, Assembler, Helper, Jump, Register, Size } from './instruction.ts';
import {
  copyDoubleWords,
  enterStackValue,
  lookupStackKey,
  STORAGE_CREATE,
  storageOf,
  zeroStack,
} from './network-code.ts';
import {
  emitConnectedEndpoints,
  emitHeaders,
  emitPeer,
  emitPeerEndpoints,
  emitSegmentation,
} from './network-header-code.ts';
import {
  BpfSock,
  CLAIMABLE_NANOS,
  FlowKey,
  FlowValue,
  Lost,
  type NetworkMaps,
  Owner,
  PEER_BYTES,
  SkBuff,
  SocketType,
  Stack,
  Storage,
} from './network-layout.ts';
import { emitTaskOwner, PF_KTHREAD } from './network-owner-programs.ts';
import type { NetworkOffsets } from './network-types.ts';

const { R0, R1, R2, R3, R6, R7, R8, R9, R10 } = Register;

/**
 * A TCP connection of an MPTCP socket is a socket that the kernel has made, and no process ever uses it: it takes the
 * owner from the storage of the MPTCP socket, which processes use. R7 socket, R9 its storage, its cookie in the key;
 * destroys R0 to R5. Needs `bpf_skc_to_mptcp_sock` (5.19, CAP_PERFMON).
 */
function emitSubflowOwner(code: Assembler, maps: NetworkMaps, { sockCookie }: NetworkOffsets): void {
  code.load(Size.W, R1, R7, BpfSock.PROTOCOL).jumpIfImmediate(Jump.NE, R1, PROTOCOL_TCP, 'subflow.done');
  code.move(R1, R7).call(Helper.SKC_TO_MPTCP_SOCK).jumpIfImmediate(Jump.EQ, R0, 0, 'subflow.done');
  code.load(Size.DW, R1, R0, sockCookie).store(Size.DW, R10, Stack.PARENT_COOKIE, R1).move(R2, R0);
  storageOf(code, maps.storage, R2, 0);
  code.jumpIfImmediate(Jump.EQ, R0, 0, 'subflow.done');
  copyDoubleWords(code, R9, Storage.NETNS_COOKIE, R0, Storage.NETNS_COOKIE, 8);
  code.load(Size.DW, R2, R10, Stack.PARENT_COOKIE).jumpIfImmediate(Jump.EQ, R2, 0, 'subflow.unused');
  code.load(Size.DW, R1, R0, Storage.USED_COOKIE).jumpIf(Jump.NE, R1, R2, 'subflow.unused');
  emitUse(code, 'subflow', R0, Storage.OWNER);
  code.jump('subflow.done');
  // Handshakes, and traffic before the first use, are counted for the creator of the socket or of its listener.
  code.label('subflow.unused').load(Size.W, R1, R9, Storage.OWNER + Owner.TGID);
  code.jumpIfImmediate(Jump.NE, R1, 0, 'subflow.done');
  code.load(Size.W, R1, R0, Storage.FIRST_TGID).store(Size.W, R9, Storage.FIRST_TGID, R1);
  copyDoubleWords(code, R9, Storage.OWNER, R0, Storage.OWNER, Owner.SIZE);
  code.label('subflow.done');
}

/**
 * Where the begin of a call cannot be seen, a packet tells who is inside one: what leaves a TCP socket while a process
 * has it locked is sent by that process, for everybody else waits for the lock. A call that blocks for long is its
 * sender's from the first packet on, not from its end. Not while a socket is being connected or closed: who does that
 * is no user. R6 context, R7 socket, R9 its storage, its cookie in the key; destroys R0 to R5.
 */
function emitSender(code: Assembler, offsets: NetworkOffsets): void {
  code.load(Size.W, R1, R7, BpfSock.PROTOCOL).jumpIfImmediate(Jump.NE, R1, PROTOCOL_TCP, 'sender.done');
  code.load(Size.W, R1, R7, BpfSock.STATE).jumpIfImmediate(Jump.EQ, R1, TcpState.ESTABLISHED, 'sender.open');
  code.jumpIfImmediate(Jump.NE, R1, TcpState.CLOSE_WAIT, 'sender.done').label('sender.open');
  code.move(R1, R7).call(Helper.SKC_TO_TCP_SOCK).jumpIfImmediate(Jump.EQ, R0, 0, 'sender.done');
  code.load(Size.W, R1, R0, offsets.sockOwned).jumpIfImmediate(Jump.EQ, R1, 0, 'sender.done');
  code.call(Helper.GET_CURRENT_TASK_BTF);
  code.load(Size.W, R1, R0, offsets.taskFlags).jumpIfImmediate(Jump.SET, R1, PF_KTHREAD, 'sender.done');
  code.load(Size.W, R3, R0, offsets.taskTgid).jumpIfImmediate(Jump.EQ, R3, 0, 'sender.done');
  code.load(Size.W, R1, R9, Storage.OWNER + Owner.TGID).jumpIf(Jump.NE, R1, R3, 'sender.other');
  code.load(Size.DW, R1, R9, Storage.USED_COOKIE).load(Size.DW, R2, R10, Stack.KEY + FlowKey.COOKIE);
  code.jumpIf(Jump.EQ, R1, R2, 'sender.done').label('sender.other');
  // The context is asked for no more: lengths are in other registers by now, but the mark of GSO is not.
  code.store(Size.DW, R10, Stack.PARENT_COOKIE, R6).move(R6, R0);
  emitTaskOwner(code, offsets, Stack.SENDER);
  code.load(Size.DW, R6, R10, Stack.PARENT_COOKIE);
  emitUse(code, 'sender', R10, Stack.SENDER);
  code.label('sender.done');
}

/**
 * Makes the owner at `from` the user of the socket. What was held until now becomes the first user's when it is
 * counted. R9 storage.
 */
function emitUse(code: Assembler, name: string, from: number, fromOffset: number): void {
  code.load(Size.W, R3, from, fromOffset + Owner.TGID);
  code.load(Size.DW, R2, R10, Stack.KEY + FlowKey.COOKIE).load(Size.DW, R1, R9, Storage.USED_COOKIE);
  code.jumpIf(Jump.EQ, R1, R2, `${name}.used`).store(Size.DW, R9, Storage.USED_COOKIE, R2);
  code.store(Size.W, R9, Storage.FIRST_TGID, R3).storeImmediate(Size.W, R9, Storage.KEY_TGID, 0);
  code.jump(`${name}.copy`).label(`${name}.used`);
  code.load(Size.W, R1, R9, Storage.OWNER + Owner.TGID);
  code.jumpIf(Jump.EQ, R1, R3, `${name}.same`);
  code.load(Size.W, R1, R9, Storage.FIRST_TGID).jumpIf(Jump.NE, R1, R3, `${name}.named`).moveImmediate(R3, 0);
  code.label(`${name}.named`).store(Size.W, R9, Storage.KEY_TGID, R3).label(`${name}.copy`);
  copyDoubleWords(code, R9, Storage.OWNER, from, fromOffset, Owner.SIZE);
  code.label(`${name}.same`);
}

/** Of a key's tgid where the rest of it is the low word of a network namespace's cookie. */
const OWNERLESS = 0x8000_0000 | 0;

/** Which way the packets go that a program sees. */
type Direction = 'ingress' | 'egress';

/** Facts about the owner of a packet's socket; each undefined if the kernel does not provide it. */
export interface PacketOwners {
  /** Connections of MPTCP sockets, nobody's without it. */
  readonly subflows: NetworkOffsets | undefined;
  /** Of which network namespace packets without a known socket are (6.15 and later). */
  readonly networks: boolean;
  /** Who sends, where the begin of the call is not seen. */
  readonly senders: NetworkOffsets | undefined;
}

/**
 * cgroup_skb: adds a packet to its flow, the flow being entered with its first packet. What finds no room goes to its
 * owner's sum, and at last to what is lost. Always lets the packet pass.
 *
 * Registers: R6 context, R7 socket, R8 bytes on the wire, R9 the socket's storage or 0.
 */
export function packetProgram(maps: NetworkMaps, direction: Direction, more: PacketOwners): Uint8Array {
  const code = new Assembler();
  emitLength(code);
  emitSocket(code, maps, direction, more);
  emitNeedOfHeaders(code);
  emitHeaders(code, 'parsed', 'connected');
  code.label('parsed');
  emitSegmentation(code, 'segmented');
  code.label('segmented');
  emitPeerChoice(code, 'peer', 'connected');
  code.label('peer');
  emitPeer(code, direction);
  emitFlow(code, maps.peers, 'peer', more, () => emitPeerEndpoints(code, direction));
  // Where there is no room for this peer, it is the socket's flow without it.
  code.label('connected');
  emitFlow(code, maps.flows, 'connected', more, () => emitConnectedEndpoints(code));
  emitSum(code, maps, more);
  emitLost(code, maps);
  emitCount(code, direction);
  return code.label('out').returnImmediate(1).build();
}

/** Bytes, packets and the part of the key that the packet contains. */
function emitLength(code: Assembler): void {
  code.move(R6, R1).load(Size.W, R8, R6, SkBuff.LEN);
  zeroStack(code, Stack.KEY, FlowKey.SIZE);
  code.load(Size.W, R1, R6, SkBuff.GSO_SEGS).jumpIfImmediate(Jump.NE, R1, 0, 'packets');
  code.moveImmediate(R1, 1).label('packets').store(Size.W, R10, Stack.PACKETS, R1);
}

/** The socket, its storage and cookie, and whose flow it is. */
function emitSocket(code: Assembler, maps: NetworkMaps, direction: Direction, more: PacketOwners): void {
  const side = direction === 'ingress' ? Storage.INGRESS_IFINDEX : Storage.EGRESS_IFINDEX;
  code.moveImmediate(R9, 0).load(Size.DW, R1, R6, SkBuff.SK).jumpIfImmediate(Jump.EQ, R1, 0, 'sum');
  code.call(Helper.SK_FULLSOCK).jumpIfImmediate(Jump.EQ, R0, 0, 'sum').move(R7, R0);
  storageOf(code, maps.storage, R7, STORAGE_CREATE);
  code.move(R9, R0);
  emitCookie(code);
  code.store(Size.DW, R10, Stack.KEY + FlowKey.COOKIE, R0).jumpIfImmediate(Jump.EQ, R9, 0, 'whose');
  code.load(Size.W, R1, R6, SkBuff.IFINDEX).load(Size.W, R2, R9, side);
  // A write only where it changes something: the storage is shared by processors.
  code.jumpIf(Jump.EQ, R1, R2, 'placed').store(Size.W, R9, side, R1).label('placed');
  if (more.subflows !== undefined) emitSubflowOwner(code, maps, more.subflows);
  if (more.senders !== undefined && direction === 'egress') emitSender(code, more.senders);
  code.load(Size.DW, R1, R9, Storage.USED_COOKIE).load(Size.DW, R2, R10, Stack.KEY + FlowKey.COOKIE);
  code.jumpIf(Jump.NE, R1, R2, 'whose');
  code.load(Size.W, R1, R9, Storage.KEY_TGID).store(Size.W, R10, Stack.KEY + FlowKey.TGID, R1);
  code.label('whose');
  if (more.networks) emitKernelKey(code);
  // Behind the tgid, of which the verifier then remembers nothing: all ways that led here are one to it.
  code.load(Size.W, R1, R6, SkBuff.IFINDEX).store(Size.W, R10, Stack.KEY + FlowKey.IFINDEX, R1);
}

/**
 * R0 = the socket's cookie: as it stands beside the socket, else asked for and put there. Not beside one that listens,
 * for a connection that it accepts begins with a copy.
 */
function emitCookie(code: Assembler): void {
  code.jumpIfImmediate(Jump.EQ, R9, 0, 'cookie.asked');
  code.load(Size.W, R1, R7, BpfSock.STATE).jumpIfImmediate(Jump.EQ, R1, TcpState.LISTEN, 'cookie.listener');
  code.load(Size.DW, R0, R9, Storage.OWN_COOKIE).jumpIfImmediate(Jump.NE, R0, 0, 'cookie.known');
  code.move(R1, R6).call(Helper.GET_SOCKET_COOKIE).store(Size.DW, R9, Storage.OWN_COOKIE, R0);
  code.jump('cookie.known');
  code.label('cookie.listener').storeImmediate(Size.DW, R9, Storage.OWN_COOKIE, 0);
  code.label('cookie.asked').move(R1, R6).call(Helper.GET_SOCKET_COOKIE).label('cookie.known');
}

/** To `headers` where something must be known of them, else to `connected`. */
function emitNeedOfHeaders(code: Assembler): void {
  code.load(Size.W, R1, R10, Stack.PACKETS).jumpIfImmediate(Jump.GT, R1, 1, 'headers');
  code.load(Size.W, R1, R6, SkBuff.GSO_SIZE).jumpIfImmediate(Jump.NE, R1, 0, 'headers');
  emitPeerChoice(code, 'headers', 'connected');
  code.label('headers');
}

/** Whether the key has the remote end: of UDP that is not connected, and of other datagrams that have an owner. */
function emitPeerChoice(code: Assembler, peer: string, connected: string): void {
  const other = `${peer}.other`;
  code.load(Size.W, R1, R7, BpfSock.PROTOCOL).jumpIfImmediate(Jump.EQ, R1, PROTOCOL_TCP, connected);
  code.load(Size.W, R2, R7, BpfSock.STATE).jumpIfImmediate(Jump.EQ, R2, TcpState.ESTABLISHED, connected);
  code.jumpIfImmediate(Jump.EQ, R1, PROTOCOL_UDP, peer);
  code.label(other).jumpIfImmediate(Jump.EQ, R9, 0, connected);
  code.load(Size.W, R1, R9, Storage.OWNER + Owner.TGID).jumpIfImmediate(Jump.EQ, R1, 0, connected);
}

/** R0 = the flow's value, and to `count`; goes on where it has no room. */
function emitFlow(
  code: Assembler,
  map: number,
  name: string,
  more: PacketOwners,
  endpoints: () => void,
): void {
  lookupStackKey(code, map, Stack.KEY);
  code.jumpIfImmediate(Jump.NE, R0, 0, 'count');
  zeroStack(code, Stack.VALUE, FlowValue.LOCAL_ADDRESS);
  endpoints();
  emitOwner(code, name, more);
  if (name === 'peer') emitLastPeer(code);
  enterStackValue(code, map, Stack.KEY, Stack.VALUE);
  code.jumpIfImmediate(Jump.NE, R0, 0, 'count');
}

/** The rest of a new flow's value: protocol and type, network namespace, owner, and whether it is held for another. */
function emitOwner(code: Assembler, name: string, { networks }: PacketOwners): void {
  const held = `${name}.held`;
  const entered = `${name}.entered`;
  code.load(Size.W, R1, R7, BpfSock.PROTOCOL).store(Size.H, R10, Stack.VALUE + FlowValue.PROTOCOL, R1);
  code.storeImmediate(Size.DW, R10, Stack.VALUE + FlowValue.NETNS_COOKIE, 0);
  zeroStack(code, Stack.VALUE + FlowValue.OWNER, Owner.SIZE);
  code.storeImmediate(Size.W, R10, Stack.VALUE + FlowValue.HELD, 0);
  code.storeImmediate(Size.H, R10, Stack.VALUE + FlowValue.RELEASED, 0);
  code.jumpIfImmediate(Jump.EQ, R9, 0, held);
  copyDoubleWords(code, R10, Stack.VALUE + FlowValue.NETNS_COOKIE, R9, Storage.NETNS_COOKIE, 8);
  copyDoubleWords(code, R10, Stack.VALUE + FlowValue.OWNER, R9, Storage.OWNER, Owner.SIZE);
  code.load(Size.W, R1, R9, Storage.RELEASED).store(Size.H, R10, Stack.VALUE + FlowValue.RELEASED, R1);
  code.load(Size.DW, R1, R9, Storage.USED_COOKIE).load(Size.DW, R2, R10, Stack.KEY + FlowKey.COOKIE);
  code.jumpIf(Jump.EQ, R1, R2, entered);
  // Nobody ever uses a listener: its handshakes are its maker's.
  code.load(Size.W, R1, R7, BpfSock.STATE).jumpIfImmediate(Jump.EQ, R1, TcpState.LISTEN, entered);
  code.label(held).storeImmediate(Size.W, R10, Stack.VALUE + FlowValue.HELD, 1);
  code.call(Helper.KTIME_GET_BOOT_NS).store(Size.DW, R10, Stack.VALUE + FlowValue.OWNER + Owner.SINCE, R0);
  // In the slot of what was held and released, as above.
  code.label(entered).load(Size.W, R1, R7, BpfSock.TYPE);
  code.store(Size.H, R10, Stack.VALUE + FlowValue.TYPE, R1);
  if (!networks) return;
  code.load(Size.DW, R1, R10, Stack.VALUE + FlowValue.NETNS_COOKIE);
  code.jumpIfImmediate(Jump.NE, R1, 0, `${name}.network`);
  code.move(R1, R6).call(Helper.GET_NETNS_COOKIE);
  code.store(Size.DW, R10, Stack.VALUE + FlowValue.NETNS_COOKIE, R0);
  code.label(`${name}.network`);
}

/** Stands for a network namespace instead of an owner: higher than any tgid. */
function emitNetworkKey(code: Assembler): void {
  code.move(R1, R6).call(Helper.GET_NETNS_COOKIE).move(R1, R0).aluImmediate(Alu.OR, R1, OWNERLESS);
  code.store(Size.W, R10, Stack.KEY + FlowKey.TGID, R1);
}

/** The kernel's own sockets serve all network namespaces, and interfaces of several have the same number. */
function emitKernelKey(code: Assembler): void {
  code.load(Size.W, R1, R7, BpfSock.TYPE).jumpIfImmediate(Jump.NE, R1, SocketType.RAW, 'key.done');
  code.jumpIfImmediate(Jump.EQ, R9, 0, 'key.network').load(Size.W, R1, R9, Storage.OWNER + Owner.TGID);
  code.jumpIfImmediate(Jump.NE, R1, 0, 'key.done').label('key.network');
  emitNetworkKey(code);
  code.label('key.done');
}

/** The peer is remembered: the end of the socket is that of this flow. */
function emitLastPeer(code: Assembler): void {
  code.jumpIfImmediate(Jump.EQ, R9, 0, 'peer.new');
  copyDoubleWords(code, R9, Storage.PEER, R10, Stack.KEY + FlowKey.REMOTE_ADDRESS, PEER_BYTES);
  code.label('peer.new');
}

/** The sum of the owner on this interface: key and value without endpoints. */
function emitSum(code: Assembler, maps: NetworkMaps, { networks }: PacketOwners): void {
  code.label('sum').load(Size.W, R1, R6, SkBuff.IFINDEX);
  zeroStack(code, Stack.KEY, FlowKey.SIZE);
  code.store(Size.W, R10, Stack.KEY + FlowKey.IFINDEX, R1);
  zeroStack(code, Stack.VALUE, FlowValue.SIZE);
  if (networks) emitNetworkKey(code);
  if (networks) code.store(Size.DW, R10, Stack.VALUE + FlowValue.NETNS_COOKIE, R0);
  code.jumpIfImmediate(Jump.EQ, R9, 0, 'sum.owned');
  code.load(Size.W, R1, R9, Storage.OWNER + Owner.TGID).store(Size.W, R10, Stack.KEY + FlowKey.TGID, R1);
  copyDoubleWords(code, R10, Stack.VALUE + FlowValue.OWNER, R9, Storage.OWNER, Owner.SIZE);
  code.label('sum.owned');
  lookupStackKey(code, maps.sums, Stack.KEY);
  code.jumpIfImmediate(Jump.NE, R0, 0, 'count');
  enterStackValue(code, maps.sums, Stack.KEY, Stack.VALUE);
  code.jumpIfImmediate(Jump.NE, R0, 0, 'count');
}

/** Nothing had room: the bytes go to what is lost, by the element 0 of an array. */
function emitLost(code: Assembler, maps: NetworkMaps): void {
  zeroStack(code, Stack.KEY, 8);
  lookupStackKey(code, maps.lost, Stack.KEY);
  code.jumpIfImmediate(Jump.EQ, R0, 0, 'out');
  code.atomicAdd(Size.DW, R0, Lost.BYTES, R8);
  code.load(Size.W, R1, R10, Stack.PACKETS).atomicAdd(Size.DW, R0, Lost.PACKETS, R1).jump('out');
}

/** Adds to the flow in R0. One that is held although the socket has got its user was missed by the user's claim. */
function emitCount(code: Assembler, direction: Direction): void {
  const [bytes, packets] =
    direction === 'ingress'
      ? [FlowValue.RX_BYTES, FlowValue.RX_PACKETS]
      : [FlowValue.TX_BYTES, FlowValue.TX_PACKETS];
  code.label('count').atomicAdd(Size.DW, R0, bytes, R8);
  code.load(Size.W, R1, R10, Stack.PACKETS).atomicAdd(Size.DW, R0, packets, R1);
  code.load(Size.W, R1, R0, FlowValue.HELD).jumpIfImmediate(Jump.EQ, R1, 0, 'out');
  code.jumpIfImmediate(Jump.EQ, R9, 0, 'out');
  code.load(Size.DW, R1, R9, Storage.USED_COOKIE).load(Size.DW, R2, R10, Stack.KEY + FlowKey.COOKIE);
  code.jumpIf(Jump.NE, R1, R2, 'out').move(R7, R0).call(Helper.KTIME_GET_BOOT_NS);
  code.aluImmediate(Alu.SUB, R0, CLAIMABLE_NANOS).load(Size.DW, R1, R7, FlowValue.OWNER + Owner.SINCE);
  code.jumpIf(Jump.LT, R1, R0, 'settled');
  copyDoubleWords(code, R7, FlowValue.OWNER, R9, Storage.OWNER, Owner.SIZE);
  code.storeImmediate(Size.W, R7, FlowValue.HELD, 0).jump('out');
  // It has been shown as its maker's: what follows is counted beside it.
  code.label('settled').load(Size.W, R1, R7, FlowValue.OWNER + Owner.TGID);
  code.load(Size.W, R2, R9, Storage.OWNER + Owner.TGID).jumpIf(Jump.EQ, R1, R2, 'out');
  code.store(Size.W, R9, Storage.FIRST_TGID, R1).store(Size.W, R9, Storage.KEY_TGID, R2);
}
