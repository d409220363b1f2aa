import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../../src/data/sample/socket-table.ts';
import { TcpState } from '../../../src/data/schema/network-columns.ts';
import { ascii } from '../proc/text-scanner.ts';

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

/** What is read of a connection's second line in the output of ss. */
const NAMES = [
  ...(['bytes_acked', 'bytes_received', 'bytes_sent', 'bytes_retrans', 'unacked', 'data_segs_in'] as const),
  ...(['segs_out', 'segs_in', 'data_segs_out', 'reord_seen', 'retrans', 'rtt', 'minrtt'] as const),
];
type FactName = (typeof NAMES)[number];

const TEXTS = NAMES.map((name) => ascii(name));
const BLANK = 0x20;
const COLON = 0x3a;
const SLASH = 0x2f;
const POINT = 0x2e;
const ZERO = 0x30;

/**
 * The numbers of a line such as ` ts cubic rtt:0.1/0.2 bytes_acked:11` (iproute2, misc/ss.c, tcp_stats_print); NaN: it is
 * not there. Of `retrans:0/2`, on their way and ever, the second one. Allocates nothing.
 */
export class SsFacts {
  readonly #values = new Float64Array(NAMES.length);

  read(bytes: Uint8Array, start: number, end: number): void {
    this.#values.fill(Number.NaN);
    for (let at = start; at < end; at++) {
      if (bytes[at] !== BLANK || at + 1 >= end || bytes[at + 1] === BLANK) continue;
      let colon = at + 1;
      while (colon < end && bytes[colon] !== COLON && bytes[colon] !== BLANK) colon++;
      if (colon >= end || bytes[colon] === BLANK) continue;
      const name = indexOfName(bytes, at + 1, colon);
      if (name >= 0 && Number.isNaN(this.#values[name]!)) {
        const isSecond = NAMES[name] === 'retrans';
        this.#values[name] = valueAt(bytes, isSecond ? afterSlash(bytes, colon + 1, end) : colon + 1, end);
      }
    }
  }

  get(name: FactName): number {
    return this.#values[NAMES.indexOf(name)]!;
  }

  /** As `get`; 0 where it is not there, because ss leaves out what is 0. */
  count(name: FactName): number {
    return this.get(name) || 0;
  }
}

function indexOfName(bytes: Uint8Array, start: number, end: number): number {
  for (let name = 0; name < TEXTS.length; name++) {
    const text = TEXTS[name]!;
    if (text.length !== end - start) continue;
    let i = 0;
    while (i < text.length && text[i] === bytes[start + i]) i++;
    if (i === text.length) return name;
  }
  return -1;
}

function afterSlash(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && isDigit(bytes[at]!)) at++;
  return bytes[at] === SLASH ? at + 1 : end;
}

/** NaN: no number, or one that a double cannot hold exactly. */
function valueAt(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  let scale = 0;
  let at = start;
  for (; at < end; at++) {
    if (bytes[at] === POINT && scale === 0) {
      scale = 1;
      continue;
    }
    if (!isDigit(bytes[at]!)) break;
    value = value * 10 + (bytes[at]! - ZERO);
    scale *= 10;
  }
  if (at === start || value > Number.MAX_SAFE_INTEGER) return Number.NaN;
  return scale > 1 ? value / scale : value;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9;
}
