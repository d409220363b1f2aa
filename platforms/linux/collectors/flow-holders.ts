import type { Slice } from '../../../src/data/sample/slice.ts';
import { OwnerBasis } from '../../../src/data/sample/socket-table.ts';
import { lengthened } from '../../../src/kit/table/slot-table.ts';
import type { OwnerProcesses } from './flow-owners.ts';
import { OwnerTold, RowLife, type SocketRows } from './sockets.ts';

const ROWS_BETWEEN_RESTS = 4096;

/** Calls back for every socket that a process holds; nothing where the kernel cannot tell. */
type AskHolders = (visit: (cookieLow: number, cookieHigh: number, tgid: number) => void) => void;

/**
 * Finds who holds the sockets that have not sent a packet yet: listeners above all. The kernel is asked when there is
 * one that was not asked for before, or whose holder has ended; of several holders the one that started last has it.
 */
export class HolderSearch {
  readonly #rows: SocketRows;
  readonly #processes: OwnerProcesses;
  readonly #ask: AskHolders;
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
    let isAsking = false;
    for (let i = 0; i < slots.count; i++) {
      if (this.#isNews(slots.rows[i]!)) isAsking = true;
      if (i % ROWS_BETWEEN_RESTS === ROWS_BETWEEN_RESTS - 1 && slice.due()) await slice.rest();
    }
    if (isAsking) this.#ask((low, high, tgid) => this.#see(low, high, tgid));
  }

  #isNews(row: number): boolean {
    const { table, ownerTold, life } = this.#rows;
    const serial = table.slots.serial[row]!;
    if (ownerTold[row] === OwnerTold.USER) return false;
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

  #see(cookieLow: number, cookieHigh: number, tgid: number): void {
    const { table, ownerTold } = this.#rows;
    const row = this.#rows.find(cookieLow, cookieHigh);
    // Who uses it says more than who holds it.
    if (row < 0 || ownerTold[row] === OwnerTold.USER) return;
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
