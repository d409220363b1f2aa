import { readAddress } from '../../../src/data/sample/address.ts';
import type { ProcessTable } from '../../../src/data/sample/process-table.ts';
import { OwnerBasis, PROTOCOL_TCP, PROTOCOL_UDP } from '../../../src/data/sample/socket-table.ts';
import { TcpState } from '../../../src/data/schema/network-columns.ts';
import { NetTcpLine } from '../proc/net-tcp.ts';
import { RowLife, SocketRows } from '../sockets/sockets.ts';
import { likelyOpener, Opener, openerOf, payloadReceived, payloadSent } from '../sockets/tcp-payload.ts';
import { filesOf, latinOf } from './shell-answer.ts';

const AF_INET = 2;
const AF_INET6 = 10;
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
/** Ports from here on are those of who opens a connection (net.ipv4.ip_local_port_range by default). */
const FIRST_LOCAL_PORT = 32_768;
const LINE_LIMIT = 16_384;

/** A socket as `ss -tuanpieH` prints it (iproute2, misc/ss.c), in one line and one with a tab before it. */
interface SsSocket {
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
  /** The second line: `bytes_acked:11` and the like, each behind a blank. */
  readonly facts: string;
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

/** The sockets in the output of ss. Lines that are none are passed over. */
export function* parseSs(output: Uint8Array): Generator<SsSocket> {
  let head: string | undefined;
  for (const line of latinOf(output).split('\n')) {
    const isMore = line.startsWith('\t');
    if (head !== undefined) {
      const socket = parseSocket(head, isMore ? line : '');
      if (socket !== undefined) yield socket;
    }
    head = isMore || line.length > LINE_LIMIT ? undefined : line;
  }
}

const HEAD =
  /^(tcp|udp) +([A-Z0-9-]+) +\d+ +\d+ +(\S+):(\d+|\*) +(\S+):(\d+|\*) *(?:users:\(\((.*,pid=\d+,fd=\d+)\)\)(?= |$))?(.*)$/;

function parseSocket(head: string, more: string): SsSocket | undefined {
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
    facts: more,
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

/** The number behind a name such as ` rtt:` in the second line; NaN: it is not there. */
function factOf(facts: string, name: string): number {
  const at = facts.indexOf(name);
  return at < 0 ? Number.NaN : Number.parseFloat(facts.slice(at + name.length, at + name.length + 24));
}

/** Sockets as one list after the other has them: one that is not listed any more has closed. */
abstract class ListedSockets {
  readonly rows = new SocketRows();
  #sequence = 0;

  protected begin(): void {
    this.rows.releaseClosed();
    this.#sequence++;
  }

  /** The row of a listed socket, which may be new; -1: there is no room for it. */
  protected see(keyLow: number, keyHigh: number, nowMicros: number): number {
    const { rows } = this;
    const known = rows.find(keyLow, keyHigh);
    const slot = known >= 0 ? known : rows.add(keyLow, keyHigh);
    if (slot < 0) return -1;
    if (known < 0) {
      rows.table.firstSeenMicros[slot] = nowMicros;
      rows.table.bornBeforeStart[slot] = this.#sequence === 1 ? 1 : 0;
    }
    rows.markLive(slot, this.#sequence);
    return slot;
  }

  protected end(): void {
    const { slots } = this.rows.table;
    for (const slot of slots.rows.subarray(0, slots.count)) {
      const isListed = this.rows.seenSequence[slot] === this.#sequence;
      if (!isListed && this.rows.life[slot] === RowLife.LIVE) this.rows.markClosed(slot);
    }
  }
}

/** The rows of sockets, brought up to date by one output of ss after another. */
export class SsSockets extends ListedSockets {
  /** Paths of control groups by process, as its sockets tell. */
  readonly cgroups = new Map<number, string>();
  readonly #processes: ProcessTable;
  readonly #words = new Uint32Array(4);
  #listening = new Set<number>();

  constructor(processes: ProcessTable) {
    super();
    this.#processes = processes;
  }

  /** `nowMicros` of the clock that the sample has. A socket that is not listed any more has closed. */
  store(output: Uint8Array, nowMicros: number): void {
    this.begin();
    this.cgroups.clear();
    const sockets = [...parseSs(output)];
    this.#listening = new Set(
      sockets.filter(({ state }) => state === TcpState.LISTEN).map(({ local }) => local.port),
    );
    for (const socket of sockets) this.#storeSocket(socket, nowMicros);
    this.end();
  }

  #storeSocket(socket: SsSocket, nowMicros: number): void {
    const slot = this.see(...socket.cookie, nowMicros);
    if (slot < 0) return;
    const { table } = this.rows;
    const { protocol, state, local, remote } = socket;
    table.protocol[slot] = protocol;
    table.state[slot] = state;
    table.inode[slot] = socket.inode;
    table.uid[slot] = socket.uid | 0;
    table.localPort[slot] = local.port;
    table.remotePort[slot] = remote.port;
    const isLocal4 = this.#storeAddress(table.localAddress, slot, local.address);
    const isRemote4 = this.#storeAddress(table.remoteAddress, slot, remote.address);
    table.family[slot] = isLocal4 && isRemote4 ? AF_INET : AF_INET6;
    this.#storeOwner(slot, socket);
    const isCounted = protocol === PROTOCOL_TCP && state !== TcpState.LISTEN;
    if (isCounted) this.#storeCounts(slot, socket);
    else if (protocol === PROTOCOL_UDP) table.txBytes[slot] = table.rxBytes[slot] = Number.NaN;
  }

  /** True: written as IPv4. */
  #storeAddress(column: Uint32Array, slot: number, text: string): boolean {
    if (!readAddress(text, this.#words)) this.#words.fill(0);
    column.set(this.#words, slot << 2);
    return !text.includes(':');
  }

  /**
   * A holder with a name is true where the process has that name. Of several the one that started last serves the
   * socket.
   */
  #storeOwner(slot: number, { holders, cgroup, inode }: SsSocket): void {
    const { table } = this.rows;
    const { names, startTicks, pid } = this.#processes;
    let owner = -1;
    for (const { name, pid: holder } of holders) {
      const process = this.#processes.find(holder);
      if (process < 0 || (name !== undefined && names[process] !== name)) continue;
      if (owner < 0 || startTicks[process]! > startTicks[owner]!) owner = process;
    }
    if (owner >= 0) {
      table.ownerPid[slot] = pid[owner]!;
      table.ownerStartTicks[slot] = startTicks[owner]!;
      table.ownerBasis[slot] = OwnerBasis.DESCRIPTOR;
      if (cgroup !== undefined) this.cgroups.set(pid[owner]!, cgroup);
    } else if (table.ownerBasis[slot] === OwnerBasis.NONE) {
      table.ownerBasis[slot] = inode === 0 ? OwnerBasis.KERNEL : OwnerBasis.HIDDEN;
    }
  }

  #storeCounts(slot: number, { state, facts, local, remote }: SsSocket): void {
    const { table, opener } = this.rows;
    const count = (name: string): number => factOf(facts, name) || 0;
    const counts = {
      state,
      ...{ localPort: local.port, remotePort: remote.port },
      ...{ bytesAcked: count(' bytes_acked:'), bytesReceived: count(' bytes_received:') },
      // Before Linux 4.19 it is not there.
      uniqueBytesSent: factOf(facts, ' bytes_sent:') - count(' bytes_retrans:'),
      ...{ unackedSegments: count(' unacked:'), dataSegmentsIn: count(' data_segs_in:') },
    };
    if (opener[slot] === Opener.UNKNOWN) opener[slot] = openerOf(counts);
    const openedBy = opener[slot] || likelyOpener(counts, this.#isServerEnd(local.port, remote.port));
    table.txBytes[slot] = Math.max(table.txBytes[slot]!, payloadSent(counts, openedBy));
    table.rxBytes[slot] = Math.max(table.rxBytes[slot]!, payloadReceived(counts));
    table.txSegments[slot] = count(' segs_out:');
    table.rxSegments[slot] = count(' segs_in:');
    const rttMillis = factOf(facts, ' rtt:');
    table.rttMicros[slot] = rttMillis > 0 ? Math.round(rttMillis * 1000) : Number.NaN;
    // `retrans:0/2`: on their way, and ever.
    table.retransmits[slot] = Number(/ retrans:\d+\/(\d{1,12})/.exec(facts)?.[1] ?? 0);
    // What is 0 is not written.
    table.dataSegments[slot] = count(' data_segs_out:');
    table.reorderings[slot] = count(' reord_seen:');
    const leastMillis = factOf(facts, ' minrtt:');
    table.rttMinMicros[slot] = leastMillis > 0 ? Math.round(leastMillis * 1000) : Number.NaN;
    table.healthStamp[slot]!++;
  }

  #isServerEnd(localPort: number, remotePort: number): boolean {
    return this.#listening.has(localPort) || (localPort < FIRST_LOCAL_PORT && remotePort >= FIRST_LOCAL_PORT);
  }
}

export const PLAIN_FILES = ['net/tcp', 'net/tcp6', 'net/udp', 'net/udp6'] as const;
/** High word of the keys, whose low word is the inode: no cookie of the kernel looks so. */
const PSEUDO_COOKIE_HIGH = 0x70726f63;
const NEWLINE = 0x0a;

/** Sockets of a machine that has no ss: which there are and whose user's, without bytes and processes. */
export class PlainSockets extends ListedSockets {
  readonly #line = new NetTcpLine();

  /** The answer to `g` with `PLAIN_FILES`. A socket that is not listed any more has closed. */
  store(answer: Uint8Array, nowMicros: number): void {
    this.begin();
    const files = filesOf(answer);
    for (const name of PLAIN_FILES) {
      const text = files.get(name) ?? new Uint8Array(0);
      for (let start = 0, end = text.indexOf(NEWLINE); end >= 0; end = text.indexOf(NEWLINE, start)) {
        if (this.#line.parse(text, start, end)) this.#see(name, nowMicros);
        start = end + 1;
      }
    }
    this.end();
  }

  #see(name: string, nowMicros: number): void {
    const line = this.#line;
    const { table } = this.rows;
    // Orphans and TIME_WAIT have nothing to be told apart by.
    if (line.inode === 0) return;
    const slot = this.see(line.inode, PSEUDO_COOKIE_HIGH, nowMicros);
    if (slot < 0) return;
    table.txBytes[slot] = table.rxBytes[slot] = Number.NaN;
    table.txSegments[slot] = table.rxSegments[slot] = Number.NaN;
    table.ownerBasis[slot] = OwnerBasis.HIDDEN;
    table.protocol[slot] = name.startsWith('net/tcp') ? PROTOCOL_TCP : PROTOCOL_UDP;
    table.family[slot] = line.isIpv6 ? AF_INET6 : AF_INET;
    table.state[slot] = line.state;
    table.uid[slot] = line.uid;
    table.inode[slot] = line.inode;
    table.localAddress.set(line.localAddress, slot << 2);
    table.remoteAddress.set(line.remoteAddress, slot << 2);
    table.localPort[slot] = line.localPort;
    table.remotePort[slot] = line.remotePort;
  }
}
