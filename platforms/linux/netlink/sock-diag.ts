import { NativeBuffer } from '../libc.ts';
import { type DumpRequest, dumpRequest, NetlinkDump } from './socket.ts';

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
const PATIENCE_MILLIS = 2000;

/**
 * `struct inet_diag_req` (56 bytes after the header): family u8, source length u8, destination length u8, extensions
 * u8, sockid 48, states u32 at 52, dbs u32. Both families are listed whatever the family says.
 *
 * @param states `1 << TcpState.X` for each state wanted; TIME_WAIT and NEW_SYN_RECV (1 << 12) are no full sockets.
 * @param extensions what is asked for beside `tcp_info`
 */
export function legacyTcpRequest(states: number, extensions = 0): DumpRequest {
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
export function familyRequest(family: number, protocol: number, states: number, extensions = 0): DumpRequest {
  const request = dumpRequest(SOCK_DIAG_BY_FAMILY, 72);
  request.message.bytes[16] = family;
  request.message.bytes[17] = protocol;
  request.message.bytes[18] = extensions;
  request.message.u32[5] = states;
  return request;
}

/** Dumps of the kernel's sockets. Throws SyscallError: ENOPROTO and the like where the kernel has no sock_diag. */
export class SockDiag extends NetlinkDump {
  constructor() {
    super(NETLINK_SOCK_DIAG, 'sock_diag', new NativeBuffer(DUMP_BUFFER_BYTES), PATIENCE_MILLIS);
  }
}
