import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../../src/data/sample/socket-table.ts';
import { TcpState } from '../../../src/data/schema/network-columns.ts';

const PROTOCOLS: Readonly<Record<string, number>> = { tcp: PROTOCOL_TCP, udp: PROTOCOL_UDP };
const STATES: Readonly<Record<string, number>> = {
  ESTAB: TcpState.ESTABLISHED,
  'SYN-SENT': TcpState.SYN_SENT,
  'SYN-RECV': TcpState.SYN_RECV,
  'FIN-WAIT-1': TcpState.FIN_WAIT1,
  'FIN-WAIT-2': TcpState.FIN_WAIT2,
  'CLOSE-WAIT': TcpState.CLOSE_WAIT,
  'LAST-ACK': TcpState.LAST_ACK,
  CLOSING: TcpState.CLOSING,
  LISTEN: TcpState.LISTEN,
  UNCONN: TcpState.CLOSE,
};

/** The first line of a socket as `ss -tuanpieH` prints it (iproute2, misc/ss.c). */
export interface SsHead {
  readonly protocol: number;
  readonly state: number;
  readonly local: SsEndpoint;
  readonly remote: SsEndpoint;
  /** Low and high word. */
  readonly cookie: readonly [number, number];
  /** 0: none. */
  readonly inode: number;
  readonly uid: number;
  /** Path of the control group; undefined: not told. */
  readonly cgroup: string | undefined;
  readonly holders: readonly SsHolder[];
}

interface SsEndpoint {
  readonly address: string;
  readonly port: number;
}

/** A process that holds a socket. The name is the program's own choice, and may be made to look like more holders. */
interface SsHolder {
  /** undefined: whatever its name is. */
  readonly name: string | undefined;
  readonly pid: number;
}

const HEAD =
  /^(tcp|udp) +([A-Z0-9-]+) +\d+ +\d+ +(\S+):(\d+|\*) +(\S+):(\d+|\*) *(?:users:\(\((.*,pid=\d+,fd=\d+)\)\)(?= |$))?(.*)$/;

/** Undefined: the line is no socket. */
export function parseSsHead(head: string): SsHead | undefined {
  const [, type = '', word = '', local = '', localPort, remote = '', remotePort, users, rest = ''] =
    HEAD.exec(head) ?? [];
  const protocol = PROTOCOLS[type];
  const state = STATES[word];
  if (protocol === undefined || state === undefined) return undefined;
  const cookie = /(?:^| )sk:([0-9a-f]{1,16})(?: |$)/.exec(rest)?.[1];
  if (cookie === undefined) return undefined;
  return {
    protocol,
    state,
    local: { address: addressOf(local), port: portOf(localPort) },
    remote: { address: addressOf(remote), port: portOf(remotePort) },
    cookie: [Number.parseInt(cookie.slice(-8), 16) | 0, Number.parseInt(cookie.slice(0, -8) || '0', 16) | 0],
    inode: Number(/(?:^| )ino:(\d{1,10})(?: |$)/.exec(rest)?.[1] ?? 0),
    uid: Number(/(?:^| )uid:(\d{1,10})(?: |$)/.exec(rest)?.[1] ?? 0),
    cgroup: /(?:^| )cgroup:(\/\S*)/.exec(rest)?.[1],
    holders: holdersOf(users ?? ''),
  };
}

/** What the names say, and then the process of the last place, which no name can change. */
function holdersOf(users: string): SsHolder[] {
  const last = /,pid=(\d{1,10}),fd=\d+$/.exec(users)?.[1];
  const named = [...users.matchAll(/"([^"]*)",pid=(\d{1,10}),fd=\d+/g)];
  return [
    ...named.map(([, name = '', pid]) => ({ name, pid: Number(pid) })),
    ...(last === undefined ? [] : [{ name: undefined, pid: Number(last) }]),
  ];
}

/** Without brackets and the interface: `[fe80::1]%eth0`, `127.0.0.53%lo`, `*`. */
function addressOf(text: string): string {
  const bare = text.replace(/%[^\]]*$/, '').replace(/^\[(.*)\]$/, '$1');
  return (bare === '*' ? '::' : bare).replace(/%.*$/, '');
}

function portOf(text: string | undefined): number {
  const port = Number(text);
  return port <= 0xffff ? port : 0;
}
