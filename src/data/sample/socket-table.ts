import { tableClass } from '../../kit/table/columns.ts';
import { NETWORK_TABLES, SOCKET_COLUMNS, TcpState } from '../schema/network-columns.ts';

/** IANA protocol numbers, the values of `SocketTable.protocol`. */
export const PROTOCOL_TCP = 6;
export const PROTOCOL_UDP = 17;
/** Reserved by IANA; here all that this machine passes on from one interface to another. */
export const PROTOCOL_FORWARDED = 255;
/** In place of UDP's: datagrams in which the kernel itself wraps what a tunnel carries. IANA has not assigned it. */
export const PROTOCOL_UDP_TUNNEL = 252;

/** `SocketTable.interfaceIndex`: an interface of another network namespace. */
export const FOREIGN_INTERFACE = -1;

/** How `SocketTable.ownerPid` came to be known. */
export const OwnerBasis = {
  /** Nobody is known (yet). */
  NONE: 0,
  /** A descriptor of that process refers to the socket. */
  DESCRIPTOR: 1,
  /** The kernel's message named no process; the endpoint did (a listener's port, a peer only it talks to). */
  INFERRED: 2,
  /** What the kernel itself sends and gets, without a socket that a process has or had. */
  KERNEL: 3,
  /** Its process cannot be seen with this program's privileges. */
  HIDDEN: 4,
  /** No TCP or UDP socket has these ends: packets of a raw or packet socket, or of others that NAT sends from here. */
  NO_SOCKET: 5,
  /** A process that is not in the PID namespace of the collector, and so has no number there. */
  OUTSIDE: 6,
} as const;

/**
 * Every socket known to the collector, one slot each, keyed by the kernel's 64-bit socket cookie (low word, high
 * word). Counters are cumulative since the socket's birth, exactly as the kernel counts them; NaN where the kernel
 * does not count (UDP, /proc/net).
 */
export class SocketTable extends tableClass(SOCKET_COLUMNS, NETWORK_TABLES.sockets.limit) {}

/** Listening TCP sockets and unconnected UDP ones. */
export function isListener(sockets: SocketTable, slot: number): boolean {
  const state = sockets.state[slot];
  if (state === TcpState.LISTEN) return true;
  return sockets.protocol[slot] === PROTOCOL_UDP && state === TcpState.CLOSE;
}

/** Neither a listener nor a socket that has bytes but no ports: one of ICMP, a raw one, a sum of several. */
export function isConnection(sockets: SocketTable, slot: number): boolean {
  return !isListener(sockets, slot) && sockets.localPort[slot]! + sockets.remotePort[slot]! > 0;
}
