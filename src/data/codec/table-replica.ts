import { ReceivedKeys, RowMatch } from '../../kit/table/row-match.ts';
import type { FieldShape } from './protobuf.ts';
import type { NumberFormat } from './table-format.ts';
import type { ToldTable, ToldTexts } from './told-table.ts';
import { scatter, UNKNOWN_COUNT } from './typed-columns.ts';

/** Rows of a table as they came from another machine or a recording, column by column. */
export interface ReceivedColumns {
  readonly rows: number;
  /**
   * Values by row, to be used up before the next call; undefined: the column was left out. `UNKNOWN_COUNT` stands for
   * an unknown double.
   */
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
      const isKey = column.format === format.identity || format.keyColumns.includes(column.format);
      const values = received.numbers(column.format);
      if (values === undefined && keepsLeftOut && !isKey) continue;
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
