import { closedOnError, OpError } from '../../../src/kit/errors/op-error.ts';
import {
  bindSocket,
  closeDescriptor,
  Errno,
  getSocketOption,
  NativeBuffer,
  openSocket,
  orThrow,
  receiveInto,
  SyscallError,
  sendFrom,
  setSocketOption,
} from '../libc.ts';
import { MESSAGE_HEADER_BYTES, MessageFlag, type MessageSpan, MessageType, nextMessage } from './message.ts';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOL_SOCKET = 1;
/** asm-generic/socket.h */
const SocketOption = { RCVBUF: 8, RCVTIMEO: 20, RCVBUFFORCE: 33, MEMINFO: 55 } as const;
/** linux/sock_diag.h: SK_MEMINFO_*, the words of SO_MEMINFO. */
const MemoryInfo = { RCVBUF: 1, DROPS: 8, WORDS: 9 } as const;
const MSG_DONTWAIT = 0x40;
/** linux/netlink.h. */
const SOL_NETLINK = 270;
const NETLINK_GET_STRICT_CHK = 12;

/** A netlink socket, close-on-exec. Every method throws SyscallError unless it says otherwise. */
export class NetlinkSocket {
  readonly descriptor: number;
  readonly #scratch = new NativeBuffer(64);

  constructor(protocol: number) {
    this.descriptor = orThrow(openSocket(AF_NETLINK, SOCK_RAW, protocol), 'socket', 'AF_NETLINK');
  }

  /** Joins the multicast groups of the mask (bit g - 1 for group g); the kernel chooses the port id. */
  bind(groups: number): void {
    // struct sockaddr_nl: family u16, pad u16, port id u32, groups u32.
    const address = this.#scratch;
    address.bytes.fill(0, 0, 12);
    address.u16[0] = AF_NETLINK;
    address.u32[2] = groups;
    orThrow(bindSocket(this.descriptor, address, 12), 'bind', 'AF_NETLINK');
  }

  /** From now on dumps have only what their requests name; false: they have everything (before Linux 4.20). */
  filterDumps(): boolean {
    this.#scratch.i32[0] = 1;
    return setSocketOption(this.descriptor, SOL_NETLINK, NETLINK_GET_STRICT_CHK, this.#scratch, 4) === 0;
  }

  /** After so long without an answer `receive` returns -EAGAIN. */
  setReceiveTimeout(millis: number): void {
    const time = this.#scratch;
    time.view.setBigInt64(0, BigInt(Math.floor(millis / 1000)), true);
    time.view.setBigInt64(8, BigInt((millis % 1000) * 1000), true);
    this.#set(SocketOption.RCVTIMEO, time, 16, 'SO_RCVTIMEO');
  }

  /** Asks for a receive buffer beyond the system's limit where that is permitted, else for one within it. */
  setReceiveBuffer(bytes: number): void {
    const value = this.#scratch;
    value.i32[0] = bytes;
    if (setSocketOption(this.descriptor, SOL_SOCKET, SocketOption.RCVBUFFORCE, value, 4) === 0) return;
    this.#set(SocketOption.RCVBUF, value, 4, 'SO_RCVBUF');
  }

  /** Bytes of buffered messages (with the kernel's overhead) that fit before messages are dropped; 0 unknown. */
  receiveBufferBytes(): number {
    return this.#memoryInfo(MemoryInfo.RCVBUF);
  }

  /** Messages dropped for want of room since the socket was opened; 0 where the kernel does not say (before 4.12). */
  droppedMessages(): number {
    return this.#memoryInfo(MemoryInfo.DROPS);
  }

  send(message: NativeBuffer, length: number): void {
    orThrow(sendFrom(this.descriptor, message, length, 0), 'send', 'AF_NETLINK');
  }

  /** Waits for a datagram, at most for the receive timeout. Returns its bytes or -errno. */
  receive(into: NativeBuffer): number {
    return receiveInto(this.descriptor, into, 0);
  }

  /** Takes a datagram if one is there. Returns its bytes or -errno (-EAGAIN: none). */
  receiveWaiting(into: NativeBuffer): number {
    return receiveInto(this.descriptor, into, MSG_DONTWAIT);
  }

  close(): void {
    closeDescriptor(this.descriptor);
  }

  #set(option: number, value: NativeBuffer, length: number, name: string): void {
    orThrow(setSocketOption(this.descriptor, SOL_SOCKET, option, value, length), 'setsockopt', name);
  }

  #memoryInfo(word: number): number {
    const size = MemoryInfo.WORDS * 4;
    const length = getSocketOption(this.descriptor, SOL_SOCKET, SocketOption.MEMINFO, this.#scratch, size);
    return length >= (word + 1) * 4 ? this.#scratch.u32[word]! : 0;
  }
}

/** Takes whole messages one by one: `length` bytes, header included, at byte `at`; valid during the call only. */
export type VisitMessage = (buffer: NativeBuffer, at: number, length: number) => void;

/** What a dump asks for; see `dumpRequest`. */
export interface DumpRequest {
  readonly message: NativeBuffer;
  readonly length: number;
}

/** A request of `length` bytes, header included, zero behind the header. */
export function dumpRequest(type: number, length: number): DumpRequest {
  const message = new NativeBuffer(length);
  message.u32[0] = length;
  message.u16[2] = type;
  message.u16[3] = MessageFlag.REQUEST | MessageFlag.DUMP;
  return { message, length };
}

const DISCARDED_DATAGRAMS_LIMIT = 65536;
/** linux/netlink.h: NLMSG_MIN_TYPE; smaller types are MessageType's. */
const LEAST_TYPE = 16;

/** Lists of the kernel, one after another on one netlink socket. */
export class NetlinkDump {
  /** Whether the kernel said that the dump just read missed changes made during it (NLM_F_DUMP_INTR). */
  wasInterrupted = false;
  protected readonly socket: NetlinkSocket;
  readonly #name: string;
  readonly #buffer: NativeBuffer;
  readonly #patienceMillis: number;
  readonly #span: MessageSpan = { at: 0, length: 0 };
  #sequence = 0;
  #isUnfinished = false;

  /**
   * `name`: in the messages of errors; `buffer` is written to during `receive` alone; `patienceMillis`: 0: the kernel
   * makes each datagram while it is received, so that there is nothing to wait for. Throws SyscallError.
   */
  constructor(protocol: number, name: string, buffer: NativeBuffer, patienceMillis: number) {
    this.#name = name;
    this.#buffer = buffer;
    this.#patienceMillis = patienceMillis;
    this.socket = new NetlinkSocket(protocol);
    if (patienceMillis > 0) closedOnError(this.socket, () => this.socket.setReceiveTimeout(patienceMillis));
  }

  /** Asks for a dump, to be read by `receive` until it returns false. Throws SyscallError. */
  begin(request: DumpRequest): void {
    if (this.#isUnfinished) this.#discardRest();
    this.wasInterrupted = false;
    this.#isUnfinished = true;
    this.#sequence = (this.#sequence + 1) >>> 0;
    request.message.u32[2] = this.#sequence;
    this.socket.send(request.message, request.length);
  }

  /**
   * Reads one datagram of the dump. False: that was the last. Throws SyscallError with the kernel's errno, or
   * OpError `TRUNCATED` for a datagram that ends inside a message or answers nothing.
   */
  receive(visit: VisitMessage): boolean {
    const { socket } = this;
    const length =
      this.#patienceMillis > 0 ? socket.receive(this.#buffer) : socket.receiveWaiting(this.#buffer);
    if (length === -Errno.EINTR) return true;
    if (length <= 0) throw new SyscallError('recv', -length, this.#name);
    return this.read(visit, this.#buffer, Math.min(length, this.#buffer.bytes.length));
  }

  /** The part of `receive` after the system call. */
  read(visit: VisitMessage, buffer: NativeBuffer, end: number): boolean {
    const { u32, u16 } = buffer;
    const span = this.#span;
    let at = 0;
    while (at < end) {
      const next = nextMessage(u32, at, end, span);
      if (next < 0) throw this.#truncated();
      // What is left of a dump given up earlier.
      const isOurs = u32[(at >> 2) + 2] === this.#sequence;
      const type = u16[(at >> 1) + 2]!;
      if (isOurs && (u16[(at >> 1) + 3]! & MessageFlag.DUMP_INTERRUPTED) !== 0) this.wasInterrupted = true;
      if (isOurs && type >= LEAST_TYPE) visit(buffer, at, span.length);
      else if (isOurs && type === MessageType.DONE) {
        this.#isUnfinished = false;
        return false;
      } else if (isOurs && type === MessageType.ERROR) throw this.#refused(buffer, at, span.length);
      else if (type === MessageType.OVERRUN) throw this.#truncated();
      at = next;
    }
    return true;
  }

  close(): void {
    this.socket.close();
  }

  /** The kernel refuses a dump while an earlier one is not read to its end. */
  #discardRest(): void {
    for (let i = 0; i < DISCARDED_DATAGRAMS_LIMIT; i++) {
      if (this.socket.receiveWaiting(this.#buffer) <= 0) return;
    }
  }

  #truncated(): OpError {
    return new OpError({ op: `read ${this.#name}`, code: 'TRUNCATED' });
  }

  /** `struct nlmsgerr`: -errno i32 after the header. */
  #refused(buffer: NativeBuffer, at: number, length: number): OpError {
    if (length < MESSAGE_HEADER_BYTES + 4) return this.#truncated();
    return new SyscallError(this.#name, -buffer.i32[(at + MESSAGE_HEADER_BYTES) >> 2]!);
  }
}
