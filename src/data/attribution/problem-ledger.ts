import { ProblemTable } from '../sample/network-section.ts';
import { ProblemKind } from '../schema/network-columns.ts';
import { IdleRows } from './idle-rows.ts';

/** Rows without growth are dropped once the table is larger than this. */
const CROWDED_ROWS = 1024;
const NONE = 0xffffffff;

/** The rows of problems: found by kind, port, owner, host and reason; dropped when old and the table is crowded. */
export class ProblemLedger {
  readonly table = new ProblemTable();
  /** Rows of RETRANSMITTED: while there is none, no connection has to be looked up. */
  pathCount = 0;
  readonly #idle = new IdleRows(this.table, CROWDED_ROWS);
  readonly #reasonNumbers = new Map<string, number>();

  /** The row of a path that has lost segments; -1 none. */
  findPath(owner: number, host: number): number {
    return this.table.slots.find(ProblemKind.RETRANSMITTED, owner >>> 0, host >>> 0, 0);
  }

  /** A row with its count at 0 where it is new; -1: the table is full. Owner and host -1 none. */
  slotFor(kind: ProblemKind, owner: number, host: number, port = 0, reason = ''): number {
    const { slots } = this.table;
    const kindAndPort = (kind | (port << 8)) >>> 0;
    const reasonNumber = this.#numberOf(reason);
    const known = slots.find(kindAndPort, owner >>> 0, host >>> 0, reasonNumber);
    if (known >= 0) return known;
    const slot = slots.add(kindAndPort, owner >>> 0, host >>> 0, reasonNumber);
    return slot < 0 ? -1 : this.#begin(slot, kind, owner, host, port, reason);
  }

  /** Adds to what a row of `slotFor` counts. */
  grow(slot: number, count: number, monotonicMicros: number): void {
    this.table.count[slot]! += count;
    this.#idle.lastGrowthMicros[slot] = monotonicMicros;
  }

  /** The slots of these owners, or hosts, go: so do their rows. */
  dropMarked(subject: 'owner' | 'host', isMarked: Uint8Array): void {
    const column = this.table[subject];
    const isGoing = (slot: number): boolean => column[slot]! >= 0 && isMarked[column[slot]!] === 1;
    this.table.slots.removeWhere(isGoing, (slot) => {
      this.#forgetPath(slot);
      this.table.removeRow(slot);
    });
  }

  /** Where the table is crowded: drops rows that have not grown in the last minute. */
  dropIdle(monotonicMicros: number): void {
    const { slots, owner, host } = this.table;
    // Those of the machine are few, and its counters go on.
    const mayGo = (slot: number): boolean => owner[slot]! >= 0 || host[slot]! >= 0;
    this.#idle.drop(monotonicMicros, mayGo, (isMarked) => {
      for (let i = 0; i < slots.count; i++) {
        if (isMarked[slots.rows[i]!] === 1) this.#forgetPath(slots.rows[i]!);
      }
    });
  }

  #begin(slot: number, kind: number, owner: number, host: number, port: number, reason: string): number {
    const { table } = this;
    this.#idle.begin(slot, 0);
    table.clearRow(slot);
    table.kind[slot] = kind;
    table.owner[slot] = owner;
    table.host[slot] = host;
    table.port[slot] = port;
    table.reasons[slot] = reason;
    if (kind === ProblemKind.RETRANSMITTED) {
      table.outOf[slot] = 0;
      this.pathCount++;
    }
    return slot;
  }

  #forgetPath(slot: number): void {
    if (this.table.kind[slot] === ProblemKind.RETRANSMITTED) this.pathCount--;
  }

  /** Reasons are the kernel's, some hundred at most. */
  #numberOf(reason: string): number {
    if (reason === '') return 0;
    let number = this.#reasonNumbers.get(reason);
    if (number === undefined) {
      number = (this.#reasonNumbers.size + 1) % NONE;
      this.#reasonNumbers.set(reason, number);
    }
    return number;
  }
}
