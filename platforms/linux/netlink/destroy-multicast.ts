import { closedOnError } from '../../../src/kit/errors/op-error.ts';
import { Errno, NativeBuffer } from '../libc.ts';
import { attachFilter, type FilterInstruction } from '../socket-filter.ts';
import { type MessageSpan, nextMessage } from './message.ts';
import { NETLINK_SOCK_DIAG } from './sock-diag.ts';
import { NetlinkSocket, type VisitMessage } from './socket.ts';

/** linux/sock_diag.h: SKNLGRP_INET_TCP_DESTROY 1 and SKNLGRP_INET6_TCP_DESTROY 3 as bits. UDP's carry no bytes. */
const TCP_DESTROY_GROUPS = (1 << 0) | (1 << 2);
/** How many sockets share the announcements. */
export const SHARDS = 16;
const RECEIVE_BUFFER_BYTES = 2 << 20;
/** What a waiting message takes of the receive buffer: its 400 bytes in an sk_buff with overhead. */
const MESSAGE_TRUESIZE_BYTES = 1280;
const MESSAGE_BUFFER_BYTES = 4096;
/** So many datagrams of one shard at a time: a flood must not keep a drain from ending. */
const DATAGRAMS_A_DRAIN = 8192;

/**
 * The kernel's announcements of TCP sockets destroyed (net/core/sock_diag.c, sock_diag_broadcast_destroy), needing no
 * privilege. They come on sixteen sockets, each of which takes the cookies with its own low four bits: the receive
 * buffers of ordinary users are small, and their number is what a user may have more of.
 */
export class DestroyMulticast {
  /** Announcements dropped by the kernel for want of room. */
  lost = 0;
  readonly #shards: NetlinkSocket[] = [];
  readonly #dropped = new Float64Array(SHARDS);
  readonly #buffer = new NativeBuffer(MESSAGE_BUFFER_BYTES);
  readonly #span: MessageSpan = { at: 0, length: 0 };

  /** Announcements of closings from now on are kept until `drain`. Throws SyscallError. */
  constructor() {
    closedOnError(this, () => {
      for (let shard = 0; shard < SHARDS; shard++) this.#shards.push(openShard(shard));
    });
  }

  /** Readable once there are announcements. */
  get descriptors(): readonly number[] {
    return this.#shards.map(({ descriptor }) => descriptor);
  }

  /** How many announcements the kernel keeps for certain, however the cookies fall; 0 unknown. */
  capacity(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const shard of this.#shards) least = Math.min(least, shard.receiveBufferBytes());
    return Math.floor(least / MESSAGE_TRUESIZE_BYTES) * SHARDS;
  }

  /** Hands every waiting announcement to the visitor. Returns how many there were. */
  drain(visit: VisitMessage): number {
    let count = 0;
    for (let shard = 0; shard < SHARDS; shard++) count += this.drainShard(shard, visit);
    return count;
  }

  /** The part of `drain` for one of `SHARDS`, so that a caller may rest between them. */
  drainShard(index: number, visit: VisitMessage): number {
    const shard = this.#shards[index];
    if (shard === undefined) return 0;
    let count = 0;
    for (let attempt = 0; attempt < DATAGRAMS_A_DRAIN; attempt++) {
      const length = shard.receiveWaiting(this.#buffer);
      if (length > 0) count += this.#visit(Math.min(length, this.#buffer.bytes.length), visit);
      else if (length === -Errno.ENOBUFS) this.#countLost(index, shard);
      else if (length !== -Errno.EINTR) return count;
    }
    return count;
  }

  close(): void {
    for (const shard of this.#shards) shard.close();
    this.#shards.length = 0;
  }

  #visit(end: number, visit: VisitMessage): number {
    let count = 0;
    for (let at = 0; at < end; ) {
      const next = nextMessage(this.#buffer.u32, at, end, this.#span);
      if (next < 0) return count;
      visit(this.#buffer, at, this.#span.length);
      count++;
      at = next;
    }
    return count;
  }

  #countLost(index: number, shard: NetlinkSocket): void {
    const dropped = shard.droppedMessages();
    // At least the one that the error speaks of, where the kernel keeps no count.
    this.lost += Math.max(1, dropped - this.#dropped[index]!);
    this.#dropped[index] = dropped;
  }
}

function openShard(shard: number): NetlinkSocket {
  const socket = new NetlinkSocket(NETLINK_SOCK_DIAG);
  return closedOnError(socket, () => {
    attachFilter(socket.descriptor, shardFilter(shard));
    socket.setReceiveBuffer(RECEIVE_BUFFER_BYTES);
    socket.bind(TCP_DESTROY_GROUPS);
    return socket;
  });
}

/** linux/bpf_common.h, linux/filter.h: accepts a message whose cookie's low byte (offset 60) is `shard` modulo 16. */
export function shardFilter(shard: number): readonly FilterInstruction[] {
  return [
    [0x30, 0, 0, 60], // A = byte at 60 (BPF_LD | BPF_B | BPF_ABS)
    [0x54, 0, 0, SHARDS - 1], // A &= 15 (BPF_ALU | BPF_AND | BPF_K)
    [0x15, 0, 1, shard], // if A == shard (BPF_JMP | BPF_JEQ | BPF_K)
    [0x06, 0, 0, 0xffffffff], // keep all of it (BPF_RET | BPF_K)
    [0x06, 0, 0, 0], // else nothing
  ];
}
