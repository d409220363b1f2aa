import { lengthened } from '../../kit/table/slot-table.ts';
import { hasAllNames, joinedNames } from '../sample/joined-names.ts';
import { HostTable } from '../sample/network-section.ts';
import { clearHealth } from './health-ledger.ts';

const CROWDED_ROWS = 8192;
const IDLE_MICROS = 60e6;
const DROP_EVERY_MICROS = 5e6;
/** A name that nobody has used for so long makes way for the next one. */
const NAME_MICROS = 3600e6;

/** The rows of remote hosts: found by address, dropped when old and the table is crowded. */
export class HostLedger {
  readonly table = new HostTable();
  /** The row of the unspecified address: what dropped hosts had, and those that a full table has no row for. */
  readonly others: number;
  #lastGrowthMicros: Float64Array;
  /** When a name of the host was last used. */
  #lastNamedMicros: Float64Array;
  /** 1: the host has as many names as are kept. */
  #hasAllNames: Uint8Array;
  #isMarked = new Uint8Array(0);
  #nextDropMicros = 0;
  readonly #crowdedRows: number;

  constructor(crowdedRows = CROWDED_ROWS) {
    this.#crowdedRows = crowdedRows;
    this.#lastGrowthMicros = new Float64Array(this.table.slots.capacity);
    this.#lastNamedMicros = new Float64Array(this.table.slots.capacity);
    this.#hasAllNames = new Uint8Array(this.table.slots.capacity);
    this.others = this.table.slots.add(0, 0, 0, 0);
  }

  noteGrowth(slot: number, monotonicMicros: number): void {
    this.#lastGrowthMicros[slot] = monotonicMicros;
  }

  /** Before a sample's sockets. */
  refresh(): void {
    this.table.connectionCount.fill(0);
  }

  of(words: Uint32Array, at: number, monotonicMicros: number): number {
    const { slots } = this.table;
    const known = slots.find(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
    if (known >= 0) return known;
    const slot = slots.add(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
    if (slot < 0) return this.others;
    if (slots.capacity > this.#lastGrowthMicros.length) {
      this.#lastGrowthMicros = lengthened(this.#lastGrowthMicros, new Float64Array(slots.capacity));
      this.#lastNamedMicros = lengthened(this.#lastNamedMicros, new Float64Array(slots.capacity));
      this.#hasAllNames = lengthened(this.#hasAllNames, new Uint8Array(slots.capacity));
    }
    this.table.connectionCount[slot] = 0;
    clearHealth(this.table, slot);
    this.table.names[slot] = undefined;
    this.table.nameBasis[slot] = 0;
    this.#lastGrowthMicros[slot] = monotonicMicros;
    return slot;
  }

  /** A connection to the host uses the name; `basis` is a NameBasis. Further names than four are not kept. */
  name(slot: number, name: string, basis: number, monotonicMicros: number): void {
    const { names, nameBasis } = this.table;
    const known = names[slot];
    const isOld = monotonicMicros - this.#lastNamedMicros[slot]! > NAME_MICROS;
    this.#lastNamedMicros[slot] = monotonicMicros;
    if (known === undefined || isOld) {
      names[slot] = name;
      nameBasis[slot] = basis;
      this.#hasAllNames[slot] = 0;
    } else if (this.#hasAllNames[slot] === 0 && known !== name) {
      names[slot] = joinedNames(known, name);
      this.#hasAllNames[slot] = hasAllNames(names[slot]) ? 1 : 0;
    }
    nameBasis[slot] = Math.max(nameBasis[slot]!, basis);
  }

  /** As OwnerLedger.dropExited: hosts without connections and without traffic in the last minute. */
  dropIdle(monotonicMicros: number, merge: (isMarked: Uint8Array, heir: number) => void): void {
    const { slots, connectionCount } = this.table;
    if (slots.count <= this.#crowdedRows || monotonicMicros < this.#nextDropMicros) return;
    this.#nextDropMicros = monotonicMicros + DROP_EVERY_MICROS;
    if (this.#isMarked.length < slots.capacity) this.#isMarked = new Uint8Array(slots.capacity);
    const idleSinceMicros = monotonicMicros - IDLE_MICROS;
    for (let i = 0; i < slots.count; i++) {
      const slot = slots.rows[i]!;
      const isIdle = connectionCount[slot] === 0 && this.#lastGrowthMicros[slot]! < idleSinceMicros;
      this.#isMarked[slot] = isIdle && slot !== this.others ? 1 : 0;
    }
    merge(this.#isMarked, this.others);
    slots.removeWhere((slot) => this.#isMarked[slot] === 1);
  }
}
