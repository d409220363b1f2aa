import { closedOnError } from '../../../src/kit/errors/op-error.ts';
import { Errno, NativeBuffer, SyscallError, sharedBuffer } from '../libc.ts';
import type { LinkDescription, LinkSource, LocalAddress, LocalPrefix } from '../link.ts';
import {
  MESSAGE_HEADER_BYTES,
  MessageFlag,
  type MessageSpan,
  MessageType,
  nextMessage,
} from '../netlink/message.ts';
import { NetlinkSocket } from '../netlink/socket.ts';
import {
  AF_INET,
  AF_INET6,
  parseAddress,
  parseLink,
  parseLocalRoute,
  RT_TABLE_LOCAL,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_GETROUTE,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWROUTE,
  RTMSG_SIZE,
  RTN_LOCAL,
} from './route-message.ts';

/** linux/netlink.h */
const NETLINK_ROUTE = 0;

/** `struct nlmsghdr` and `struct ifinfomsg`, the largest of the requests. */
const REQUEST_SIZE = 32;

/** Gets the payload of one message, bytes [at, end), valid during the call. */
type VisitPayload = (buffer: NativeBuffer, at: number, end: number) => void;

/** Asks rtnetlink(7) for all rows of a kind. Needs no privilege. */
class RouteDump {
  readonly #socket = new NetlinkSocket(NETLINK_ROUTE);
  readonly #request = new NativeBuffer(REQUEST_SIZE);
  readonly #span: MessageSpan = { at: 0, length: 0 };
  #sequence = 0;
  #isConsistent = true;

  /**
   * Sends `request` (RTM_GET*) and visits each reply of type `wanted`. False where rows changed meanwhile, so that
   * some may be missing or doubled. Throws SyscallError.
   */
  read(request: number, wanted: number, visit: VisitPayload): boolean {
    this.#send(request, REQUEST_SIZE);
    return this.#receive(wanted, visit);
  }

  /** The same of the local routes of a family; false and none where the kernel would list all routes. */
  readLocalRoutes(family: number, visit: VisitPayload): boolean {
    if (!this.#socket.filterDumps()) return false;
    const { bytes } = this.#request;
    bytes[MESSAGE_HEADER_BYTES] = family;
    bytes[MESSAGE_HEADER_BYTES + 4] = RT_TABLE_LOCAL;
    bytes[MESSAGE_HEADER_BYTES + 7] = RTN_LOCAL;
    this.#send(RTM_GETROUTE, MESSAGE_HEADER_BYTES + RTMSG_SIZE);
    return this.#receive(RTM_NEWROUTE, visit);
  }

  #receive(wanted: number, visit: VisitPayload): boolean {
    this.#isConsistent = true;
    for (;;) {
      // Each reply is made while it is received, so there is nothing to wait for.
      const length = this.#socket.receiveWaiting(sharedBuffer);
      if (length === -Errno.EINTR) continue;
      if (length <= 0) throw new SyscallError('recv', length === 0 ? Errno.EIO : -length, 'NETLINK_ROUTE');
      if (this.#visitDatagram(length, wanted, visit)) return this.#isConsistent;
    }
  }

  close(): void {
    this.#socket.close();
  }

  /** True at the end of the dump. Replies to an earlier request that was given up are passed over. */
  #visitDatagram(length: number, wanted: number, visit: VisitPayload): boolean {
    const { u16, u32 } = sharedBuffer;
    for (let next = 0; ; ) {
      next = nextMessage(u32, next, length, this.#span);
      if (next < 0) return false;
      const { at, length: size } = this.#span;
      if (u32[(at >> 2) + 2] !== this.#sequence) continue;
      const type = u16[(at >> 1) + 2]!;
      if ((u16[(at >> 1) + 3]! & MessageFlag.DUMP_INTERRUPTED) !== 0) this.#isConsistent = false;
      if (type === MessageType.DONE) return true;
      if (type === MessageType.ERROR)
        throw new SyscallError('dump', this.#errorAt(at, size), 'NETLINK_ROUTE');
      if (type === wanted) visit(sharedBuffer, at + MESSAGE_HEADER_BYTES, at + size);
    }
  }

  /** `struct nlmsgerr` begins with a negative errno. */
  #errorAt(at: number, size: number): number {
    return size >= MESSAGE_HEADER_BYTES + 4
      ? -sharedBuffer.i32[(at + MESSAGE_HEADER_BYTES) >> 2]!
      : Errno.EIO;
  }

  /** Behind the header stands `struct ifinfomsg`, zeroed; its first byte is the family, as in the others: any. */
  #send(request: number, size: number): void {
    const { u16, u32 } = this.#request;
    this.#sequence = (this.#sequence + 1) >>> 0;
    u32[0] = size;
    u16[2] = request;
    u16[3] = MessageFlag.REQUEST | MessageFlag.DUMP;
    u32[2] = this.#sequence;
    this.#socket.send(this.#request, size);
  }
}

/** include/uapi/linux/rtnetlink.h: RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR. */
const NOTICE_GROUPS = 0x1 | 0x10 | 0x100;
/** Notices are not read, only noticed. */
const NOTICE_BYTES = 4096;

/** Whether links or addresses changed, from kernel notifications. Needs no privileges. */
class RouteNotices {
  readonly #socket: NetlinkSocket;
  readonly #buffer = new NativeBuffer(NOTICE_BYTES);

  /** Throws SyscallError. */
  constructor() {
    this.#socket = new NetlinkSocket(NETLINK_ROUTE);
    closedOnError(this.#socket, () => this.#socket.bind(NOTICE_GROUPS));
  }

  /** Takes all notices that wait; true where there was any, or where some were lost. One system call if none. */
  drain(): boolean {
    let hasAny = false;
    for (;;) {
      const length = this.#socket.receiveWaiting(this.#buffer);
      if (length >= 0 || length === -Errno.ENOBUFS) hasAny = true;
      else if (length !== -Errno.EINTR) return hasAny;
    }
  }

  close(): void {
    this.#socket.close();
  }
}

/**
 * Links and addresses of this program's network namespace, asked by rtnetlink(7). Unlike /sys/class/net, which
 * shows the namespace that mounted it, this is the one whose counters stand in /proc/net/dev.
 */
export class RouteLinkSource implements LinkSource {
  readonly #notices = new RouteNotices();
  readonly #dump = new RouteDump();
  #isSuspect = false;

  hasChanged(): boolean {
    const wasSuspect = this.#isSuspect;
    this.#isSuspect = false;
    return this.#notices.drain() || wasSuspect;
  }

  readLinks(): LinkDescription[] {
    return this.#read(RTM_GETLINK, RTM_NEWLINK, parseLink);
  }

  readAddresses(): LocalAddress[] {
    return this.#read(RTM_GETADDR, RTM_NEWADDR, parseAddress);
  }

  /** By a socket of its own, for the filter is one of the socket. Changes of routes are not noticed: there may be many. */
  readLocalPrefixes(): LocalPrefix[] {
    const prefixes: LocalPrefix[] = [];
    for (const family of [AF_INET, AF_INET6]) {
      const dump = new RouteDump();
      try {
        dump.readLocalRoutes(family, (buffer, at, end) => {
          const prefix = parseLocalRoute(buffer, at, end);
          if (prefix !== undefined) prefixes.push(prefix);
        });
      } catch (thrown) {
        // Without IPv6 there is no such list.
        if (!(thrown instanceof SyscallError)) throw thrown;
      } finally {
        dump.close();
      }
    }
    return prefixes;
  }

  close(): void {
    this.#dump.close();
    this.#notices.close();
  }

  #read<Row>(
    request: number,
    wanted: number,
    parse: (buffer: NativeBuffer, at: number, end: number) => Row | undefined,
  ): Row[] {
    const rows: Row[] = [];
    const isConsistent = this.#dump.read(request, wanted, (buffer, at, end) => {
      const row = parse(buffer, at, end);
      if (row !== undefined) rows.push(row);
    });
    if (!isConsistent) this.#isSuspect = true;
    return rows;
  }
}
