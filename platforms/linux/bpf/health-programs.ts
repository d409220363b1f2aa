import { PROTOCOL_TCP } from '../../../src/data/sample/socket-table.ts';
import { ProblemKind, TcpState } from '../../../src/data/schema/network-columns.ts';
import { Errno } from '../libc.ts';
import { Alu, Assembler, Helper, Jump, Register, Size } from './instruction.ts';
import { UpdateFlag } from './map.ts';
import {
  copyDoubleWords,
  currentOwner,
  lookupStackKey,
  STORAGE_CREATE,
  storageOf,
  zeroStack,
} from './network-code.ts';
import {
  CONNECTED,
  FailureKey,
  FailureValue,
  Family,
  type NetworkMaps,
  Opening,
  Owner,
  Storage,
} from './network-layout.ts';
import type { DropOffsets, HealthOffsets, NetworkOffsets, RouteOffsets } from './network-types.ts';

const { R0, R1, R2, R3, R4, R6, R7, R8, R9, R10 } = Register;

/** An attempt that its process gave up, for now: it counts from a second on. */
const GAVE_UP = 201;
/** The first SYN is sent again after so long (RFC 6298): an attempt that is given up sooner had no time. */
const PATIENCE_NANOS = 1_000_000_000;

const NEW_SYN_RECV = 12;

/** The stack: an owner, a key, a value. */
const OWNER = -Owner.SIZE;
const KEY = OWNER - FailureKey.SIZE;
const VALUE = KEY - FailureValue.SIZE;

/**
 * tp_btf/inet_sock_set_state(socket, old, new): how attempts to connect end, and open connections that the other end
 * resets. R6 socket, R7 old state, R8 new state, then storage, R9 kind.
 */
export function stateProgram(maps: NetworkMaps, offsets: NetworkOffsets, health: HealthOffsets): Uint8Array {
  const code = new Assembler();
  code.load(Size.DW, R6, R1, 0).load(Size.DW, R7, R1, 8).load(Size.DW, R8, R1, 16);
  for (const state of [R7, R8]) code.aluImmediate(Alu.AND, state, 0xff);
  if (offsets.sockProtocol !== undefined) {
    code.load(Size.H, R1, R6, offsets.sockProtocol).jumpIfImmediate(Jump.NE, R1, PROTOCOL_TCP, 'out');
  }
  code.jumpIfImmediate(Jump.NE, R8, TcpState.SYN_SENT, 'ended');
  emitOpening(code, maps, offsets);
  code.jump('out').label('ended');
  emitKind(code, health);
  zeroStack(code, KEY, FailureKey.SIZE);
  zeroStack(code, VALUE, FailureValue.SIZE);
  storageOf(code, maps.openings, R6, 0);
  code.jumpIfImmediate(Jump.EQ, R0, 0, 'accepted').move(R8, R0);
  emitOwner(code, R8, Opening);
  code.call(Helper.KTIME_GET_BOOT_NS).load(Size.DW, R1, R8, Opening.SINCE).alu(Alu.SUB, R0, R1);
  code.store(Size.DW, R10, VALUE + FailureValue.NANOS, R0);
  code.jumpIfImmediate(Jump.NE, R9, GAVE_UP, 'remote').jumpIfImmediate(Jump.LT, R0, PATIENCE_NANOS, 'out');
  code.moveImmediate(R9, ProblemKind.TIMED_OUT).jump('remote');
  // One that came in, or was there before.
  code.label('accepted').jumpIfImmediate(Jump.GE, R9, CONNECTED, 'out');
  storageOf(code, maps.storage, R6, 0);
  code.jumpIfImmediate(Jump.EQ, R0, 0, 'remote');
  emitOwner(code, R0, STORED_OWNER);
  code.label('remote');
  emitRemote(code, offsets, health);
  code.store(Size.B, R10, KEY + FailureKey.KIND, R9);
  emitCount(code, maps);
  return code.label('out').returnImmediate(0).build();
}

/** A process begins to connect: when, and which. */
function emitOpening(code: Assembler, maps: NetworkMaps, offsets: NetworkOffsets): void {
  currentOwner(code, OWNER, offsets);
  storageOf(code, maps.openings, R6, STORAGE_CREATE);
  code.jumpIfImmediate(Jump.EQ, R0, 0, 'out').move(R8, R0);
  code.load(Size.W, R1, R10, OWNER + Owner.TGID).store(Size.W, R8, Opening.TGID, R1);
  code.load(Size.W, R1, R10, OWNER + Owner.PID).store(Size.W, R8, Opening.PID, R1);
  copyDoubleWords(code, R8, Opening.START, R10, OWNER + Owner.START, 8);
  code.load(Size.DW, R1, R10, OWNER + Owner.SINCE).store(Size.DW, R8, Opening.SINCE, R1);
}

/** R9 = what the change of state says; to `out` where it is nothing. */
function emitKind(code: Assembler, { error }: HealthOffsets): void {
  const kinds: readonly (readonly [errno: number, kind: number])[] = [
    [Errno.ECONNREFUSED, ProblemKind.REFUSED],
    [Errno.ETIMEDOUT, ProblemKind.TIMED_OUT],
    [Errno.EHOSTUNREACH, ProblemKind.UNREACHABLE],
    [Errno.ENETUNREACH, ProblemKind.UNREACHABLE],
    [0, GAVE_UP],
  ];
  code.moveImmediate(R9, CONNECTED).jumpIfImmediate(Jump.NE, R7, TcpState.SYN_SENT, 'was open');
  code.jumpIfImmediate(Jump.EQ, R8, TcpState.ESTABLISHED, 'kind').label('was open');
  code.jumpIfImmediate(Jump.NE, R8, TcpState.CLOSE, 'out').load(Size.W, R1, R6, error);
  code.jumpIfImmediate(Jump.EQ, R7, TcpState.SYN_SENT, 'failed');
  code.moveImmediate(R9, ProblemKind.RESET).jumpIfImmediate(Jump.EQ, R1, Errno.ECONNRESET, 'kind');
  code.moveImmediate(R9, ProblemKind.TIMED_OUT).jumpIfImmediate(Jump.EQ, R1, Errno.ETIMEDOUT, 'kind');
  code.jump('out').label('failed');
  for (const [errno, kind] of kinds) code.moveImmediate(R9, kind).jumpIfImmediate(Jump.EQ, R1, errno, 'kind');
  code.jump('out').label('kind');
}

/** Where the numbers and the start of a process stand: in storage, and on the stack. */
const STORED_OWNER = ownerPlace(Storage.OWNER);
const STACK_OWNER = ownerPlace(OWNER);

function ownerPlace(at: number) {
  return { TGID: at + Owner.TGID, PID: at + Owner.PID, START: at + Owner.START };
}

/** A process behind the address in a register, to key and value. */
function emitOwner(code: Assembler, from: number, place: ReturnType<typeof ownerPlace>): void {
  code.load(Size.W, R1, from, place.TGID).store(Size.W, R10, KEY + FailureKey.TGID, R1);
  code.load(Size.DW, R1, from, place.START).store(Size.DW, R10, KEY + FailureKey.START, R1);
  code.load(Size.W, R1, from, place.PID).store(Size.W, R10, VALUE + FailureValue.PID, R1);
}

/** The other end of the socket in R6, to the key. */
function emitRemote(code: Assembler, { sockFamily }: NetworkOffsets, health: HealthOffsets): void {
  code.load(Size.H, R1, R6, health.remotePort).swapNetworkOrder(R1, 16);
  code.store(Size.H, R10, KEY + FailureKey.PORT, R1).load(Size.H, R1, R6, sockFamily);
  code.jumpIfImmediate(Jump.EQ, R1, Family.INET, 'ipv4').jumpIfImmediate(Jump.NE, R1, Family.INET6, 'out');
  copyDoubleWords(code, R10, KEY + FailureKey.ADDRESS, R6, health.remoteAddress6, 16);
  code.jump('addressed').label('ipv4');
  emitMapped(code, R6, health.remoteAddress4);
  code.label('addressed');
}

/** Adds 1, and the time in the value, to the failure of the key; what has no room is not counted. */
function emitCount(code: Assembler, maps: NetworkMaps): void {
  lookupStackKey(code, maps.failures, KEY);
  code.jumpIfImmediate(Jump.EQ, R0, 0, 'new').moveImmediate(R1, 1);
  code.atomicAdd(Size.DW, R0, FailureValue.COUNT, R1).load(Size.DW, R1, R10, VALUE + FailureValue.NANOS);
  code.atomicAdd(Size.DW, R0, FailureValue.NANOS, R1).jump('out').label('new');
  code.storeImmediate(Size.DW, R10, VALUE + FailureValue.COUNT, 1).loadMap(R1, maps.failures);
  code.stackAddress(R2, KEY).stackAddress(R3, VALUE);
  code.moveImmediate(R4, UpdateFlag.NO_EXIST).call(Helper.MAP_UPDATE_ELEM);
}

/**
 * Routes that forbid: the errno that they give (net/ipv4/fib_semantics.c, fib_props), their type (RTN_* of
 * linux/rtnetlink.h), and what is told.
 */
const FORBIDDING_ROUTES = [
  { errno: Errno.EINVAL, type: 6, words: 'blackhole route' },
  { errno: Errno.EHOSTUNREACH, type: 7, words: 'unreachable route' },
  { errno: Errno.EACCES, type: 8, words: 'prohibit route' },
] as const;

/** By the type of route in FailureKey.REASON; '' for what the network said. */
export function routeWords(routeType: number): string {
  return FORBIDDING_ROUTES.find(({ type }) => type === routeType)?.words ?? '';
}

/**
 * tp_btf/fib_table_lookup(table, flow, next hop, error) and fib6_table_lookup(namespace, result, table, flow): connects
 * that a route of this machine forbids, which fail before there is a packet. connect(2) looks its route up in its
 * process, and before the socket has a port; later, and in no process, it has one. R7 flow, R9 type of the route.
 */
export function routeProgram(maps: NetworkMaps, offsets: NetworkOffsets, route: RouteOffsets): Uint8Array {
  const code = new Assembler();
  if (route.result === undefined) {
    code.load(Size.DW, R7, R1, 8).load(Size.DW, R1, R1, 24).moveImmediate(R8, 0).alu(Alu.SUB, R8, R1);
    code.aluImmediate(Alu.LSH, R8, 32).aluImmediate(Alu.RSH, R8, 32);
    for (const { errno, type } of FORBIDDING_ROUTES) {
      code.moveImmediate(R9, type).jumpIfImmediate(Jump.EQ, R8, errno, 'forbidden');
    }
  } else {
    const { type, route: found, none, source, readOnly } = route.result;
    code.load(Size.DW, R7, R1, 24).load(Size.DW, R6, R1, 0).load(Size.DW, R8, R1, 8);
    code.readOnly(R6, R6, readOnly.namespace).readOnly(R8, R8, readOnly.result);
    code.load(Size.B, R9, R8, type).load(Size.DW, R3, R8, found).load(Size.DW, R4, R6, none);
    code.jumpIf(Jump.EQ, R3, R4, 'out');
    // It is looked up once more when it has said which source address to take.
    for (const at of [source, source + 8]) {
      code.load(Size.DW, R1, R7, at).jumpIfImmediate(Jump.NE, R1, 0, 'out');
    }
    for (const one of FORBIDDING_ROUTES) code.jumpIfImmediate(Jump.EQ, R9, one.type, 'forbidden');
  }
  code.jump('out').label('forbidden').load(Size.B, R1, R7, route.protocol);
  code.jumpIfImmediate(Jump.NE, R1, PROTOCOL_TCP, 'out').load(Size.H, R1, R7, route.localPort);
  code.jumpIfImmediate(Jump.NE, R1, 0, 'out').load(Size.H, R8, R7, route.remotePort);
  code.jumpIfImmediate(Jump.EQ, R8, 0, 'out').swapNetworkOrder(R8, 16);
  zeroStack(code, KEY, FailureKey.SIZE);
  zeroStack(code, VALUE, FailureValue.SIZE);
  if (route.result === undefined) emitMapped(code, R7, route.address);
  else copyDoubleWords(code, R10, KEY + FailureKey.ADDRESS, R7, route.address, 16);
  code.store(Size.H, R10, KEY + FailureKey.PORT, R8).store(Size.W, R10, KEY + FailureKey.REASON, R9);
  code.storeImmediate(Size.B, R10, KEY + FailureKey.KIND, ProblemKind.UNREACHABLE);
  currentOwner(code, OWNER, offsets);
  emitOwner(code, R10, STACK_OWNER);
  emitCount(code, maps);
  return code.label('out').returnImmediate(0).build();
}

/** An IPv4 address that the structure in a register has at `offset`, to the key. */
function emitMapped(code: Assembler, structure: number, offset: number): void {
  // Little-endian: 0xffff in the bytes 10 and 11.
  code.moveImmediate(R1, -0x10000).store(Size.W, R10, KEY + FailureKey.ADDRESS + 8, R1);
  code.load(Size.W, R1, structure, offset).store(Size.W, R10, KEY + FailureKey.ADDRESS + 12, R1);
}

/**
 * tp_btf/kfree_skb(packet, place, reason, receiving socket): packets dropped, by reason (5.17), and by the process of
 * their socket where it is known. R6 packet, R7 reason, R8 socket.
 *
 * @param hasReceiver whether the tracepoint has the receiving socket (6.11)
 */
export function dropProgram(
  maps: NetworkMaps,
  { sockFamily }: NetworkOffsets,
  { bufferSock, state, ignored }: DropOffsets,
  hasReceiver: boolean,
): Uint8Array {
  const code = new Assembler();
  code.load(Size.DW, R6, R1, 0).load(Size.DW, R7, R1, 16);
  code.aluImmediate(Alu.LSH, R7, 32).aluImmediate(Alu.RSH, R7, 32);
  for (const reason of ignored) code.jumpIfImmediate(Jump.EQ, R7, reason, 'out');
  if (hasReceiver) code.load(Size.DW, R9, R1, 24);
  zeroStack(code, KEY, FailureKey.SIZE);
  zeroStack(code, VALUE, FailureValue.SIZE);
  code.store(Size.W, R10, KEY + FailureKey.REASON, R7);
  code.storeImmediate(Size.B, R10, KEY + FailureKey.KIND, ProblemKind.DROPPED);
  if (hasReceiver) {
    code.jumpIfImmediate(Jump.EQ, R9, 0, 'sender');
    emitOwnerOf(code, maps, sockFamily, state, R9);
    code.jump('count').label('sender');
  }
  code.load(Size.DW, R8, R6, bufferSock).jumpIfImmediate(Jump.EQ, R8, 0, 'count');
  emitOwnerOf(code, maps, sockFamily, state, R8);
  code.label('count');
  emitCount(code, maps);
  return code.label('out').returnImmediate(0).build();
}

/** The owner of a whole socket of IP in a register, to key and value; to `count` where there is none. */
function emitOwnerOf(
  code: Assembler,
  maps: NetworkMaps,
  family: number,
  state: number,
  socket: number,
): void {
  const isInet = `inet.${socket}`;
  code.load(Size.H, R1, socket, family).jumpIfImmediate(Jump.EQ, R1, Family.INET, isInet);
  code.jumpIfImmediate(Jump.NE, R1, Family.INET6, 'count').label(isInet).load(Size.B, R1, socket, state);
  // Those are less than a socket: there is no storage beside them.
  for (const mini of [TcpState.TIME_WAIT, NEW_SYN_RECV]) code.jumpIfImmediate(Jump.EQ, R1, mini, 'count');
  storageOf(code, maps.storage, socket, 0);
  code.jumpIfImmediate(Jump.EQ, R0, 0, 'count');
  emitOwner(code, R0, STORED_OWNER);
}
