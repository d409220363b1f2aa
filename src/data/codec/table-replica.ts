import { columnsClass, numbers } from '../../kit/table/columns.ts';
import type { SlotTable } from '../../kit/table/slot-table.ts';
import type { FieldShape } from './protobuf.ts';
import type { NumberFormat } from './table-format.ts';
import type { ToldTable, ToldTexts } from './told-table.ts';
import { scatter, UNKNOWN_COUNT } from './typed-columns.ts';

/** Rows of a table as they came from another machine or a recording, column by column. */
export interface ReceivedColumns {
  readonly rows: number;
  /** Values by row, valid until the next call; undefined: no such column. UNKNOWN_COUNT is an unknown double. */
  numbers(column: { readonly field: FieldShape }): Float64Array | undefined;
  /** Puts the texts of row i at `slots[i]`, -1 nowhere. `keepsLeftOut`: where the column was left out, they stay. */
  putTexts(column: ToldTexts, slots: Int32Array, keepsLeftOut: boolean): void;
}

/**
 * A table that is brought up to date by what is received. Rows keep their slots and serials while the sender's rows
 * live, so rates, selections and histories go on from one time to the next.
 */
export class TableReplica {
  readonly table: ToldTable;
  readonly #keys = new ReceivedKeys();
  readonly #match = new RowMatch();
  readonly #referred: ReadonlyMap<string, TableReplica>;
  /** Values of a column that was left out. */
  #leftOut = new Float64Array(0);
  #received = 0;

  /** `referred`: the tables that columns of this one refer to, by name; they are brought up to date before it. */
  constructor(table: ToldTable, referred: ReadonlyMap<string, TableReplica> = new Map()) {
    this.table = table;
    this.#referred = referred;
  }

  /** Makes the rows that were received the only ones. To be run to its end; rests are allowed between steps. */
  *replace(received: ReceivedColumns): Generator<void> {
    this.#readKeys(received);
    this.#match.replace(this.table.slots, this.#keys, received.rows, this.#removed);
    this.table.reserve();
    yield* this.#scatter(received, false);
  }

  /** Adds and changes the rows that were received; columns that were left out stay as they are. */
  *update(received: ReceivedColumns): Generator<void> {
    this.#readKeys(received);
    this.#match.update(this.table.slots, this.#keys, received.rows, this.#removed, (slot) => {
      this.table.reserve();
      this.table.clearRow(slot);
    });
    yield* this.#scatter(received, true);
  }

  /** Removes the rows that were received. */
  remove(received: ReceivedColumns): void {
    this.#readKeys(received);
    this.#match.remove(this.table.slots, this.#keys, received.rows, this.#removed);
  }

  readonly #removed = (slot: number): void => this.table.clearTexts(slot);

  #readKeys(received: ReceivedColumns): void {
    const { format } = this.table;
    const { rows } = received;
    const keys = this.#keys;
    this.#received = rows;
    keys.reset(rows);
    for (const [word, field] of format.keyWords.entries()) {
      const values = received.numbers({ field });
      if (values !== undefined) putWords(values, keys.words, word, rows);
    }
    for (const [word, column] of format.keyColumns.entries()) {
      const values = this.#valuesOf(received, column);
      putWords(values, keys.words, word, rows);
      // A traffic row without its subject would have no owner.
      if (column.refersTo !== undefined) refuseRows(values, keys.isRefused, rows);
    }
    const { serial, identity } = format;
    const serials = serial === undefined ? undefined : received.numbers({ field: serial });
    const identities = identity === undefined ? serials : this.#valuesOf(received, identity);
    if (identities !== undefined) keys.identity.set(identities.subarray(0, rows));
  }

  *#scatter(received: ReceivedColumns, keepsLeftOut: boolean): Generator<void> {
    const { slots } = this.#match;
    const { format, numbers, texts } = this.table;
    for (const column of numbers) {
      const values = received.numbers(column.format);
      if (values === undefined && keepsLeftOut && !format.ownColumns.includes(column.format)) continue;
      const { stride, offset } = column.format;
      scatter(
        this.#bound(column.format, values, received.rows),
        column.values,
        stride,
        offset,
        slots,
        received.rows,
      );
      yield;
    }
    for (const column of texts) received.putTexts(column, slots, keepsLeftOut);
  }

  #valuesOf(received: ReceivedColumns, column: NumberFormat): Float64Array {
    return this.#bound(column, received.numbers(column), received.rows);
  }

  /** What cannot be becomes what stands for a column that is left out; places become slots. */
  #bound(column: NumberFormat, values: Float64Array | undefined, rows: number): Float64Array {
    const { field, absent, least, most, isDouble, refersTo } = column;
    const standIn = isDouble && Number.isNaN(absent) ? UNKNOWN_COUNT : absent;
    if (values === undefined) return this.#filled(rows, standIn);
    const referred = refersTo === undefined ? undefined : this.#referred.get(refersTo);
    if (referred !== undefined) toSlots(values, rows, referred.#match.slots, referred.#received);
    else if (isDouble) refuseNegative(values, rows, standIn);
    else if (least < 0) refuseOutside(values, rows, least, most, standIn);
    else if (field.type !== 'fixed32') refuseLarge(values, rows, most, standIn);
    return values;
  }

  #filled(rows: number, value: number): Float64Array {
    if (this.#leftOut.length < rows) this.#leftOut = new Float64Array(rows);
    return this.#leftOut.fill(value, 0, rows);
  }
}

function putWords(values: Float64Array, words: Uint32Array, word: number, rows: number): void {
  for (let row = 0; row < rows; row++) words[row * 4 + word] = values[row]!;
}

function refuseRows(values: Float64Array, isRefused: Uint8Array, rows: number): void {
  for (let row = 0; row < rows; row++) {
    if (values[row]! < 0) isRefused[row] = 1;
  }
}

function toSlots(values: Float64Array, rows: number, slots: Int32Array, count: number): void {
  for (let i = 0; i < rows; i++) {
    const place = values[i]!;
    values[i] = place >= 0 && place < count ? slots[place]! : -1;
  }
}

function refuseNegative(values: Float64Array, rows: number, standIn: number): void {
  for (let i = 0; i < rows; i++) {
    if (values[i]! < 0) values[i] = standIn;
  }
}

function refuseLarge(values: Float64Array, rows: number, most: number, standIn: number): void {
  for (let i = 0; i < rows; i++) {
    if (values[i]! > most) values[i] = standIn;
  }
}

function refuseOutside(
  values: Float64Array,
  rows: number,
  least: number,
  most: number,
  standIn: number,
): void {
  for (let i = 0; i < rows; i++) {
    const value = values[i]!;
    if (value < least || value > most) values[i] = standIn;
  }
}

/** Of each received row. */
class ReceivedKeys extends columnsClass({
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
class RowMatch extends columnsClass(MATCH_COLUMNS) {
  /** Slot of each received row; -1 where the table is full or the row was refused. */
  slots = new Int32Array(0);
  #run = 0;

  /** Ends a full update: frees the slots of rows that were not received. Calls `removed` before each is freed. */
  replace(table: SlotTable, keys: ReceivedKeys, rows: number, removed: TellSlot): void {
    this.#begin(table, rows);
    for (let row = 0; row < rows; row++) this.slots[row] = this.#findKnown(table, keys, row);
    table.removeWhere(
      (slot) => this.seen[slot] !== this.#run,
      (slot) => {
        removed(slot);
        table.remove(slot);
      },
    );
    for (let row = 0; row < rows; row++) {
      if (this.slots[row]! < 0) this.slots[row] = this.#add(table, keys, row, removed);
    }
  }

  /** Updates some rows and keeps the others. Calls `added` for each new slot. */
  update(table: SlotTable, keys: ReceivedKeys, rows: number, removed: TellSlot, added: TellSlot): void {
    this.#begin(table, rows);
    for (let row = 0; row < rows; row++) {
      const known = this.#findKnown(table, keys, row);
      this.slots[row] = known >= 0 ? known : this.#add(table, keys, row, removed, added);
    }
  }

  /** Takes rows away that are known. */
  remove(table: SlotTable, keys: ReceivedKeys, rows: number, removed: TellSlot): void {
    this.#begin(table, rows);
    for (let row = 0; row < rows; row++) {
      const slot = this.#findKnown(table, keys, row);
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

  #find(table: SlotTable, { words }: ReceivedKeys, row: number): number {
    const k = row * 4;
    return table.find(words[k]!, words[k + 1]!, words[k + 2]!, words[k + 3]!);
  }

  #findKnown(table: SlotTable, keys: ReceivedKeys, row: number): number {
    const slot = this.#find(table, keys, row);
    if (slot < 0 || this.identity[slot] !== keys.identity[row]) return -1;
    this.seen[slot] = this.#run;
    return slot;
  }

  /** A key that occurs twice among received rows, which no honest sender writes, is one row. */
  #add(table: SlotTable, keys: ReceivedKeys, row: number, removed: TellSlot, added?: TellSlot): number {
    const { words, identity, isRefused } = keys;
    if (isRefused[row] !== 0) return -1;
    const known = this.#find(table, keys, row);
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
