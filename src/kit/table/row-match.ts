import { columnsClass, numbers } from './columns.ts';
import type { SlotTable } from './slot-table.ts';

/** Of each received row. */
export class ReceivedKeys extends columnsClass({
  words: numbers('u32', 0, 4),
  /** The sender's. */
  serial: numbers('u32'),
}) {
  /** Room for so many rows, all zero. */
  reset(rows: number): void {
    this.reserveAhead(rows);
    this.words.fill(0, 0, rows * 4);
    this.serial.fill(0, 0, rows);
  }
}

const MATCH_COLUMNS = {
  /** By slot: the sender's serial, and the run that saw it last. */
  serial: numbers('u32'),
  seen: numbers('u32'),
};

/**
 * Finds or makes the slot of each row of a whole table, and removes the slots of rows that are no more. A row keeps
 * its slot, and with it the reader's serial, while its key and the sender's serial stay: rates, selections and
 * histories hold on to it as they do to a live one's.
 */
export class RowMatch extends columnsClass(MATCH_COLUMNS) {
  /** Slot of each received row; -1 where the table is full or the row was refused. */
  slots = new Int32Array(0);
  #run = 0;

  /** `removed` is told of each slot before it is given back. `isRefused`: rows that get no slot. */
  run(
    table: SlotTable,
    { words, serial }: ReceivedKeys,
    rows: number,
    removed: (slot: number) => void,
    isRefused?: (row: number) => boolean,
  ): void {
    this.#run = (this.#run + 1) >>> 0;
    if (rows > this.slots.length) this.slots = new Int32Array(rows * 2);
    this.reserve(table.capacity);
    for (let row = 0; row < rows; row++) this.slots[row] = this.#findKnown(table, words, serial, row);
    this.#removeUnseen(table, removed);
    for (let row = 0; row < rows; row++) {
      if (this.slots[row]! < 0 && isRefused?.(row) !== true) this.#add(table, words, serial, row);
    }
  }

  #findKnown(table: SlotTable, words: Uint32Array, serial: Uint32Array, row: number): number {
    const k = row * 4;
    const slot = table.find(words[k]!, words[k + 1]!, words[k + 2]!, words[k + 3]!);
    if (slot < 0 || this.serial[slot] !== serial[row]) return -1;
    this.seen[slot] = this.#run;
    return slot;
  }

  #removeUnseen(table: SlotTable, removed: (slot: number) => void): void {
    for (let i = table.count - 1; i >= 0; i--) {
      const slot = table.rows[i]!;
      if (this.seen[slot] === this.#run) continue;
      removed(slot);
      table.remove(slot);
    }
  }

  /** A key that occurs twice, which no honest sender writes, is one row. */
  #add(table: SlotTable, words: Uint32Array, serial: Uint32Array, row: number): void {
    const k = row * 4;
    const known = table.find(words[k]!, words[k + 1]!, words[k + 2]!, words[k + 3]!);
    const slot = known >= 0 ? known : table.add(words[k]!, words[k + 1]!, words[k + 2]!, words[k + 3]!);
    this.slots[row] = slot;
    if (slot < 0) return;
    this.reserve(table.capacity);
    this.serial[slot] = serial[row]!;
    this.seen[slot] = this.#run;
  }
}
