import { Alu, type Assembler, Helper, Jump, Register, Size } from './instruction.ts';
import { UpdateFlag } from './map.ts';
import { emitPidNumber, type PidNumbers } from './namespaces.ts';
import {
  CLAIMABLE_NANOS,
  COMM_BYTES,
  FlowKey,
  FlowValue,
  type NetworkMaps,
  Owner,
  PEER_BYTES,
  Storage,
} from './network-layout.ts';
import type { NetworkOffsets } from './network-types.ts';

const { R0, R1, R2, R3, R4, R10 } = Register;

/** Creates what is not there (BPF_LOCAL_STORAGE_GET_F_CREATE). */
export const STORAGE_CREATE = 1;

/** Zeroes `bytes` (a multiple of 8) of the stack. */
export function zeroStack(code: Assembler, offset: number, bytes: number): void {
  for (let at = 0; at < bytes; at += 8) code.storeImmediate(Size.DW, R10, offset + at, 0);
}

/** Copies `bytes` (a multiple of 8) by way of R1. */
export function copyDoubleWords(
  code: Assembler,
  to: number,
  toOffset: number,
  from: number,
  fromOffset: number,
  bytes: number,
): void {
  for (let at = 0; at < bytes; at += 8) {
    code.load(Size.DW, R1, from, fromOffset + at).store(Size.DW, to, toOffset + at, R1);
  }
}

/** R0 = the storage of the socket in `socket`, or 0. */
export function storageOf(code: Assembler, storageMap: number, socket: number, flags: number): void {
  code.loadMap(R1, storageMap).move(R2, socket).moveImmediate(R3, 0).moveImmediate(R4, flags);
  code.call(Helper.SK_STORAGE_GET);
}

/** R0 = the value of the key on the stack, or 0. */
export function lookupStackKey(code: Assembler, map: number, keyOffset: number): void {
  code.loadMap(R1, map).stackAddress(R2, keyOffset).call(Helper.MAP_LOOKUP_ELEM);
}

/**
 * Enters the value on the stack, unless another CPU was faster, and then R0 = the value that is in the map, or 0:
 * there was no room.
 */
export function enterStackValue(code: Assembler, map: number, keyOffset: number, valueOffset: number): void {
  code.loadMap(R1, map).stackAddress(R2, keyOffset).stackAddress(R3, valueOffset);
  code.moveImmediate(R4, UpdateFlag.NO_EXIST).call(Helper.MAP_UPDATE_ELEM);
  lookupStackKey(code, map, keyOffset);
}

/**
 * Where the name of a process is had from: by offsets, its first thread's, which is what the process is called;
 * `thread`: that of the thread which calls, for kernels that know no better; `none`: nowhere, for those that tell it
 * only to who has CAP_PERFMON. By numbers alone: as `thread`, in a PID namespace of its own.
 */
export type CommSource = NetworkOffsets | ThreadNumbers | 'thread' | 'none';

interface ThreadNumbers {
  readonly numbers: PidNumbers;
}

/** Writes the current process to the stack as an Owner; destroys R0 to R5. */
export function currentOwner(code: Assembler, offset: number, comm: CommSource): void {
  code.call(Helper.KTIME_GET_BOOT_NS).store(Size.DW, R10, offset + Owner.SINCE, R0);
  code.call(Helper.GET_CURRENT_PID_TGID).aluImmediate(Alu.RSH, R0, 32);
  code.store(Size.W, R10, offset + Owner.TGID, R0);
  code.call(Helper.GET_CURRENT_UID_GID).store(Size.W, R10, offset + Owner.UID, R0);
  if (typeof comm === 'object' && 'taskComm' in comm) {
    code.call(Helper.GET_CURRENT_TASK_BTF).readOnly(R0, R0, comm.readOnly.task);
    leaderFacts(code, R0, offset, comm);
    return;
  }
  if (typeof comm === 'object') code.call(Helper.GET_CURRENT_TASK);
  ownNumber(code, R0, offset, typeof comm === 'object' ? comm.numbers : undefined);
  code.storeImmediate(Size.DW, R10, offset + Owner.START, 0);
  zeroStack(code, offset + Owner.COMM, COMM_BYTES);
  if (comm === 'none') return;
  code
    .stackAddress(R1, offset + Owner.COMM)
    .moveImmediate(R2, COMM_BYTES)
    .call(Helper.GET_CURRENT_COMM);
}

/** Writes name, start and number of a task's process into the Owner on the stack, which has its tgid; destroys R0 to R5. */
export function leaderFacts(code: Assembler, task: number, offset: number, offsets: NetworkOffsets): void {
  code.load(Size.DW, R2, task, offsets.taskLeader);
  for (let at = 0; at < COMM_BYTES; at += 8) {
    code.load(Size.DW, R1, R2, offsets.taskComm + at).store(Size.DW, R10, offset + Owner.COMM + at, R1);
  }
  code.load(Size.DW, R1, R2, offsets.taskStart).store(Size.DW, R10, offset + Owner.START, R1);
  ownNumber(code, task, offset, offsets.numbers);
}

/** In the machine's own PID namespace a process's number is its tgid. */
function ownNumber(code: Assembler, task: number, offset: number, numbers: PidNumbers | undefined): void {
  code.storeImmediate(Size.DW, R10, offset + Owner.PID, 0);
  if (numbers !== undefined) emitPidNumber(code, numbers, task, offset + Owner.PID);
  else code.load(Size.W, R1, R10, offset + Owner.TGID).store(Size.W, R10, offset + Owner.PID, R1);
}

/** The registers that hold what a socket's flows are found by, and where on the stack their keys are made. */
interface FlowsOfSocket {
  readonly keyOffset: number;
  /** Register with the cookie. */
  readonly cookie: number;
  /** Register with the storage. */
  readonly storage: number;
  /** Whose flows: those that the owner has now, or those of the first, which have no tgid in their keys. */
  readonly whose: 'owner' | 'first';
}

/**
 * Does `change` with each flow of a connection, by its last interface in and out, and with that of the peer met last;
 * R0 is its value. Other peers are brought up to date by their next packets.
 */
export function changeFlows(
  code: Assembler,
  maps: NetworkMaps,
  flows: FlowsOfSocket,
  name: string,
  change: () => void,
): void {
  const { keyOffset: key, storage } = flows;
  zeroStack(code, key, FlowKey.PEER_SIZE);
  code.store(Size.DW, R10, key + FlowKey.COOKIE, flows.cookie);
  if (flows.whose === 'owner') {
    code.load(Size.W, R1, storage, Storage.KEY_TGID).store(Size.W, R10, key + FlowKey.TGID, R1);
  }
  changeByInterface(code, maps.flows, flows, `${name}.flow`, change);
  code.load(Size.B, R1, storage, Storage.PEER_FLAGS).jumpIfImmediate(Jump.EQ, R1, 0, `${name}.changed`);
  copyDoubleWords(code, R10, key + FlowKey.REMOTE_ADDRESS, storage, Storage.PEER, PEER_BYTES);
  changeByInterface(code, maps.peers, flows, `${name}.peer`, change);
  code.label(`${name}.changed`);
}

function changeByInterface(
  code: Assembler,
  map: number,
  flows: FlowsOfSocket,
  name: string,
  change: () => void,
): void {
  const { keyOffset: key, storage } = flows;
  for (const side of [Storage.INGRESS_IFINDEX, Storage.EGRESS_IFINDEX] as const) {
    const next = `${name}.${side}`;
    code.load(Size.W, R1, storage, side);
    if (side === Storage.EGRESS_IFINDEX) {
      // Mostly both are the same.
      code.load(Size.W, R2, storage, Storage.INGRESS_IFINDEX).jumpIf(Jump.EQ, R1, R2, next);
    }
    code.store(Size.W, R10, key + FlowKey.IFINDEX, R1);
    lookupStackKey(code, map, key);
    code.jumpIfImmediate(Jump.EQ, R0, 0, next);
    change();
    code.label(next);
  }
}

/**
 * What makes the owner on the stack the first user of a socket: what it has had so far becomes that owner's, unless it
 * has had it for long. Then that stays its maker's, and flows of the user's own begin.
 */
export function claimSocket(
  code: Assembler,
  maps: NetworkMaps,
  flows: Omit<FlowsOfSocket, 'whose'>,
  ownerOffset: number,
): void {
  const { storage, cookie } = flows;
  code.storeImmediate(Size.W, storage, Storage.KEY_TGID, 0);
  code.storeImmediate(Size.W, storage, Storage.RELEASED, 0);
  let count = 0;
  changeFlows(code, maps, { ...flows, whose: 'first' }, 'claim', () =>
    claimFlow(code, storage, ownerOffset, `claim.${count++}`),
  );
  code.load(Size.W, R1, R10, ownerOffset + Owner.TGID).load(Size.W, R2, storage, Storage.KEY_TGID);
  code.load(Size.W, R3, storage, Storage.OWNER + Owner.TGID).jumpIf(Jump.EQ, R1, R3, 'claim.same');
  code.store(Size.W, storage, Storage.FIRST_TGID, R3).jumpIfImmediate(Jump.NE, R2, 0, 'claim.named');
  code.label('claim.same').storeImmediate(Size.W, storage, Storage.KEY_TGID, 0);
  code.store(Size.W, storage, Storage.FIRST_TGID, R1).label('claim.named');
  copyDoubleWords(code, storage, Storage.OWNER, R10, ownerOffset, Owner.SIZE);
  code.store(Size.DW, storage, Storage.USED_COOKIE, cookie);
}

/** The flow in R0 to the owner on the stack, or a name for flows beside it to the storage. */
function claimFlow(code: Assembler, storage: number, ownerOffset: number, name: string): void {
  code.load(Size.W, R1, R0, FlowValue.HELD).jumpIfImmediate(Jump.EQ, R1, 0, `${name}.settled`);
  code.load(Size.DW, R1, R10, ownerOffset + Owner.SINCE).aluImmediate(Alu.SUB, R1, CLAIMABLE_NANOS);
  code.load(Size.DW, R2, R0, FlowValue.OWNER + Owner.SINCE).jumpIf(Jump.LT, R2, R1, `${name}.settled`);
  copyDoubleWords(code, R0, FlowValue.OWNER, R10, ownerOffset, Owner.SIZE);
  code.storeImmediate(Size.W, R0, FlowValue.HELD, 0).jump(`${name}.done`);
  code.label(`${name}.settled`).load(Size.W, R1, R10, ownerOffset + Owner.TGID);
  code.store(Size.W, storage, Storage.KEY_TGID, R1).label(`${name}.done`);
}
