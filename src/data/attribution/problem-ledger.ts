import { lengthened } from '../../kit/table/slot-table.ts';
import { ProblemTable } from '../sample/network-section.ts';
import { ProblemKind } from '../schema/network-columns.ts';

/** Rows without growth are dropped once the table is larger than this. */
const CROWDED_ROWS = 1024;
const IDLE_MICROS = 60e6;
const DROP_EVERY_MICROS = 5e6;
const NONE = 0xffffffff;

/** The rows of problems: found by kind, port, owner, host and reason; dropped when old and the table is crowded. */
export class ProblemLedger {
  readonly table = new ProblemTable();
  /** Rows of RETRANSMITTED: while there is none, no connection has to be looked up. */
  pathCount = 0;
  #lastGrowthMicros: Float64Array;
  #nextDropMicros = 0;
  readonly #reasonNumbers = new Map<string, number>();

  constructor() {
    this.#lastGrowthMicros = new Float64Array(this.table.slots.capacity);
  }

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
    this.#lastGrowthMicros[slot] = monotonicMicros;
  }

  /** The slots of these owners, or hosts, go: so do their rows. */
  dropMarked(subject: 'owner' | 'host', isMarked: Uint8Array): void {
    const column = this.table[subject];
    this.#drop((slot) => column[slot]! >= 0 && isMarked[column[slot]!] === 1);
  }

  /** Where the table is crowded: drops rows that have not grown in the last minute. */
  dropIdle(monotonicMicros: number): void {
    const { slots, owner, host } = this.table;
    if (slots.count <= CROWDED_ROWS || monotonicMicros < this.#nextDropMicros) return;
    this.#nextDropMicros = monotonicMicros + DROP_EVERY_MICROS;
    const since = monotonicMicros - IDLE_MICROS;
    // Those of the machine are few, and its counters go on.
    this.#drop((slot) => this.#lastGrowthMicros[slot]! < since && (owner[slot]! >= 0 || host[slot]! >= 0));
  }

  #begin(slot: number, kind: number, owner: number, host: number, port: number, reason: string): number {
    const { table } = this;
    if (table.slots.capacity > this.#lastGrowthMicros.length) {
      this.#lastGrowthMicros = lengthened(this.#lastGrowthMicros, new Float64Array(table.slots.capacity));
    }
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

  #drop(isGoing: (slot: number) => boolean): void {
    const { slots, kind, reasons } = this.table;
    slots.removeWhere(isGoing, (slot) => {
      if (kind[slot] === ProblemKind.RETRANSMITTED) this.pathCount--;
      reasons[slot] = '';
      slots.remove(slot);
    });
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
