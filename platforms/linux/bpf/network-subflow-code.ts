import { Helper } from './helper-numbers.ts';
import { type Assembler, Jump, R0, R1, R2, R3, R7, R9, R10, Size } from './instruction.ts';
import { copyDoubleWords, storageOf } from './network-code.ts';
import { BpfSock } from './network-context.ts';
import { FlowKey, IPPROTO_TCP, type NetworkMaps, OWNER_BYTES, Owner, Storage } from './network-layout.ts';
import { KEY, PARENT_COOKIE } from './network-skb-stack.ts';

/**
 * A TCP connection of an MPTCP socket is a socket that the kernel has made, and no process ever uses it: it takes the
 * owner from the storage of the MPTCP socket, which processes use. R7 socket, R9 its storage, its cookie in the key;
 * destroys R0 to R5. Needs `bpf_skc_to_mptcp_sock` (5.19, CAP_PERFMON).
 */
export function emitSubflowOwner(code: Assembler, maps: NetworkMaps, cookieOffset: number): void {
  code.load(Size.W, R1, R7, BpfSock.PROTOCOL).jumpIfImmediate(Jump.NE, R1, IPPROTO_TCP, 'subflow.done');
  code.move(R1, R7).call(Helper.SKC_TO_MPTCP_SOCK).jumpIfImmediate(Jump.EQ, R0, 0, 'subflow.done');
  code.load(Size.DW, R1, R0, cookieOffset).store(Size.DW, R10, PARENT_COOKIE, R1).move(R2, R0);
  storageOf(code, maps.storage, R2, 0);
  code.jumpIfImmediate(Jump.EQ, R0, 0, 'subflow.done');
  code.load(Size.DW, R2, R10, PARENT_COOKIE).jumpIfImmediate(Jump.EQ, R2, 0, 'subflow.unused');
  code.load(Size.DW, R1, R0, Storage.USED_COOKIE).jumpIf(Jump.NE, R1, R2, 'subflow.unused');
  code.load(Size.DW, R2, R10, KEY + FlowKey.COOKIE);
  code.load(Size.DW, R1, R9, Storage.USED_COOKIE).jumpIf(Jump.EQ, R1, R2, 'subflow.used');
  // What was held until now becomes the user's when it is counted.
  code.store(Size.DW, R9, Storage.USED_COOKIE, R2).label('subflow.first');
  code.load(Size.W, R1, R0, Storage.OWNER + Owner.TGID).store(Size.W, R9, Storage.FIRST_TGID, R1);
  code.storeImmediate(Size.W, R9, Storage.KEY_TGID, 0);
  copyDoubleWords(code, R9, Storage.NETNS_COOKIE, R0, Storage.NETNS_COOKIE, 8);
  copyDoubleWords(code, R9, Storage.OWNER, R0, Storage.OWNER, OWNER_BYTES);
  code.jump('subflow.done');
  // The MPTCP socket has got another user.
  code.label('subflow.used').load(Size.W, R1, R9, Storage.OWNER + Owner.TGID);
  code.load(Size.W, R2, R0, Storage.OWNER + Owner.TGID).jumpIf(Jump.EQ, R1, R2, 'subflow.done');
  code.load(Size.W, R3, R9, Storage.FIRST_TGID).jumpIf(Jump.NE, R2, R3, 'subflow.named').moveImmediate(R2, 0);
  code.label('subflow.named').store(Size.W, R9, Storage.KEY_TGID, R2);
  copyDoubleWords(code, R9, Storage.OWNER, R0, Storage.OWNER, OWNER_BYTES);
  code.jump('subflow.done');
  // Handshakes, and what comes before the first use: its maker's, or that of who made its listener.
  code.label('subflow.unused').load(Size.W, R1, R9, Storage.OWNER + Owner.TGID);
  code.jumpIfImmediate(Jump.EQ, R1, 0, 'subflow.first').label('subflow.done');
}
