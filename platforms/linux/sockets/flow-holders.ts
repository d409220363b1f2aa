import type { Slice } from '../../../src/data/sample/slice.ts';
import { OwnerBasis } from '../../../src/data/sample/socket-table.ts';
import { lengthened } from '../../../src/kit/table/slot-table.ts';
import type { OwnerProcesses } from './flow-owners.ts';
import { OwnerTold, RowLife, type SocketRows } from './sockets.ts';

const ROWS_BETWEEN_RESTS = 4096;

/** `inode` is 0 but for MPTCP sockets, whose connections have it too. */
type HolderVisitor = (cookieLow: number, cookieHigh: number, tgid: number, inode: number) => void;
/** Calls back for every socket that a process holds; nothing where the kernel cannot tell. */
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
      if (this.#isAlive(row)) return false;
      ownerTold[row] = OwnerTold.NOBODY;
      this.#askedSerial[row] = 0;
    }
    if (life[row] !== RowLife.LIVE || table.inode[row] === 0 || this.#askedSerial[row] === serial)
      return false;
    this.#askedSerial[row] = serial;
    return true;
  }

  #isAlive(row: number): boolean {
    const { ownerPid, ownerStartTicks } = this.#rows.table;
    const process = this.#processes.table.find(ownerPid[row]!);
    return process >= 0 && this.#processes.table.startTicks[process] === ownerStartTicks[row];
  }

  #give(row: number, tgid: number): void {
    const { table, ownerTold } = this.#rows;
    // Who uses it says more than who holds it.
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
