import { closedOnError, OpError } from '../../../src/kit/errors/op-error.ts';
import { Errno, NativeBuffer, SyscallError } from '../libc.ts';
import { MessageFlag, type MessageSpan, MessageType, nextMessage } from './message.ts';
import { NetlinkSocket } from './socket.ts';

/** linux/netlink.h */
export const NETLINK_SOCK_DIAG = 4;
/** linux/inet_diag.h: the legacy request, one walk of the TCP hash for IPv4 and IPv6 together. */
const TCPDIAG_GETSOCK = 18;
/** linux/sock_diag.h */
const SOCK_DIAG_BY_FAMILY = 20;
/** linux/inet_diag.h: attribute types, and `1 << (type - 1)` in the mask of extensions asked for. */
export const DiagAttribute = { INFO: 2, SKMEMINFO: 7, PROTOCOL: 10, CGROUP_ID: 21 } as const;
const INFO_EXTENSION = 1 << (DiagAttribute.INFO - 1);
/** Of what a dump is asked for beside: memory, and with it the drops. */
export const MEMINFO_EXTENSION = 1 << (DiagAttribute.SKMEMINFO - 1);

/** The kernel fills at most so much of a dump's buffer (net/netlink/af_netlink.c, netlink_dump). */
const DUMP_BUFFER_BYTES = 32768;
const RECEIVE_TIMEOUT_MILLIS = 2000;
const DISCARDED_DATAGRAMS_LIMIT = 65536;

/** Takes the messages of a dump one by one; the bytes are valid during the call only. */
export interface DiagVisitor {
  /** A whole message of `length` bytes, header included, at byte `at`. */
  message(buffer: NativeBuffer, at: number, length: number): void;
}

/** What a dump asks for; see `legacyTcpRequest` and `familyRequest`. */
export interface DiagRequest {
  readonly message: NativeBuffer;
  readonly length: number;
}

/**
 * `struct inet_diag_req` (56 bytes after the header): family u8, source length u8, destination length u8, extensions
 * u8, sockid 48, states u32 at 52, dbs u32. Both families are listed whatever the family says.
 *
 * @param states `1 << TcpState.X` for each state wanted; TIME_WAIT and NEW_SYN_RECV (1 << 12) are no full sockets.
 * @param extensions what is asked for beside `tcp_info`
 */
export function legacyTcpRequest(states: number, extensions = 0): DiagRequest {
  const request = dumpRequest(TCPDIAG_GETSOCK, 76);
  request.message.bytes[16] = 2;
  request.message.bytes[19] = INFO_EXTENSION | extensions;
  request.message.u32[17] = states;
  return request;
}

/**
 * `struct inet_diag_req_v2` (56 bytes after the header): family u8, protocol u8, extensions u8, pad u8, states u32,
 * sockid 48. No `tcp_info` is asked for.
 */
export function familyRequest(family: number, protocol: number, states: number, extensions = 0): DiagRequest {
  const request = dumpRequest(SOCK_DIAG_BY_FAMILY, 72);
  request.message.bytes[16] = family;
  request.message.bytes[17] = protocol;
  request.message.bytes[18] = extensions;
  request.message.u32[5] = states;
  return request;
}

function dumpRequest(type: number, length: number): DiagRequest {
  const message = new NativeBuffer(length);
  message.u32[0] = length;
  message.u16[2] = type;
  message.u16[3] = MessageFlag.REQUEST | MessageFlag.DUMP;
  return { message, length };
}

/** Dumps of the kernel's sockets, one after another on one netlink socket. */
export class SockDiag {
  /** Whether the kernel said that the dump just read missed changes made during it (NLM_F_DUMP_INTR). */
  wasInterrupted = false;
  readonly #socket: NetlinkSocket;
  readonly #buffer = new NativeBuffer(DUMP_BUFFER_BYTES);
  readonly #span: MessageSpan = { at: 0, length: 0 };
  #sequence = 0;
  #isUnfinished = false;

  /** Throws SyscallError: ENOPROTO and the like where the kernel has no sock_diag. */
  constructor() {
    this.#socket = new NetlinkSocket(NETLINK_SOCK_DIAG);
    closedOnError(this.#socket, () => this.#socket.setReceiveTimeout(RECEIVE_TIMEOUT_MILLIS));
  }

  /** Asks for a dump, to be read by `receive` until it returns false. Throws SyscallError. */
  begin(request: DiagRequest): void {
    if (this.#isUnfinished) this.#discardRest();
    this.wasInterrupted = false;
    this.#isUnfinished = true;
    this.#sequence = (this.#sequence + 1) >>> 0;
    request.message.u32[2] = this.#sequence;
    this.#socket.send(request.message, request.length);
  }

  /**
   * Reads one datagram of the dump. False: that was the last. Throws SyscallError with the kernel's errno, or
   * OpError `TRUNCATED` for a datagram that ends inside a message or answers nothing.
   */
  receive(visitor: DiagVisitor): boolean {
    const length = this.#socket.receive(this.#buffer);
    if (length === -Errno.EINTR) return true;
    if (length <= 0) throw new SyscallError('recv', -length, 'sock_diag');
    return this.read(visitor, this.#buffer, Math.min(length, this.#buffer.bytes.length));
  }

  /** The part of `receive` after the system call. */
  read(visitor: DiagVisitor, buffer: NativeBuffer, end: number): boolean {
    const { u32, u16 } = buffer;
    const span = this.#span;
    let at = 0;
    while (at < end) {
      const next = nextMessage(u32, at, end, span);
      if (next < 0) throw truncated();
      // What is left of a dump given up earlier.
      const isOurs = u32[(at >> 2) + 2] === this.#sequence;
      const type = u16[(at >> 1) + 2]!;
      if (isOurs && (u16[(at >> 1) + 3]! & MessageFlag.DUMP_INTERRUPTED) !== 0) this.wasInterrupted = true;
      if (isOurs && type >= 16) visitor.message(buffer, at, span.length);
      else if (isOurs && type === MessageType.DONE) {
        this.#isUnfinished = false;
        return false;
      } else if (isOurs && type === MessageType.ERROR) throw refused(buffer, at, span.length);
      else if (type === MessageType.OVERRUN) throw truncated();
      at = next;
    }
    return true;
  }

  close(): void {
    this.#socket.close();
  }

  /** The kernel refuses a dump while an earlier one is not read to its end. */
  #discardRest(): void {
    for (let i = 0; i < DISCARDED_DATAGRAMS_LIMIT; i++) {
      if (this.#socket.receiveWaiting(this.#buffer) <= 0) return;
    }
  }
}

function truncated(): OpError {
  return new OpError({ op: 'read sock_diag', code: 'TRUNCATED' });
}

/** `struct nlmsgerr`: -errno i32 after the header. */
function refused(buffer: NativeBuffer, at: number, length: number): OpError {
  if (length < 20) return truncated();
  return new SyscallError('sock_diag', -buffer.i32[(at >> 2) + 4]!);
}
