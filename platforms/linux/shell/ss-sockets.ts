import { readAddress } from '../../../src/data/sample/address.ts';
import type { ProcessTable } from '../../../src/data/sample/process-table.ts';
import { OwnerBasis, PROTOCOL_TCP, PROTOCOL_UDP } from '../../../src/data/sample/socket-table.ts';
import { TcpState } from '../../../src/data/schema/network-columns.ts';
import { numbers, OPTIONAL_TEXT, tableClass } from '../../../src/kit/table/columns.ts';
import { lengthened } from '../../../src/kit/table/slot-table.ts';
import { ascii } from '../proc/text-scanner.ts';
import { SocketRows } from '../sockets/sockets.ts';
import { likelyOpener, Opener, openerOf, payloadReceived, payloadSent } from '../sockets/tcp-payload.ts';
import { latinOf } from './shell-answer.ts';
import { parseSsHead, SsFacts, type SsHead } from './ss-lines.ts';

const AF_INET = 2;
const AF_INET6 = 10;
/** Ports from here on are those of who opens a connection (net.ipv4.ip_local_port_range by default). */
const FIRST_LOCAL_PORT = 32_768;
const PORTS = 0x1_0000;
const LINE_LIMIT = 16_384;
const NEWLINE = 0x0a;
const TAB = 0x09;
const BLANK = 0x20;
const BRACKET = 0x29;
const TIMER = ascii(' timer:(');

/** First lines of the last output, known by what does not change in them while their socket lives. */
class SsHeads extends tableClass(
  {
    row: numbers('i32'),
    rowSerial: numbers('u32'),
    seenSequence: numbers('u32'),
    /** 1: every process that holds the socket was found, so that another look finds no other. */
    isSettled: numbers('u8'),
    /** Path of the control group. */
    cgroup: OPTIONAL_TEXT,
  },
  1 << 18,
) {}

/** A number made of a first line, in two words: of all but the lengths of queues, the time of a timer, and blanks. */
class HeadHash {
  a = 0;
  b = 0;

  read(bytes: Uint8Array, start: number, end: number): void {
    let a = 0x811c9dc5;
    let b = 0;
    let word = 0;
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      if (byte === BLANK) {
        if (bytes[at + 1] !== BLANK) word++;
        at = behindTimer(bytes, at, end) - 1;
        continue;
      }
      if (word === 2 || word === 3) continue;
      a = Math.imul(a ^ byte ^ (word << 8), 0x01000193);
      b = Math.imul((b << 5) ^ (b >>> 27) ^ byte, 0x9e3779b1);
    }
    this.a = a >>> 0;
    this.b = b >>> 0;
  }
}

/** Where ` timer:(keepalive,119min,0)` ends that starts at a blank; behind the blank where none does. */
function behindTimer(bytes: Uint8Array, start: number, end: number): number {
  for (let i = 0; i < TIMER.length; i++) if (bytes[start + i] !== TIMER[i]) return start + 1;
  for (let at = start + TIMER.length; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === BRACKET) return at + 1;
    // Letters, digits, commas and points; a name may begin like a timer.
    if (!((byte >= 0x61 && byte <= 0x7a) || (byte >= 0x2c && byte <= 0x39))) break;
  }
  return start + 1;
}

/**
 * The rows of sockets, brought up to date by one output of ss after another. A socket whose first line is that of before
 * costs no memory: its figures alone are read.
 */
export class SsSockets {
  readonly rows = new SocketRows();
  /** Paths of control groups by process, as its sockets tell. */
  readonly cgroups = new Map<number, string>();
  readonly #processes: ProcessTable;
  readonly #words = new Uint32Array(4);
  readonly #heads = new SsHeads();
  readonly #hash = new HeadHash();
  readonly #facts = new SsFacts();
  /** Slot, and start and end of the second line, of each connection in the output. */
  #connections = new Int32Array(3 * 64);
  #connectionCount = 0;
  /** 1: somebody listens on the port. */
  readonly #isListening = new Uint8Array(PORTS);
  readonly #counts = {
    ...{ state: 0, localPort: 0, remotePort: 0, bytesAcked: 0, bytesReceived: 0 },
    ...{ uniqueBytesSent: 0, unackedSegments: 0, dataSegmentsIn: 0 },
  };
  #sequence = 0;

  constructor(processes: ProcessTable) {
    this.#processes = processes;
  }

  /** `nowMicros` of the clock that the sample has. A socket that is not listed any more has closed. */
  store(output: Uint8Array, nowMicros: number): void {
    const { rows } = this;
    rows.releaseClosed();
    this.#sequence++;
    this.#connectionCount = 0;
    this.#isListening.fill(0);
    this.#readHeads(output, nowMicros);
    for (let i = 0; i < this.#connectionCount; i++) {
      const at = 3 * i;
      this.#facts.read(output, this.#connections[at + 1]!, this.#connections[at + 2]!);
      this.#storeCounts(this.#connections[at]!);
    }
    rows.closeUnseen(this.#sequence);
    this.#forgetHeads();
  }

  /** Lines that are no sockets are passed over. */
  #readHeads(output: Uint8Array, nowMicros: number): void {
    for (let start = 0; start < output.length; ) {
      const end = endOfLine(output, start);
      const next = end + 1;
      const hasMore = output[next] === TAB;
      const moreEnd = hasMore ? endOfLine(output, next) : end;
      if (output[start] !== TAB && end - start <= LINE_LIMIT) {
        const slot = this.#storeHead(output, start, end, nowMicros);
        if (slot >= 0) this.#note(slot, hasMore ? next : end, moreEnd);
      }
      start = moreEnd + 1;
    }
  }

  /** The row of the socket whose first line this is, or -1. */
  #storeHead(output: Uint8Array, start: number, end: number, nowMicros: number): number {
    const { rows } = this;
    const heads = this.#heads;
    const hash = this.#hash;
    hash.read(output, start, end);
    const head = heads.slots.find(hash.a, hash.b, 0, 0);
    if (head >= 0 && this.#isAsBefore(head)) {
      heads.seenSequence[head] = this.#sequence;
      rows.markLive(heads.row[head]!, this.#sequence);
      return heads.row[head]!;
    }
    const socket = parseSsHead(latinOf(output.subarray(start, end)));
    if (socket === undefined) return -1;
    const slot = this.#storeSocket(socket, nowMicros);
    const kept = head >= 0 ? head : heads.slots.add(hash.a, hash.b, 0, 0);
    if (slot < 0 || kept < 0) return slot;
    heads.row[kept] = slot;
    heads.rowSerial[kept] = rows.table.slots.serial[slot]!;
    heads.seenSequence[kept] = this.#sequence;
    heads.cgroup[kept] = socket.cgroup;
    heads.isSettled[kept] = socket.holders.every(({ pid }) => this.#processes.find(pid) >= 0) ? 1 : 0;
    return slot;
  }

  /** Whether the row of a first line is still the socket's, and its owner lives. */
  #isAsBefore(head: number): boolean {
    const { table } = this.rows;
    const slot = this.#heads.row[head]!;
    if (this.#heads.isSettled[head] === 0) return false;
    if (table.slots.serial[slot] !== this.#heads.rowSerial[head]) return false;
    if (table.ownerBasis[slot] !== OwnerBasis.DESCRIPTOR) return true;
    return this.#processes.isAlive(table.ownerPid[slot]!, table.ownerStartTicks[slot]!);
  }

  #note(slot: number, moreStart: number, moreEnd: number): void {
    const { protocol, state, localPort } = this.rows.table;
    if (protocol[slot] !== PROTOCOL_TCP) return;
    if (state[slot] === TcpState.LISTEN) {
      this.#isListening[localPort[slot]!] = 1;
      return;
    }
    const at = 3 * this.#connectionCount++;
    if (at === this.#connections.length) {
      this.#connections = lengthened(this.#connections, new Int32Array(2 * at));
    }
    this.#connections[at] = slot;
    this.#connections[at + 1] = moreStart;
    this.#connections[at + 2] = moreEnd;
  }

  /** First lines that were not in the last output, and what control groups the others tell. */
  #forgetHeads(): void {
    const { slots, row, cgroup, seenSequence } = this.#heads;
    const { ownerPid, ownerBasis } = this.rows.table;
    for (let i = slots.count - 1; i >= 0; i--) {
      const head = slots.rows[i]!;
      if (seenSequence[head] !== this.#sequence) slots.remove(head);
    }
    this.cgroups.clear();
    for (let i = 0; i < slots.count; i++) {
      const head = slots.rows[i]!;
      const slot = row[head]!;
      const path = cgroup[head];
      if (path !== undefined && ownerBasis[slot] === OwnerBasis.DESCRIPTOR)
        this.cgroups.set(ownerPid[slot]!, path);
    }
  }

  /** Returns the row, or -1: there is no room. */
  #storeSocket(socket: SsHead, nowMicros: number): number {
    const { rows } = this;
    const { table } = rows;
    let slot = rows.find(...socket.cookie);
    if (slot < 0) {
      slot = rows.add(...socket.cookie);
      if (slot < 0) return -1;
      table.firstSeenMicros[slot] = nowMicros;
      table.bornBeforeStart[slot] = this.#sequence === 1 ? 1 : 0;
    }
    rows.markLive(slot, this.#sequence);
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
    if (protocol === PROTOCOL_UDP) table.txBytes[slot] = table.rxBytes[slot] = Number.NaN;
    return slot;
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
  #storeOwner(slot: number, { holders, inode }: SsHead): void {
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
    } else if (table.ownerBasis[slot] === OwnerBasis.NONE && inode !== 0) {
      table.ownerBasis[slot] = OwnerBasis.HIDDEN;
    }
  }

  /** Of the connection whose second line was read. */
  #storeCounts(slot: number): void {
    const { table, opener } = this.rows;
    const facts = this.#facts;
    const counts = this.#counts;
    counts.state = table.state[slot]!;
    counts.localPort = table.localPort[slot]!;
    counts.remotePort = table.remotePort[slot]!;
    counts.bytesAcked = facts.count('bytes_acked');
    counts.bytesReceived = facts.count('bytes_received');
    // Before Linux 4.19 it is not there.
    counts.uniqueBytesSent = facts.get('bytes_sent') - facts.count('bytes_retrans');
    counts.unackedSegments = facts.count('unacked');
    counts.dataSegmentsIn = facts.count('data_segs_in');
    if (opener[slot] === Opener.UNKNOWN) opener[slot] = openerOf(counts);
    const openedBy =
      opener[slot] || likelyOpener(counts, this.#isServerEnd(counts.localPort, counts.remotePort));
    table.txBytes[slot] = Math.max(table.txBytes[slot]!, payloadSent(counts, openedBy));
    table.rxBytes[slot] = Math.max(table.rxBytes[slot]!, payloadReceived(counts));
    table.txSegments[slot] = facts.count('segs_out');
    table.rxSegments[slot] = facts.count('segs_in');
    const rttMillis = facts.get('rtt');
    table.rttMicros[slot] = rttMillis > 0 ? Math.round(rttMillis * 1000) : Number.NaN;
    table.retransmits[slot] = facts.count('retrans');
    table.dataSegments[slot] = facts.count('data_segs_out');
    table.reorderings[slot] = facts.count('reord_seen');
    const leastMillis = facts.get('minrtt');
    table.rttMinMicros[slot] = leastMillis > 0 ? Math.round(leastMillis * 1000) : Number.NaN;
    table.healthStamp[slot]!++;
  }

  #isServerEnd(localPort: number, remotePort: number): boolean {
    const isListening = this.#isListening[localPort] === 1;
    return isListening || (localPort < FIRST_LOCAL_PORT && remotePort >= FIRST_LOCAL_PORT);
  }
}

function endOfLine(bytes: Uint8Array, start: number): number {
  const newline = bytes.indexOf(NEWLINE, start);
  return newline < 0 ? bytes.length : newline;
}
