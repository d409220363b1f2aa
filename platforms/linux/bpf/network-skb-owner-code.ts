import { Helper } from './helper-numbers.ts';
import { type Assembler, Jump, R0, R1, R2, R3, R6, R7, R9, R10, Size } from './instruction.ts';
import { copyDoubleWords, storageOf } from './network-code.ts';
import { BpfSock } from './network-context.ts';
import {
  FlowKey,
  IPPROTO_TCP,
  type NetworkMaps,
  OWNER_BYTES,
  Owner,
  Storage,
  TCP_CLOSE_WAIT,
  TCP_ESTABLISHED,
} from './network-layout.ts';
import { KEY, PARENT_COOKIE, SENDER } from './network-skb-stack.ts';
import type { NetworkOffsets } from './network-types.ts';
import { emitTaskOwner, PF_KTHREAD } from './network-user-programs.ts';

/**
 * A TCP connection of an MPTCP socket is a socket that the kernel has made, and no process ever uses it: it takes the
 * owner from the storage of the MPTCP socket, which processes use. R7 socket, R9 its storage, its cookie in the key;
 * destroys R0 to R5. Needs `bpf_skc_to_mptcp_sock` (5.19, CAP_PERFMON).
 */
export function emitSubflowOwner(code: Assembler, maps: NetworkMaps, { sockCookie }: NetworkOffsets): void {
  code.load(Size.W, R1, R7, BpfSock.PROTOCOL).jumpIfImmediate(Jump.NE, R1, IPPROTO_TCP, 'subflow.done');
  code.move(R1, R7).call(Helper.SKC_TO_MPTCP_SOCK).jumpIfImmediate(Jump.EQ, R0, 0, 'subflow.done');
  code.load(Size.DW, R1, R0, sockCookie).store(Size.DW, R10, PARENT_COOKIE, R1).move(R2, R0);
  storageOf(code, maps.storage, R2, 0);
  code.jumpIfImmediate(Jump.EQ, R0, 0, 'subflow.done');
  copyDoubleWords(code, R9, Storage.NETNS_COOKIE, R0, Storage.NETNS_COOKIE, 8);
  code.load(Size.DW, R2, R10, PARENT_COOKIE).jumpIfImmediate(Jump.EQ, R2, 0, 'subflow.unused');
  code.load(Size.DW, R1, R0, Storage.USED_COOKIE).jumpIf(Jump.NE, R1, R2, 'subflow.unused');
  emitUse(code, 'subflow', R0, Storage.OWNER);
  code.jump('subflow.done');
  // Handshakes, and what comes before the first use: its maker's, or that of who made its listener.
  code.label('subflow.unused').load(Size.W, R1, R9, Storage.OWNER + Owner.TGID);
  code.jumpIfImmediate(Jump.NE, R1, 0, 'subflow.done');
  code.load(Size.W, R1, R0, Storage.FIRST_TGID).store(Size.W, R9, Storage.FIRST_TGID, R1);
  copyDoubleWords(code, R9, Storage.OWNER, R0, Storage.OWNER, OWNER_BYTES);
  code.label('subflow.done');
}

/**
 * Where the begin of a call cannot be seen, a packet tells who is inside one: what leaves a TCP socket while a process
 * has it locked is sent by that process, for everybody else waits for the lock. A call that blocks for long is its
 * sender's from the first packet on, not from its end. Not while a socket is being connected or closed: who does that
 * is no user. R6 context, R7 socket, R9 its storage, its cookie in the key; destroys R0 to R5.
 */
export function emitSender(code: Assembler, offsets: NetworkOffsets): void {
  code.load(Size.W, R1, R7, BpfSock.PROTOCOL).jumpIfImmediate(Jump.NE, R1, IPPROTO_TCP, 'sender.done');
  code.load(Size.W, R1, R7, BpfSock.STATE).jumpIfImmediate(Jump.EQ, R1, TCP_ESTABLISHED, 'sender.open');
  code.jumpIfImmediate(Jump.NE, R1, TCP_CLOSE_WAIT, 'sender.done').label('sender.open');
  code.move(R1, R7).call(Helper.SKC_TO_TCP_SOCK).jumpIfImmediate(Jump.EQ, R0, 0, 'sender.done');
  code.load(Size.W, R1, R0, offsets.sockOwned).jumpIfImmediate(Jump.EQ, R1, 0, 'sender.done');
  code.call(Helper.GET_CURRENT_TASK_BTF);
  code.load(Size.W, R1, R0, offsets.taskFlags).jumpIfImmediate(Jump.SET, R1, PF_KTHREAD, 'sender.done');
  code.load(Size.W, R3, R0, offsets.taskTgid).jumpIfImmediate(Jump.EQ, R3, 0, 'sender.done');
  code.load(Size.W, R1, R9, Storage.OWNER + Owner.TGID).jumpIf(Jump.NE, R1, R3, 'sender.other');
  code.load(Size.DW, R1, R9, Storage.USED_COOKIE).load(Size.DW, R2, R10, KEY + FlowKey.COOKIE);
  code.jumpIf(Jump.EQ, R1, R2, 'sender.done').label('sender.other');
  // The context is asked for no more: lengths are in other registers by now, but the mark of GSO is not.
  code.store(Size.DW, R10, PARENT_COOKIE, R6).move(R6, R0);
  emitTaskOwner(code, offsets, SENDER);
  code.load(Size.DW, R6, R10, PARENT_COOKIE);
  emitUse(code, 'sender', R10, SENDER);
  code.label('sender.done');
}

/**
 * Makes the owner at `from` the user of the socket. What was held until now becomes the first user's when it is
 * counted. R9 storage.
 */
function emitUse(code: Assembler, name: string, from: number, fromOffset: number): void {
  code.load(Size.W, R3, from, fromOffset + Owner.TGID);
  code.load(Size.DW, R2, R10, KEY + FlowKey.COOKIE).load(Size.DW, R1, R9, Storage.USED_COOKIE);
  code.jumpIf(Jump.EQ, R1, R2, `${name}.used`).store(Size.DW, R9, Storage.USED_COOKIE, R2);
  code.store(Size.W, R9, Storage.FIRST_TGID, R3).storeImmediate(Size.W, R9, Storage.KEY_TGID, 0);
  code
    .jump(`${name}.copy`)
    .label(`${name}.used`)
    .load(Size.W, R1, R9, Storage.OWNER + Owner.TGID);
  code.jumpIf(Jump.EQ, R1, R3, `${name}.same`);
  code.load(Size.W, R1, R9, Storage.FIRST_TGID).jumpIf(Jump.NE, R1, R3, `${name}.named`).moveImmediate(R3, 0);
  code.label(`${name}.named`).store(Size.W, R9, Storage.KEY_TGID, R3).label(`${name}.copy`);
  copyDoubleWords(code, R9, Storage.OWNER, from, fromOffset, OWNER_BYTES);
  code.label(`${name}.same`);
}
