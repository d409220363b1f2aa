import { closedOnError } from '../../../src/kit/errors/op-error.ts';
import { Errno, NativeBuffer, SyscallError, sharedBuffer } from '../libc.ts';
import type { LinkDescription, LinkSource, LocalAddress, LocalPrefix } from '../link.ts';
import { MESSAGE_HEADER_BYTES } from '../netlink/message.ts';
import {
  type DumpRequest,
  dumpRequest,
  NetlinkDump,
  NetlinkSocket,
  type VisitMessage,
} from '../netlink/socket.ts';
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

/** sizeof(struct ifinfomsg), the largest of the requests; its first byte is the family, as in the others: any. */
const IFINFOMSG_SIZE = 16;

/** Gets the payload of one message, bytes [at, end), valid during the call. */
type VisitPayload = (buffer: NativeBuffer, at: number, end: number) => void;

/** Asks rtnetlink(7) for all rows of a kind. Needs no privilege. */
class RouteDump extends NetlinkDump {
  constructor() {
    super(NETLINK_ROUTE, 'NETLINK_ROUTE', sharedBuffer, 0);
  }

  /**
   * Sends a request and visits each reply of type `wanted`. False where rows changed meanwhile, so that some may be
   * missing or doubled. Throws OpError.
   */
  readAll(request: DumpRequest, wanted: number, visit: VisitPayload): boolean {
    this.begin(request);
    const visitMessage: VisitMessage = (buffer, at, length) => {
      if (buffer.u16[(at >> 1) + 2] === wanted) visit(buffer, at + MESSAGE_HEADER_BYTES, at + length);
    };
    while (this.receive(visitMessage));
    return !this.wasInterrupted;
  }

  /** The local routes of a family; none where the kernel would list all routes. Throws OpError. */
  readLocalRoutes(family: number, visit: VisitPayload): void {
    if (!this.socket.filterDumps()) return;
    const request = dumpRequest(RTM_GETROUTE, MESSAGE_HEADER_BYTES + RTMSG_SIZE);
    const { bytes } = request.message;
    bytes[MESSAGE_HEADER_BYTES] = family;
    bytes[MESSAGE_HEADER_BYTES + 4] = RT_TABLE_LOCAL;
    bytes[MESSAGE_HEADER_BYTES + 7] = RTN_LOCAL;
    this.readAll(request, RTM_NEWROUTE, visit);
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
    const message = dumpRequest(request, MESSAGE_HEADER_BYTES + IFINFOMSG_SIZE);
    const isConsistent = this.#dump.readAll(message, wanted, (buffer, at, end) => {
      const row = parse(buffer, at, end);
      if (row !== undefined) rows.push(row);
    });
    if (!isConsistent) this.#isSuspect = true;
    return rows;
  }
}
