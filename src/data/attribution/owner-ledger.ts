import { lengthened } from '../../kit/table/slot-table.ts';
import { OwnerTable } from '../sample/network-section.ts';
import type { ExitedTable, ProcessTable } from '../sample/process-table.ts';
import {
  PROTOCOL_FORWARDED,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDP_TUNNEL,
} from '../sample/socket-table.ts';
import { UNKNOWN_USER } from '../schema/column.ts';
import { OwnerKind } from '../schema/network-columns.ts';
import { IdleRows } from './idle-rows.ts';

/** What is asked about an owner: when its row appears, when its task name changes, and by turns. */
export interface OwnerFacts {
  commandLine(pid: number): string | undefined;
  cgroup(pid: number): string | undefined;
  /** Name of the container of a control group; undefined: none, or not known yet. */
  containerName?(cgroup: string): string | undefined;
  /**
   * Name of the network namespace of a process, where that is another than the collector's; `isForeign`: a socket of it
   * is in another one, whatever else can be read.
   */
  networkNamespace?(pid: number, cgroup: string | undefined, isForeign: boolean): string | undefined;
  userName(uid: number): string;
}

/** Processes alive, and those that ended since the sample before. */
interface Population {
  readonly processes: ProcessTable;
  readonly exited: ExitedTable;
}

type GroupKind = Exclude<(typeof OwnerKind)[keyof typeof OwnerKind], typeof OwnerKind.PROCESS>;

const TWO_32 = 2 ** 32;
/** Rows of exited processes are dropped once the table is larger than this. */
const CROWDED_ROWS = 1024;
/** A program writes over its command line, a manager moves it to another group: who is alive is asked so often. */
const RENEW_EVERY_MICROS = 5e6;
/** What a network namespace is called whose name is not known, or not yet. */
const UNNAMED = 'net:[';
/** Of so much time a sample makes up at most: who looks seldom, a history, need not be told of all rows each time. */
const RENEWED_MICROS = 2e6;
/** Rows renewed in one sample at most: asking costs some microseconds each. */
const RENEWED_ROWS = 1024;

/** By IANA's protocol numbers. */
const KERNEL_ROWS: ReadonlyMap<number, string> = new Map([
  [1, 'kernel: ICMP'],
  [2, 'kernel: IGMP'],
  [4, 'kernel: IPIP'],
  [41, 'kernel: IPv6 in IP'],
  [47, 'kernel: GRE'],
  [50, 'kernel: ESP'],
  [51, 'kernel: AH'],
  [58, 'kernel: ICMPv6'],
  [89, 'kernel: OSPF'],
  [112, 'kernel: VRRP'],
  [132, 'kernel: SCTP'],
  [136, 'kernel: UDPLITE'],
  [PROTOCOL_UDP_TUNNEL, 'kernel: UDP tunnel'],
  [PROTOCOL_FORWARDED, 'forwarded'],
]);

/** 0: not known. */
function isTransport(protocol: number): boolean {
  return protocol === 0 || protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP;
}

/** The rows of owners: found by process or by group, kept up to date with the process table, dropped when old. */
export class OwnerLedger {
  readonly table = new OwnerTable();
  /** Always there, so that nothing is ever without a row. */
  readonly unknown: number;
  readonly exited: number;
  readonly #facts: OwnerFacts;
  /** Called for owners whose control group changed. */
  readonly #hasLeft: (slot: number, cgroup: string) => void;
  readonly idle: IdleRows;
  /** By slot, 1: a socket in another network namespace was seen. */
  #isForeign: Uint8Array;
  #renewalCursor = 0;
  #renewedMicros = Number.NaN;

  constructor(
    facts: OwnerFacts,
    hasLeft: (slot: number, cgroup: string) => void,
    crowdedRows = CROWDED_ROWS,
  ) {
    this.#facts = facts;
    this.#hasLeft = hasLeft;
    this.idle = new IdleRows(this.table, crowdedRows);
    this.#isForeign = new Uint8Array(this.table.slots.capacity);
    this.unknown = this.#addGroup(OwnerKind.UNKNOWN, 0, 0, 'unknown');
    this.exited = this.#addGroup(OwnerKind.EXITED, 0, 0, 'exited processes');
  }

  /** Call before the sockets of a sample: updates exits, names, users and parents, and resets the counts to 0. */
  refresh(processes: ProcessTable, monotonicMicros: number): void {
    const { table } = this;
    const { rows, count } = table.slots;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      table.connectionCount[slot] = 0;
      table.listenerCount[slot] = 0;
      if (table.kind[slot] !== OwnerKind.PROCESS) continue;
      const process = processes.find(table.pid[slot]!);
      const isAlive = process >= 0 && processes.startTicks[process] === table.startTicks[slot];
      table.hasExited[slot] = isAlive ? 0 : 1;
      if (!isAlive) continue;
      const ppid = table.ppid[slot]!;
      this.#follow(slot, processes, process);
      // Names of containers are read beside: one is there a moment after it was asked for.
      if (table.containers[slot] === undefined) this.#nameContainer(slot);
      if (table.namespaces[slot]?.startsWith(UNNAMED) === true) this.#nameNamespace(slot);
      // Its parent is another one: the one before has exited.
      if (table.ppid[slot] !== ppid) this.#addAncestors(slot, processes);
    }
    this.#renew(monotonicMicros);
  }

  /** Asks for the texts of some rows again: of each within RENEW_EVERY_MICROS, where samples are so frequent. */
  #renew(monotonicMicros: number): void {
    const { table } = this;
    const { rows, count } = table.slots;
    const elapsed = Math.min(monotonicMicros - this.#renewedMicros, RENEWED_MICROS);
    this.#renewedMicros = monotonicMicros;
    if (!(elapsed > 0)) return;
    const due = Math.min(Math.ceil((count * elapsed) / RENEW_EVERY_MICROS), count, RENEWED_ROWS);
    for (let i = 0; i < due; i++) {
      this.#renewalCursor = (this.#renewalCursor + 1) % count;
      const slot = rows[this.#renewalCursor]!;
      if (table.kind[slot] === OwnerKind.PROCESS && table.hasExited[slot] === 0) this.#readTexts(slot);
    }
  }

  #readTexts(slot: number): void {
    const { table } = this;
    const pid = table.pid[slot]!;
    table.commandLines[slot] = this.#facts.commandLine(pid) ?? table.commandLines[slot];
    const former = table.cgroups[slot];
    const cgroup = this.#facts.cgroup(pid) ?? former;
    table.cgroups[slot] = cgroup;
    this.#nameContainer(slot);
    this.#nameNamespace(slot);
    if (former !== undefined && cgroup !== former) this.#hasLeft(slot, former);
  }

  #nameContainer(slot: number): void {
    const cgroup = this.table.cgroups[slot];
    this.table.containers[slot] = cgroup === undefined ? undefined : this.#facts.containerName?.(cgroup);
  }

  /** A socket of the owner is in another network namespace. */
  noteForeign(slot: number): void {
    if (this.#isForeign[slot] === 1 || this.table.kind[slot] !== OwnerKind.PROCESS) return;
    this.#isForeign[slot] = 1;
    this.#nameNamespace(slot);
  }

  #nameNamespace(slot: number): void {
    const { pid, cgroups, namespaces } = this.table;
    const isForeign = this.#isForeign[slot] === 1;
    namespaces[slot] = this.#facts.networkNamespace?.(pid[slot]!, cgroups[slot], isForeign);
  }

  /** The row of a process; where the table is full, the one of the unknown. */
  ofProcess(
    pid: number,
    startTicks: number,
    { processes, exited }: Population,
    monotonicMicros: number,
  ): number {
    const { table } = this;
    const low = startTicks >>> 0;
    const high = Math.floor(startTicks / TWO_32);
    const known = table.slots.find(pid, low, high, OwnerKind.PROCESS);
    if (known >= 0) return known;
    const slot = this.#add(pid, low, high, OwnerKind.PROCESS);
    if (slot < 0) return this.unknown;
    table.pid[slot] = pid;
    table.startTicks[slot] = startTicks;
    this.idle.lastGrowthMicros[slot] = monotonicMicros;
    const process = processes.find(pid);
    const isAlive = process >= 0 && processes.startTicks[process] === startTicks;
    table.hasExited[slot] = isAlive ? 0 : 1;
    if (isAlive) {
      this.#follow(slot, processes, process, true);
      this.#addAncestors(slot, processes);
    } else this.#followExited(slot, exited);
    return slot;
  }

  /** The kernel's own traffic: TCP's and UDP's together, of other protocols each by its name. */
  kernel(protocol: number): number {
    const name = KERNEL_ROWS.get(protocol);
    if (name !== undefined) return this.#group(OwnerKind.KERNEL, protocol, 0, name);
    if (isTransport(protocol)) return this.#group(OwnerKind.KERNEL, 0, 0, 'kernel');
    return this.#group(OwnerKind.KERNEL, protocol, 0, `kernel: protocol ${protocol}`);
  }

  closed(): number {
    return this.#group(OwnerKind.CLOSED, 0, 0, 'closed connections');
  }

  /** What comes and goes with a local address and port that no socket has. */
  withoutSocket(): number {
    return this.#group(OwnerKind.CLOSED, 1, 0, 'no socket: raw or NAT');
  }

  /** Owner of traffic of processes outside this PID namespace. */
  outside(): number {
    return this.#group(OwnerKind.UNKNOWN, 1, 0, 'outside this PID namespace');
  }

  /** Owner of sockets of which only the user is known. */
  hidden(uid: number): number {
    if (uid === UNKNOWN_USER) return this.unknown;
    const { table } = this;
    const known = table.slots.find(0, uid, 0, OwnerKind.USER);
    if (known >= 0) return known;
    const user = this.#facts.userName(uid);
    const slot = this.#group(OwnerKind.USER, uid, 0, `${user}: other sockets`);
    if (slot === this.unknown) return slot;
    table.uid[slot] = uid;
    table.users[slot] = user;
    return slot;
  }

  /** Exited processes without sockets and without traffic in the last minute: as `IdleRows.drop`. */
  dropExited(monotonicMicros: number, merge: (isMarked: Uint8Array) => void): void {
    const { kind, hasExited, connectionCount, listenerCount } = this.table;
    const mayGo = (slot: number): boolean =>
      kind[slot] === OwnerKind.PROCESS &&
      hasExited[slot] === 1 &&
      connectionCount[slot]! + listenerCount[slot]! === 0;
    this.idle.drop(monotonicMicros, mayGo, merge);
  }

  /** Whoever a process descends from has a row too, so that a tree by parents is whole. Known ones have theirs. */
  #addAncestors(descendant: number, processes: ProcessTable): void {
    const { table } = this;
    let slot = descendant;
    while (slot >= 0 && table.ppid[slot]! > 0) {
      const pid = table.ppid[slot]!;
      const process = processes.find(pid);
      if (process < 0) return;
      const startTicks = processes.startTicks[process]!;
      const low = startTicks >>> 0;
      const high = Math.floor(startTicks / TWO_32);
      if (table.slots.find(pid, low, high, OwnerKind.PROCESS) >= 0) return;
      slot = this.#add(pid, low, high, OwnerKind.PROCESS);
      if (slot < 0) return;
      table.pid[slot] = pid;
      table.startTicks[slot] = startTicks;
      this.#follow(slot, processes, process, true);
    }
  }

  /** A process may have no name at all. */
  #follow(slot: number, processes: ProcessTable, process: number, isNew = false): void {
    const { table } = this;
    table.ppid[slot] = processes.ppid[process]!;
    const name = processes.names[process] ?? '';
    if (isNew || table.names[slot] !== name) {
      table.names[slot] = name;
      this.#readTexts(slot);
    }
    const uid = processes.uid[process]!;
    if (table.uid[slot] === uid && !isNumber(table.users[slot])) return;
    table.uid[slot] = uid;
    table.users[slot] = uid === UNKNOWN_USER ? undefined : this.#facts.userName(uid);
  }

  /** What is left to know of a process that ended before it was ever seen. */
  #followExited(slot: number, exited: ExitedTable): void {
    const { table } = this;
    const pid = table.pid[slot]!;
    const found = exited.find(pid, table.startTicks[slot]!);
    const name = found < 0 ? '' : (exited.names[found] ?? '');
    table.names[slot] = name === '' ? `pid ${pid}` : name;
    if (found < 0) return;
    table.ppid[slot] = exited.ppid[found]!;
    const uid = exited.uid[found]!;
    table.uid[slot] = uid;
    table.users[slot] = uid === UNKNOWN_USER ? undefined : this.#facts.userName(uid);
  }

  #group(kind: GroupKind, low: number, high: number, name: string): number {
    const known = this.table.slots.find(0, low, high, kind);
    if (known >= 0) return known;
    const slot = this.#addGroup(kind, low, high, name);
    return slot >= 0 ? slot : this.unknown;
  }

  #addGroup(kind: GroupKind, low: number, high: number, name: string): number {
    const slot = this.#add(0, low, high, kind);
    if (slot >= 0) this.table.names[slot] = name;
    return slot;
  }

  /** An empty row, or -1. */
  #add(pid: number, low: number, high: number, kind: number): number {
    const { table } = this;
    const slot = table.slots.add(pid, low, high, kind);
    if (slot < 0) return -1;
    this.idle.begin(slot, 0);
    if (slot >= this.#isForeign.length) {
      this.#isForeign = lengthened(this.#isForeign, new Uint8Array(table.slots.capacity));
    }
    this.#isForeign[slot] = 0;
    table.kind[slot] = kind;
    // Texts of a new row are not there yet, numbers are unknown.
    table.names[slot] = '';
    table.users[slot] = undefined;
    table.commandLines[slot] = undefined;
    table.cgroups[slot] = undefined;
    table.containers[slot] = undefined;
    table.namespaces[slot] = undefined;
    return slot;
  }
}

/** Whether a user has no name yet: no name of one begins with a digit where a number could be meant. */
function isNumber(user: string | undefined): boolean {
  const first = user?.charCodeAt(0) ?? 0;
  return first >= 0x30 && first <= 0x39;
}
