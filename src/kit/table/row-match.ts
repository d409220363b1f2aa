import { columnsClass, numbers } from './columns.ts';
import type { SlotTable } from './slot-table.ts';

/** Of each received row. */
export class ReceivedKeys extends columnsClass({
  words: numbers('u32', 0, 4),
  /** Distinguishes successive rows with the same key: the sender's serial, or the start time of a process. */
  identity: numbers('f64'),
  /** 1: the row gets no slot. */
  isRefused: numbers('u8'),
}) {
  /** Room for so many rows, all zero. */
  reset(rows: number): void {
    this.reserveAhead(rows);
    this.words.fill(0, 0, rows * 4);
    this.identity.fill(0, 0, rows);
    this.isRefused.fill(0, 0, rows);
  }
}

/** Called with a slot. */
type TellSlot = (slot: number) => void;

const MATCH_COLUMNS = {
  /** By slot: the identity of its row, and the run that saw it last. */
  identity: numbers('f64'),
  seen: numbers('u32'),
};

/**
 * Finds or makes the slot of each received row. A row keeps its slot, and with it the reader's serial, while its key
 * and its identity stay: rates, selections and histories hold on to it as they do to a live one's.
 */
export class RowMatch extends columnsClass(MATCH_COLUMNS) {
  /** Slot of each received row; -1 where the table is full or the row was refused. */
  slots = new Int32Array(0);
  #run = 0;

  /** Ends a full update: frees the slots of rows that were not received. Calls `removed` before each is freed. */
  replace(table: SlotTable, keys: ReceivedKeys, rows: number, removed: TellSlot): void {
    const { words, identity } = keys;
    this.#begin(table, rows);
    for (let row = 0; row < rows; row++) this.slots[row] = this.#findKnown(table, words, identity, row);
    this.#removeUnseen(table, removed);
    for (let row = 0; row < rows; row++) {
      if (this.slots[row]! < 0) this.slots[row] = this.#add(table, keys, row, removed);
    }
  }

  /** Updates some rows and keeps the others. Calls `added` for each new slot. */
  update(table: SlotTable, keys: ReceivedKeys, rows: number, removed: TellSlot, added: TellSlot): void {
    const { words, identity } = keys;
    this.#begin(table, rows);
    for (let row = 0; row < rows; row++) {
      const known = this.#findKnown(table, words, identity, row);
      this.slots[row] = known >= 0 ? known : this.#add(table, keys, row, removed, added);
    }
  }

  /** Takes rows away that are known. */
  remove(table: SlotTable, keys: ReceivedKeys, rows: number, removed: TellSlot): void {
    const { words, identity } = keys;
    this.#begin(table, rows);
    for (let row = 0; row < rows; row++) {
      const slot = this.#findKnown(table, words, identity, row);
      this.slots[row] = -1;
      if (slot < 0) continue;
      removed(slot);
      table.remove(slot);
    }
  }

  #begin(table: SlotTable, rows: number): void {
    this.#run = (this.#run + 1) >>> 0;
    if (rows > this.slots.length) this.slots = new Int32Array(rows * 2);
    this.reserve(table.capacity);
  }

  #find(table: SlotTable, words: Uint32Array, row: number): number {
    const k = row * 4;
    return table.find(words[k]!, words[k + 1]!, words[k + 2]!, words[k + 3]!);
  }

  #findKnown(table: SlotTable, words: Uint32Array, identity: Float64Array, row: number): number {
    const slot = this.#find(table, words, row);
    if (slot < 0 || this.identity[slot] !== identity[row]) return -1;
    this.seen[slot] = this.#run;
    return slot;
  }

  #removeUnseen(table: SlotTable, removed: TellSlot): void {
    for (let i = table.count - 1; i >= 0; i--) {
      const slot = table.rows[i]!;
      if (this.seen[slot] === this.#run) continue;
      removed(slot);
      table.remove(slot);
    }
  }

  /** A key that occurs twice among received rows, which no honest sender writes, is one row. */
  #add(
    table: SlotTable,
    { words, identity, isRefused }: ReceivedKeys,
    row: number,
    removed: TellSlot,
    added?: TellSlot,
  ): number {
    if (isRefused[row] !== 0) return -1;
    const known = this.#find(table, words, row);
    if (known >= 0 && this.seen[known] === this.#run) return known;
    if (known >= 0) {
      removed(known);
      table.remove(known);
    }
    const k = row * 4;
    const slot = table.add(words[k]!, words[k + 1]!, words[k + 2]!, words[k + 3]!);
    if (slot < 0) return -1;
    this.reserve(table.capacity);
    added?.(slot);
    this.identity[slot] = identity[row]!;
    this.seen[slot] = this.#run;
    return slot;
  }
}
