import { isIpv4, isUnspecifiedAddress } from '../../../src/data/sample/address.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import { OwnerBasis, PROTOCOL_TCP } from '../../../src/data/sample/socket-table.ts';
import { TcpState } from '../../../src/data/schema/network-columns.ts';
import { columnsClass, numbers } from '../../../src/kit/table/columns.ts';
import type { ProcessSource } from '../processes/process-source.ts';
import type { AskHolders } from '../sockets/flow-owners.ts';
import { OwnerTold, type SocketRows } from '../sockets/sockets.ts';
import type { DescriptorScanner, DescriptorVisitor } from './socket-owners-scan.ts';

/** How well a listener's address fits that of a connection. */
const Fit = { NONE: 0, EVERY_FAMILY: 1, EVERY_ADDRESS: 2, EXACT: 3 } as const;

const HOLDERS_VALID_MICROS = 30e6;
/** Few ports are listened on. A power of two. */
const PORT_BUCKETS = 1024;
const RELATIVES_LIMIT = 256;
/** Processes asked whether they hold a listener, in one update. */
const ASKED_LIMIT = 16;
/** Pairs of a listener and a process that were asked about; beyond them all are forgotten and may be asked again. */
const REMEMBERED_LIMIT = 4096;
/** A process that ended after fewer connections was made for one, and the listener's maker had accepted it. */
const USES_OF_ACCEPTER = 2;

/** By the slots of the socket table. */
class ListenerRows extends columnsClass({
  /** Of a listener: serial of the row that the columns speak of, and a further listener of its bucket, -1 none. */
  serial: numbers('u32'),
  next: numbers('i32', -1),
  /** Connections to it that its accepter has used. */
  uses: numbers('u32'),
  /** Who had it before its accepter. */
  makerPid: numbers('i32'),
  makerStartTicks: numbers('f64'),
  /** Of a connection: its serial and the process that it was last seen with. */
  servedSerial: numbers('u32'),
  servedPid: numbers('i32'),
  /** Until when `isShared` holds, and for which serial. */
  checkedUntilMicros: numbers('f64'),
  checkedSerial: numbers('u32'),
  isShared: numbers('u8'),
}) {}

interface ListenerOwnersOptions {
  readonly rows: SocketRows;
  readonly processes: ProcessSource;
  readonly scanner: DescriptorScanner;
  /** The owner of a listener is not known any more. */
  readonly seekAgain: (row: number) => void;
}

/**
 * Which process listens where. Of several that hold a listener it belongs to the one that accepts: the first to use a
 * connection that came to it. An activator (systemd, inetd) opens listeners for others.
 *
 * A connection that came and went unseen on a listener's port was most likely accepted by it, where it is the only
 * one: servers that share a listener among several processes are not guessed at.
 */
export class ListenerOwners implements DescriptorVisitor {
  readonly #rows: SocketRows;
  readonly #processes: ProcessSource;
  readonly #scanner: DescriptorScanner;
  readonly #seekAgain: (row: number) => void;
  /** Processes to be asked whether they hold a listener, by its row; and the pairs that were asked about. */
  readonly #candidates = new Map<number, Set<number>>();
  readonly #asked = new Set<string>();
  #candidateCount = 0;
  /** First listener's row of the ports that share a bucket, -1 none; their `next` leads to the further ones. */
  readonly #first = new Int32Array(PORT_BUCKETS);
  readonly #listeners = new ListenerRows();
  #isIndexStale = true;
  #soughtInode = 0;
  #wasFound = false;

  constructor({ rows, processes, scanner, seekAgain }: ListenerOwnersOptions) {
    this.#rows = rows;
    this.#processes = processes;
    this.#scanner = scanner;
    this.#seekAgain = seekAgain;
  }

  /** The table's rows have changed. */
  invalidate(): void {
    this.#isIndexStale = true;
  }

  /**
   * Attributes listeners to the processes that accept their connections. `ask` finds holders if the source supports it.
   */
  async update(slice: Slice, ask: AskHolders | undefined): Promise<void> {
    if (this.#isIndexStale) this.#index();
    const { table } = this.#rows;
    const { localPort, remotePort, protocol, ownerBasis, ownerPid, slots } = table;
    const { servedSerial, servedPid } = this.#listeners;
    this.#candidates.clear();
    this.#candidateCount = 0;
    for (let i = 0; i < slots.count; i++) {
      const row = slots.rows[i]!;
      if (protocol[row] !== PROTOCOL_TCP || this.#first[bucketOf(localPort[row]!)]! < 0) continue;
      if (remotePort[row] === 0 || ownerBasis[row] !== OwnerBasis.DESCRIPTOR) continue;
      if (servedSerial[row] === slots.serial[row] && servedPid[row] === ownerPid[row]) continue;
      servedSerial[row] = slots.serial[row]!;
      servedPid[row] = ownerPid[row]!;
      this.#noteServed(row);
    }
    if (this.#candidates.size === 0) return;
    if (ask === undefined) await this.#scanCandidates(slice);
    else this.#askCandidates(ask);
  }

  /** Names the listener of the row's local port as its owner; false: none, several, or shared by several processes. */
  infer(row: number, nowMicros: number): boolean {
    if (this.#isIndexStale) this.#index();
    const listener = this.#best(row);
    if (listener < 0 || this.#isHeldBySeveral(listener, nowMicros)) return false;
    const { table } = this.#rows;
    table.ownerPid[row] = table.ownerPid[listener]!;
    table.ownerStartTicks[row] = table.ownerStartTicks[listener]!;
    table.ownerBasis[row] = OwnerBasis.INFERRED;
    return true;
  }

  /** DescriptorVisitor. */
  socket(inode: number): boolean {
    if (inode === this.#soughtInode) this.#wasFound = true;
    return !this.#wasFound;
  }

  #index(): void {
    const { table, isRare } = this.#rows;
    const { slots } = table;
    this.#listeners.reserve(slots.capacity);
    this.#first.fill(-1);
    for (let i = 0; i < slots.count; i++) {
      const row = slots.rows[i]!;
      if (table.protocol[row] !== PROTOCOL_TCP) continue;
      // One that closed since the last collection accepted connections until then.
      if (isRare[row] === 0 && table.state[row] !== TcpState.LISTEN) continue;
      this.#reviewListener(row);
      const bucket = bucketOf(table.localPort[row]!);
      this.#listeners.next[row] = this.#first[bucket]!;
      this.#first[bucket] = row;
    }
    this.#isIndexStale = false;
  }

  #reviewListener(row: number): void {
    const { table, ownerTold } = this.#rows;
    const listeners = this.#listeners;
    if (listeners.serial[row] !== table.slots.serial[row]) {
      listeners.serial[row] = table.slots.serial[row]!;
      listeners.uses[row] = 0;
    }
    if (ownerTold[row] !== OwnerTold.ACCEPTER) return;
    const processes = this.#processes.table;
    if (processes.isAlive(table.ownerPid[row]!, table.ownerStartTicks[row]!)) return;
    const makerPid = listeners.makerPid[row]!;
    const makerStartTicks = listeners.makerStartTicks[row]!;
    if (listeners.uses[row]! < USES_OF_ACCEPTER && processes.isAlive(makerPid, makerStartTicks)) {
      // It stays the maker's: its children serve a connection each.
      table.ownerPid[row] = makerPid;
      table.ownerStartTicks[row] = makerStartTicks;
      return;
    }
    ownerTold[row] = OwnerTold.NOBODY;
    this.#asked.clear();
    this.#seekAgain(row);
  }

  /** A connection has got its process. */
  #noteServed(row: number): void {
    const { table, ownerTold } = this.#rows;
    const pid = table.ownerPid[row]!;
    for (let at = this.#first[bucketOf(table.localPort[row]!)]!; at >= 0; at = this.#listeners.next[at]!) {
      if (this.#fit(at, row) === Fit.NONE || table.ownerBasis[at] !== OwnerBasis.DESCRIPTOR) continue;
      if (table.ownerPid[at] === pid) {
        if (ownerTold[at] !== OwnerTold.ACCEPTER) this.#confirm(at);
        this.#listeners.uses[at]!++;
      } else if (ownerTold[at] !== OwnerTold.ACCEPTER) this.#noteCandidate(at, pid);
    }
  }

  /** Who has the listener accepts. */
  #confirm(listener: number): void {
    const { table, ownerTold } = this.#rows;
    this.#listeners.makerPid[listener] = table.ownerPid[listener]!;
    this.#listeners.makerStartTicks[listener] = table.ownerStartTicks[listener]!;
    ownerTold[listener] = OwnerTold.ACCEPTER;
  }

  #noteCandidate(listener: number, pid: number): void {
    const pair = `${listener} ${this.#listeners.serial[listener]} ${pid}`;
    if (this.#candidateCount === ASKED_LIMIT || this.#asked.has(pair)) return;
    if (this.#asked.size === REMEMBERED_LIMIT) this.#asked.clear();
    this.#asked.add(pair);
    this.#candidateCount++;
    const others = this.#candidates.get(listener);
    if (others === undefined) this.#candidates.set(listener, new Set([pid]));
    else others.add(pid);
  }

  #askCandidates(ask: AskHolders): void {
    const { slots, inode } = this.#rows.table;
    ask((low, high, tgid, socketInode) => {
      for (const [row, pids] of this.#candidates) {
        if (!pids.has(tgid)) continue;
        const isIt =
          socketInode === 0
            ? slots.keyWord(row, 0) === low && slots.keyWord(row, 1) === high
            : inode[row] === socketInode;
        if (isIt) this.#give(row, tgid);
      }
    });
  }

  async #scanCandidates(slice: Slice): Promise<void> {
    for (const [row, pids] of this.#candidates) {
      this.#soughtInode = this.#rows.table.inode[row]!;
      for (const pid of pids) {
        this.#wasFound = false;
        if (this.#scanner.begin(pid) < 0) continue;
        while (this.#scanner.step(this)) if (slice.due()) await slice.rest();
        this.#scanner.end();
        if (this.#wasFound) this.#give(row, pid);
      }
    }
  }

  /** The process holds the listener and uses its connections: it accepts them. */
  #give(listener: number, pid: number): void {
    const { table, ownerTold } = this.#rows;
    const process = this.#processes.table.find(pid);
    if (process < 0 || ownerTold[listener] === OwnerTold.ACCEPTER) return;
    this.#confirm(listener);
    table.ownerPid[listener] = pid;
    table.ownerStartTicks[listener] = this.#processes.table.startTicks[process]!;
    this.#listeners.uses[listener] = 1;
  }

  /** The listener that the kernel would choose; -1: none, or one of several processes' at equal right. */
  #best(row: number): number {
    const { table } = this.#rows;
    let best = -1;
    let bestFit: number = Fit.NONE;
    for (let at = this.#first[bucketOf(table.localPort[row]!)]!; at >= 0; at = this.#listeners.next[at]!) {
      const fit = this.#fit(at, row);
      if (fit === Fit.NONE || fit < bestFit) continue;
      if (fit > bestFit) best = at;
      else if (best < 0 || table.ownerPid[at] !== table.ownerPid[best]) best = -1;
      bestFit = fit;
    }
    return best >= 0 && table.ownerBasis[best] === OwnerBasis.DESCRIPTOR ? best : -1;
  }

  #fit(listener: number, row: number): number {
    const { localAddress, localPort } = this.#rows.table;
    if (localPort[listener] !== localPort[row]) return Fit.NONE;
    const a = listener << 2;
    const b = row << 2;
    const isSameFamily = isIpv4(localAddress, a) === isIpv4(localAddress, b);
    if (isUnspecifiedAddress(localAddress, a)) {
      if (isSameFamily) return Fit.EVERY_ADDRESS;
      // `::` takes IPv4 connections too, 0.0.0.0 no others.
      return isIpv4(localAddress, a) ? Fit.NONE : Fit.EVERY_FAMILY;
    }
    for (let i = 0; i < 4; i++) if (localAddress[a + i] !== localAddress[b + i]) return Fit.NONE;
    return Fit.EXACT;
  }

  /** Sockets are shared by inheritance: the owner's parent and children are asked. */
  #isHeldBySeveral(listener: number, nowMicros: number): boolean {
    const serial = this.#rows.table.slots.serial[listener]!;
    if (
      this.#listeners.checkedSerial[listener] === serial &&
      nowMicros < this.#listeners.checkedUntilMicros[listener]!
    ) {
      return this.#listeners.isShared[listener] === 1;
    }
    this.#listeners.checkedSerial[listener] = serial;
    this.#listeners.checkedUntilMicros[listener] = nowMicros + HOLDERS_VALID_MICROS;
    this.#soughtInode = this.#rows.table.inode[listener]!;
    this.#wasFound = false;
    this.#askRelatives(this.#rows.table.ownerPid[listener]!);
    this.#listeners.isShared[listener] = this.#wasFound ? 1 : 0;
    return this.#wasFound;
  }

  #askRelatives(owner: number): void {
    const { table } = this.#processes;
    const ownerSlot = table.find(owner);
    if (ownerSlot < 0) return;
    const parent = table.ppid[ownerSlot]!;
    if (parent > 0) this.#scanner.scan(parent, this);
    let asked = 0;
    for (let i = 0; i < table.slots.count && asked < RELATIVES_LIMIT && !this.#wasFound; i++) {
      const slot = table.slots.rows[i]!;
      if (table.ppid[slot] !== owner) continue;
      asked++;
      this.#scanner.scan(table.pid[slot]!, this);
    }
  }
}

function bucketOf(port: number): number {
  return port & (PORT_BUCKETS - 1);
}
