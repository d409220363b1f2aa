import { PROTOCOL_UDP, type SocketTable, TcpState } from '../sample/socket-table.ts';

const STATE_NAMES: readonly (string | undefined)[] = [
  undefined,
  'ESTAB',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'CLOSING',
];

/** State of a socket as people know it from ss(8); unconnected UDP is `UNCONN`. */
export function socketStateName(sockets: SocketTable, slot: number): string {
  return stateName(sockets.protocol[slot]!, sockets.state[slot]!);
}

/** The same of a protocol number and a TcpState. */
export function stateName(protocol: number, state: number): string {
  if (protocol === PROTOCOL_UDP && state === TcpState.CLOSE) return 'UNCONN';
  return STATE_NAMES[state] ?? 'UNKNOWN';
}

/** Every name that a state can have, `UNCONN` too. */
export function stateNames(): readonly string[] {
  return [...STATE_NAMES.filter((name) => name !== undefined), 'UNCONN'];
}

export function protocolName(sockets: SocketTable, slot: number): 'tcp' | 'udp' {
  return sockets.protocol[slot] === PROTOCOL_UDP ? 'udp' : 'tcp';
}
