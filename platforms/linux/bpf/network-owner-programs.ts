import { Alu, Assembler, Helper, Jump, Register, Size } from './instruction.ts';
import { emitPidNumber } from './namespaces.ts';
import {
  type CommSource,
  changeFlows,
  claimSocket,
  copyDoubleWords,
  currentOwner,
  leaderFacts,
  STORAGE_CREATE,
  storageOf,
} from './network-code.ts';
import {
  BpfSock,
  Family,
  FlowKey,
  FlowValue,
  Holder,
  type NetworkMaps,
  Owner,
  SocketType,
  Storage,
} from './network-layout.ts';
import type { NetworkOffsets } from './network-types.ts';

const { R0, R1, R2, R3, R4, R6, R7, R8, R9, R10 } = Register;

/**
 * cgroup/sock_create: the owner of a new socket is who makes it. A stream is only held for it: its first user may be a
 * child.
 */
export function socketCreatedProgram(maps: NetworkMaps, comm: CommSource): Uint8Array {
  const code = new Assembler();
  const stored = -Storage.SIZE;
  code.move(R6, R1);
  for (let at = Owner.SIZE; at < Storage.SIZE; at += 8) code.storeImmediate(Size.DW, R10, stored + at, 0);
  currentOwner(code, stored + Storage.OWNER, comm);
  code.move(R1, R6).call(Helper.GET_NETNS_COOKIE);
  code.store(Size.DW, R10, stored + Storage.NETNS_COOKIE, R0);
  code.load(Size.W, R1, R6, BpfSock.TYPE).jumpIfImmediate(Jump.EQ, R1, SocketType.STREAM, 'store');
  code.move(R1, R6).call(Helper.GET_SOCKET_COOKIE);
  code.store(Size.DW, R10, stored + Storage.USED_COOKIE, R0);
  code.label('store').load(Size.W, R1, R10, stored + Storage.OWNER + Owner.TGID);
  code.store(Size.W, R10, stored + Storage.FIRST_TGID, R1);
  code.loadMap(R1, maps.storage).move(R2, R6).stackAddress(R3, stored);
  code.moveImmediate(R4, STORAGE_CREATE).call(Helper.SK_STORAGE_GET);
  return code.returnImmediate(1).build();
}

/**
 * cgroup/sock_release (5.9): the last descriptor of a socket is closed, and its flows are marked. Where flows are held
 * for the first user of a socket, who closes it unused is it.
 */
export function socketReleasedProgram(maps: NetworkMaps, comm: CommSource, isHolding: boolean): Uint8Array {
  const code = new Assembler();
  const owner = -Owner.SIZE;
  const keyOffset = owner - FlowKey.PEER_SIZE;
  const flows = { keyOffset, cookie: R9, storage: R8 };
  code.move(R6, R1);
  storageOf(code, maps.storage, R6, 0);
  code.jumpIfImmediate(Jump.EQ, R0, 0, 'out').move(R8, R0);
  code.move(R1, R6).call(Helper.GET_SOCKET_COOKIE).move(R9, R0);
  if (isHolding) {
    code.load(Size.DW, R1, R8, Storage.USED_COOKIE).jumpIf(Jump.EQ, R1, R9, 'used');
    currentOwner(code, owner, comm);
    claimSocket(code, maps, flows, owner);
  }
  code.label('used').storeImmediate(Size.W, R8, Storage.RELEASED, 1);
  for (const whose of ['first', 'owner'] as const) {
    changeFlows(code, maps, { ...flows, whose }, `release.${whose}`, () => {
      code.storeImmediate(Size.H, R0, FlowValue.RELEASED, 1);
    });
    if (whose === 'owner') continue;
    code.load(Size.W, R1, R8, Storage.KEY_TGID).jumpIfImmediate(Jump.EQ, R1, 0, 'out');
  }
  return code.label('out').returnImmediate(1).build();
}

/** include/linux/sched.h: a kernel thread, which uses sockets on behalf of others. */
export const PF_KTHREAD = 0x0020_0000;
/** uapi/linux/in.h. */
const IPPROTO_MPTCP = 262;
/** include/linux/socket.h. */
const MSG_PEEK = 2;

/**
 * Where a program is called, and what its context has: u64 arguments, behind them the result of a function that ended.
 */
export interface UseHook {
  /** What argument 0 points to. */
  readonly subject: 'sock' | 'socket';
  /** Index of the call's result, an int; undefined: the call has only begun. */
  readonly result: number | undefined;
  /** Index of the call's flags; undefined where they do not matter. */
  readonly flags: number | undefined;
  /** A call with a lesser result was no use of the socket. */
  readonly leastResult: number;
}

const OWNER = -Owner.SIZE;
const KEY = OWNER - FlowKey.PEER_SIZE;
const RECORD = KEY - Holder.SIZE;

/**
 * The owner of a socket is the process that last sent on it or received from it. R6 socket, R7 tgid, then task, R8
 * storage, R9 cookie.
 */
export function lastUserProgram(maps: NetworkMaps, offsets: NetworkOffsets, hook: UseHook): Uint8Array {
  const code = new Assembler();
  code.load(Size.DW, R6, R1, 0);
  emitIsUse(code, hook);
  if (hook.subject === 'socket') code.load(Size.DW, R6, R6, offsets.socketSock);
  emitInetOnly(code, R6, offsets);
  code.call(Helper.GET_CURRENT_PID_TGID).aluImmediate(Alu.RSH, R0, 32).move(R7, R0);
  storageOf(code, maps.storage, R6, STORAGE_CREATE);
  code.jumpIfImmediate(Jump.EQ, R0, 0, 'out').move(R8, R0);
  // Nearly always the owner uses its own socket again; the stored cookie shows that without another call.
  code.load(Size.DW, R1, R8, Storage.USED_COOKIE).jumpIfImmediate(Jump.EQ, R1, 0, 'ask');
  code.load(Size.DW, R2, R8, Storage.OWN_COOKIE).jumpIf(Jump.NE, R1, R2, 'ask');
  code.load(Size.W, R1, R8, Storage.OWNER + Owner.TGID).jumpIf(Jump.EQ, R1, R7, 'out');
  code.label('ask').move(R1, R6).call(Helper.GET_SOCKET_COOKIE).move(R9, R0);
  code.load(Size.DW, R1, R8, Storage.USED_COOKIE).jumpIf(Jump.NE, R1, R9, 'change');
  code.load(Size.W, R1, R8, Storage.OWNER + Owner.TGID).jumpIf(Jump.EQ, R1, R7, 'out');
  code.label('change').call(Helper.GET_CURRENT_TASK_BTF).move(R7, R0);
  code.load(Size.W, R1, R7, offsets.taskFlags).jumpIfImmediate(Jump.SET, R1, PF_KTHREAD, 'out');
  currentOwner(code, OWNER, offsets);
  code.load(Size.DW, R1, R8, Storage.USED_COOKIE).jumpIf(Jump.EQ, R1, R9, 'next');
  emitNamespace(code, offsets, R6);
  claimSocket(code, maps, { keyOffset: KEY, cookie: R9, storage: R8 }, OWNER);
  code.jump('out').label('next');
  copyDoubleWords(code, R8, Storage.OWNER, R10, OWNER, Owner.SIZE);
  code.load(Size.W, R1, R10, OWNER + Owner.TGID).load(Size.W, R2, R8, Storage.FIRST_TGID);
  code.jumpIf(Jump.NE, R1, R2, 'named').moveImmediate(R1, 0);
  code.label('named').store(Size.W, R8, Storage.KEY_TGID, R1);
  return code.label('out').returnImmediate(0).build();
}

/**
 * iter/task_file: writes who holds which socket, and makes the holder its owner where it has none yet. R6 context or
 * task, R7 socket, R8 storage, R9 cookie.
 */
export function holdersProgram(
  maps: NetworkMaps,
  offsets: NetworkOffsets,
  context: { readonly meta: number; readonly task: number; readonly file: number },
): Uint8Array {
  const code = new Assembler();
  const contextAt = RECORD - 8;
  code.store(Size.DW, R10, contextAt, R1).load(Size.DW, R6, R1, context.task);
  code.jumpIfImmediate(Jump.EQ, R6, 0, 'out').load(Size.DW, R1, R1, context.file);
  code.jumpIfImmediate(Jump.EQ, R1, 0, 'out').call(Helper.SOCK_FROM_FILE);
  code.jumpIfImmediate(Jump.EQ, R0, 0, 'out').load(Size.DW, R7, R0, offsets.socketSock);
  emitInetOnly(code, R7, offsets);
  code.move(R1, R7).call(Helper.GET_SOCKET_COOKIE).move(R9, R0);
  code.store(Size.DW, R10, RECORD + Holder.COOKIE, R9).storeImmediate(Size.DW, R10, RECORD + Holder.TGID, 0);
  if (offsets.numbers !== undefined) emitPidNumber(code, offsets.numbers, R6, RECORD + Holder.TGID);
  else code.load(Size.W, R1, R6, offsets.taskTgid).store(Size.W, R10, RECORD + Holder.TGID, R1);
  emitInode(code, offsets, contextAt, context.file);
  storageOf(code, maps.storage, R7, STORAGE_CREATE);
  code.jumpIfImmediate(Jump.EQ, R0, 0, 'write').move(R8, R0);
  code.load(Size.W, R1, R8, Storage.OWNER + Owner.TGID).jumpIfImmediate(Jump.NE, R1, 0, 'write');
  emitTaskOwner(code, offsets, OWNER);
  emitNamespace(code, offsets, R7);
  claimSocket(code, maps, { keyOffset: KEY, cookie: R9, storage: R8 }, OWNER);
  code.label('write').load(Size.DW, R1, R10, contextAt);
  code.load(Size.DW, R1, R1, context.meta).load(Size.DW, R1, R1, 0);
  code.stackAddress(R2, RECORD).moveImmediate(R3, Holder.SIZE).call(Helper.SEQ_WRITE);
  return code.label('out').returnImmediate(0).build();
}

/**
 * To `out` where the call was no use of the socket: it failed, received nothing or only looked. The context is in R1.
 */
function emitIsUse(code: Assembler, hook: UseHook): void {
  if (hook.result !== undefined) {
    code.load(Size.DW, R2, R1, hook.result * 8).aluImmediate(Alu.LSH, R2, 32);
    code.aluImmediate(Alu.ARSH, R2, 32);
    code.jumpIfImmediate(Jump.SLT, R2, hook.leastResult, 'out');
  }
  if (hook.flags === undefined) return;
  code.load(Size.DW, R2, R1, hook.flags * 8).jumpIfImmediate(Jump.SET, R2, MSG_PEEK, 'out');
}

/** To `out` unless the register has a TCP, UDP or raw socket of IP. */
function emitInetOnly(code: Assembler, socket: number, offsets: NetworkOffsets): void {
  code.jumpIfImmediate(Jump.EQ, socket, 0, 'out').load(Size.H, R1, socket, offsets.sockFamily);
  code.jumpIfImmediate(Jump.EQ, R1, Family.INET, 'inet').jumpIfImmediate(Jump.NE, R1, Family.INET6, 'out');
  code.label('inet');
}

/** The inode of an MPTCP socket; R7 socket. */
function emitInode(code: Assembler, offsets: NetworkOffsets, contextAt: number, file: number): void {
  if (offsets.sockProtocol === undefined) return;
  code.load(Size.H, R1, R7, offsets.sockProtocol).jumpIfImmediate(Jump.NE, R1, IPPROTO_MPTCP, 'numbered');
  code.load(Size.DW, R1, R10, contextAt).load(Size.DW, R1, R1, file);
  code.jumpIfImmediate(Jump.EQ, R1, 0, 'numbered').readOnly(R1, R1, offsets.readOnly.file);
  code.load(Size.DW, R1, R1, offsets.fileInode);
  code.load(Size.DW, R1, R1, offsets.inodeNumber).store(Size.W, R10, RECORD + Holder.INODE, R1);
  code.label('numbered');
}

/** Writes the task in R6 to the stack as an Owner; destroys R0 to R5. */
export function emitTaskOwner(code: Assembler, offsets: NetworkOffsets, at: number): void {
  code.call(Helper.KTIME_GET_BOOT_NS).store(Size.DW, R10, at + Owner.SINCE, R0);
  code.readOnly(R0, R6, offsets.readOnly.task);
  code.load(Size.W, R1, R0, offsets.taskTgid).store(Size.W, R10, at + Owner.TGID, R1);
  code.load(Size.DW, R2, R0, offsets.taskCred).load(Size.W, R1, R2, offsets.credUid);
  code.store(Size.W, R10, at + Owner.UID, R1);
  leaderFacts(code, R0, at, offsets);
}

/** The cookie of the socket's network namespace, which a socket that was there before does not have stored. */
function emitNamespace(code: Assembler, offsets: NetworkOffsets, socket: number): void {
  if (offsets.netCookie === undefined) return;
  code.readOnly(R1, socket, offsets.readOnly.sock).load(Size.DW, R1, R1, offsets.sockNet);
  code.load(Size.DW, R1, R1, offsets.netCookie);
  code.store(Size.DW, R8, Storage.NETNS_COOKIE, R1);
}
