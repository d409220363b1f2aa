import {
  bindSocket,
  closeDescriptor,
  getSocketOption,
  NativeBuffer,
  openSocket,
  orThrow,
  receiveInto,
  sendFrom,
  setSocketOption,
} from '../libc.ts';

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
