import type { ExitedTable, ProcessTable } from '../../../src/data/sample/process-table.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import { OwnerBasis } from '../../../src/data/sample/socket-table.ts';
import { TcpState } from '../../../src/data/schema/network-columns.ts';
import { lengthened } from '../../../src/kit/table/slot-table.ts';
import type { HolderVisitor } from '../bpf/network-accounting.ts';
import type { FlowRecord } from '../bpf/network-flow.ts';
import { BOOT_OFFSET_NANOS } from '../bpf/task-units.ts';
import { CLOCK_TICKS_PER_SECOND } from '../host.ts';
import { OwnerTold, RowLife, type SocketRows } from './sockets.ts';

const NANOS_PER_TICK = 1e9 / CLOCK_TICKS_PER_SECOND;

/** The processes that are alive. */
export interface OwnerProcesses {
  readonly table: ProcessTable;
  /** Looks for a process that the table does not have, being too young. Returns its slot, -1: it is gone. */
  admit(pid: number): number;
}

/**
 * Tells which process a flow's pid means: the one that has it now, or one that had it when the socket became its own
 * and has ended since.
 */
export class FlowOwners {
  readonly #processes: OwnerProcesses;
  readonly #exited: ExitedTable;
  readonly #drainExits: () => void;
  #hasDrained = false;

  constructor(processes: OwnerProcesses, exited: ExitedTable, drainExits: () => void) {
    this.#processes = processes;
    this.#exited = exited;
    this.#drainExits = drainExits;
  }

  beginCollection(): void {
    this.#hasDrained = false;
  }

  /** Writes the owner columns of a row; without an owner, the owner comes from descriptors. */
  assign(rows: SocketRows, row: number, flow: FlowRecord): void {
    const { table } = rows;
    if (flow.machineTgid === 0) {
      if (rows.isFlow[row] === 1) table.ownerBasis[row] = OwnerBasis.KERNEL;
      return;
    }
    if (table.state[row] === TcpState.LISTEN && this.#copyAccepter(rows, row, flow)) return;
    rows.ownerTold[row] = OwnerTold.USER;
    if (flow.isOutside) {
      table.ownerPid[row] = 0;
      table.ownerStartTicks[row] = 0;
      table.ownerBasis[row] = OwnerBasis.OUTSIDE;
      return;
    }
    table.ownerPid[row] = flow.tgid;
    table.ownerStartTicks[row] = this.#startTicksOf(flow);
    table.ownerBasis[row] = OwnerBasis.DESCRIPTOR;
  }

  /** Handshakes of a listener belong to the process that accepts its connections, not to its creator. */
  #copyAccepter(rows: SocketRows, row: number, flow: FlowRecord): boolean {
    const { table, ownerTold } = rows;
    const listener = rows.find(flow.cookieLow, flow.cookieHigh);
    if (listener < 0 || ownerTold[listener] !== OwnerTold.ACCEPTER) return false;
    ownerTold[row] = OwnerTold.ACCEPTER;
    table.ownerPid[row] = table.ownerPid[listener]!;
    table.ownerStartTicks[row] = table.ownerStartTicks[listener]!;
    table.ownerBasis[row] = table.ownerBasis[listener]!;
    return true;
  }

  #startTicksOf(flow: FlowRecord): number {
    const { table } = this.#processes;
    const known = table.find(flow.tgid);
    const alive = known >= 0 ? known : this.#processes.admit(flow.tgid);
    const { startTicks } = flow;
    if (!Number.isNaN(startTicks)) {
      const isAlive = alive >= 0 && table.startTicks[alive] === startTicks;
      return isAlive ? startTicks : this.#endedSince(flow, startTicks);
    }
    const ownedTicks = Math.floor((flow.ownedSinceNanos + BOOT_OFFSET_NANOS) / NANOS_PER_TICK);
    // Nobody can have owned a socket before it began.
    if (alive >= 0 && table.startTicks[alive]! <= ownedTicks + 1) return table.startTicks[alive]!;
    return this.#endedStartTicks(flow, ownedTicks);
  }

  /** A process that has ended, seen or not: its number may be another one's by now. */
  #endedSince(flow: FlowRecord, startTicks: number): number {
    this.#drain();
    if (this.#exited.find(flow.tgid, startTicks) < 0) this.#noteEnded(flow, startTicks);
    return startTicks;
  }

  #drain(): void {
    if (this.#hasDrained) return;
    this.#hasDrained = true;
    this.#drainExits();
  }

  #noteEnded(flow: FlowRecord, startTicks: number): void {
    const slot = this.#exited.add(flow.tgid, startTicks);
    if (slot < 0) return;
    this.#exited.names[slot] = flow.comm();
    this.#exited.uid[slot] = flow.uid;
  }

  #endedStartTicks(flow: FlowRecord, ownedTicks: number): number {
    this.#drain();
    const exited = this.#exited;
    const latest = exited.latestOf(flow.tgid);
    if (latest >= 0 && exited.startTicks[latest]! <= ownedTicks + 1) return exited.startTicks[latest]!;
    // Nobody saw it end: from when on it had the socket is all that is known of its time.
    this.#noteEnded(flow, ownedTicks);
    return ownedTicks;
  }
}

const ROWS_BETWEEN_RESTS = 4096;

/** Calls back for every socket that a process holds; never if the kernel does not support it. */
export type AskHolders = (visit: HolderVisitor) => void;

/**
 * Finds who holds the sockets that have not sent a packet yet: listeners above all. The kernel is asked when there is
 * one that was not asked for before, or whose holder has ended; of several holders the one that started last has it.
 */
export class HolderSearch {
  readonly #rows: SocketRows;
  readonly #processes: OwnerProcesses;
  readonly #ask: AskHolders;
  /** Rows that are asked for, by inode. */
  readonly #asked = new Map<number, number[]>();
  /** Per row the serial that was asked for. */
  #askedSerial = new Uint32Array(0);

  constructor(rows: SocketRows, processes: OwnerProcesses, ask: AskHolders) {
    this.#rows = rows;
    this.#processes = processes;
    this.#ask = ask;
  }

  /** Brings the owner columns of such rows up to date. Throws BpfError. */
  async resolve(slice: Slice): Promise<void> {
    const { slots } = this.#rows.table;
    if (this.#askedSerial.length < slots.capacity) {
      this.#askedSerial = lengthened(this.#askedSerial, new Uint32Array(slots.capacity));
    }
    this.#asked.clear();
    for (let i = 0; i < slots.count; i++) {
      const row = slots.rows[i]!;
      if (this.#isNews(row)) this.#noteAsked(row);
      if (i % ROWS_BETWEEN_RESTS === ROWS_BETWEEN_RESTS - 1 && slice.due()) await slice.rest();
    }
    if (this.#asked.size === 0) return;
    this.#ask((low, high, tgid, inode) => {
      if (inode === 0) this.#give(this.#rows.find(low, high), tgid);
      else for (const row of this.#asked.get(inode) ?? []) this.#give(row, tgid);
    });
  }

  #noteAsked(row: number): void {
    const inode = this.#rows.table.inode[row]!;
    const others = this.#asked.get(inode);
    if (others === undefined) this.#asked.set(inode, [row]);
    else others.push(row);
  }

  #isNews(row: number): boolean {
    const { table, ownerTold, life } = this.#rows;
    const serial = table.slots.serial[row]!;
    if (ownerTold[row]! >= OwnerTold.USER) return false;
    if (ownerTold[row] === OwnerTold.HOLDER) {
      if (this.#processes.table.isAlive(table.ownerPid[row]!, table.ownerStartTicks[row]!)) return false;
      ownerTold[row] = OwnerTold.NOBODY;
      this.#askedSerial[row] = 0;
    }
    if (life[row] !== RowLife.LIVE || table.inode[row] === 0 || this.#askedSerial[row] === serial)
      return false;
    this.#askedSerial[row] = serial;
    return true;
  }

  #give(row: number, tgid: number): void {
    const { table, ownerTold } = this.#rows;
    // Use is a better sign of ownership than holding.
    if (row < 0 || ownerTold[row]! >= OwnerTold.USER) return;
    const known = this.#processes.table.find(tgid);
    const process = known >= 0 ? known : this.#processes.admit(tgid);
    if (process < 0) return;
    const startTicks = this.#processes.table.startTicks[process]!;
    const isKnown = ownerTold[row] === OwnerTold.HOLDER;
    if (isKnown && startTicks <= table.ownerStartTicks[row]!) return;
    table.ownerPid[row] = tgid;
    table.ownerStartTicks[row] = startTicks;
    table.ownerBasis[row] = OwnerBasis.DESCRIPTOR;
    ownerTold[row] = OwnerTold.HOLDER;
  }
}
