import { columnsClass, numbers } from '../../kit/table/columns.ts';
import { hasAllNames, joinedNames } from '../sample/joined-names.ts';
import { HostTable } from '../sample/network-section.ts';
import { IdleRows } from './idle-rows.ts';

const CROWDED_ROWS = 8192;
/** A name that nobody has used for so long makes way for the next one. */
const NAME_MICROS = 3600e6;

const NAME_COLUMNS = {
  /** When a name of the host was last used. */
  lastNamedMicros: numbers('f64'),
  /** 1: the host has as many names as are kept. */
  hasAllNames: numbers('u8'),
};

/** The rows of remote hosts: found by address, dropped when old and the table is crowded. */
export class HostLedger extends columnsClass(NAME_COLUMNS) {
  readonly table = new HostTable();
  /** The row of the unspecified address: what dropped hosts had, and those that a full table has no row for. */
  readonly others: number;
  readonly idle: IdleRows;

  constructor(crowdedRows = CROWDED_ROWS) {
    super();
    this.idle = new IdleRows(this.table, crowdedRows);
    this.others = this.table.slots.add(0, 0, 0, 0);
    this.reserve(this.table.slots.capacity);
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
    this.reserve(slots.capacity);
    this.table.names[slot] = undefined;
    this.idle.begin(slot, monotonicMicros);
    return slot;
  }

  /** A connection to the host uses the name; `basis` is a NameBasis. Further names than four are not kept. */
  name(slot: number, name: string, basis: number, monotonicMicros: number): void {
    const { names, nameBasis } = this.table;
    const known = names[slot];
    const isOld = monotonicMicros - this.lastNamedMicros[slot]! > NAME_MICROS;
    this.lastNamedMicros[slot] = monotonicMicros;
    if (known === undefined || isOld) {
      names[slot] = name;
      nameBasis[slot] = basis;
      this.hasAllNames[slot] = 0;
    } else if (this.hasAllNames[slot] === 0 && known !== name) {
      names[slot] = joinedNames(known, name);
      this.hasAllNames[slot] = hasAllNames(names[slot]) ? 1 : 0;
    }
    nameBasis[slot] = Math.max(nameBasis[slot]!, basis);
  }

  /** Hosts without connections and without traffic in the last minute: as `IdleRows.drop`. */
  dropIdle(monotonicMicros: number, merge: (isMarked: Uint8Array) => void): void {
    const { connectionCount } = this.table;
    const mayGo = (slot: number): boolean => connectionCount[slot] === 0 && slot !== this.others;
    this.idle.drop(monotonicMicros, mayGo, merge);
  }
}
