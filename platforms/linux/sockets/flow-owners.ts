import type { ExitedTable } from '../../../src/data/sample/exited-table.ts';
import type { ProcessTable } from '../../../src/data/sample/process-table.ts';
import { OwnerBasis } from '../../../src/data/sample/socket-table.ts';
import { TcpState } from '../../../src/data/schema/network-columns.ts';
import type { FlowRecord } from '../bpf/network-flow.ts';
import { BOOT_OFFSET_NANOS } from '../bpf/time-namespace.ts';
import { CLOCK_TICKS_PER_SECOND } from '../host.ts';
import { OwnerTold, type SocketRows } from './sockets.ts';

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

  /** Writes the owner columns of a row; without a pid it is left to those who look at descriptors. */
  assign(rows: SocketRows, row: number, flow: FlowRecord): void {
    const { table } = rows;
    if (flow.tgid === 0) {
      if (rows.isFlow[row] === 1) table.ownerBasis[row] = OwnerBasis.KERNEL;
      return;
    }
    if (table.state[row] === TcpState.LISTEN && this.#copyAccepter(rows, row, flow)) return;
    rows.ownerTold[row] = OwnerTold.USER;
    table.ownerPid[row] = flow.tgid;
    table.ownerStartTicks[row] = this.#startTicksOf(flow);
    table.ownerBasis[row] = OwnerBasis.DESCRIPTOR;
  }

  /** A listener's handshakes are those of who is known to accept its connections, not of who made it. */
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
