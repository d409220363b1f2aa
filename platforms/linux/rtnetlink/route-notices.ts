import { Errno, NativeBuffer } from '../libc.ts';
import { NetlinkSocket } from '../netlink/socket.ts';
import { NETLINK_ROUTE } from './route-dump.ts';

/** include/uapi/linux/rtnetlink.h: RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR. */
const NOTICE_GROUPS = 0x1 | 0x10 | 0x100;
/** Notices are not read, only noticed. */
const BUFFER_SIZE = 4096;

/** Whether links or addresses changed, told by the kernel. Needs no privilege. */
export class RouteNotices {
  readonly #socket: NetlinkSocket;
  readonly #buffer = new NativeBuffer(BUFFER_SIZE);

  /** Throws SyscallError. */
  constructor() {
    this.#socket = new NetlinkSocket(NETLINK_ROUTE);
    try {
      this.#socket.bind(NOTICE_GROUPS);
    } catch (error) {
      this.#socket.close();
      throw error;
    }
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
