import { TcpState } from '../schema/network-columns.ts';
import { PROTOCOL_UDP, type SocketTable } from './socket-table.ts';

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
