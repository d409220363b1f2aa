import type { PbfWriter } from 'pbf';
import { cutText } from '../../kit/text/sanitize.ts';
import type { FieldShape } from './protobuf.ts';
import type { NumberFormat } from './table-format.ts';
import { keyWordOf, type NumberArray, notePlaces, type RowPlaces, type ToldTable } from './told-table.ts';
import { gather, UNKNOWN_COUNT } from './typed-columns.ts';

/** Places of texts in a message: none, and in messages of what has changed one that has not. */
const NO_TEXT = 0;
const TEXT_AS_BEFORE = 1;

/** Largest double below 2^63: the most that sint64 holds. */
const LARGEST_COUNT = 2 ** 63 - 1024;
/** -1. */
const ZIGZAG_UNKNOWN = 1;

/** Changes of a table since the state that the reader has. */
export interface TableNews {
  /** Slots of the rows that are new or have changed: `rows[0..count)`. */
  readonly rows: Int32Array;
  readonly count: number;
  /** Whether any number of the column has changed; `at`: index among the encoded columns. */
  isColumnNew(at: number): boolean;
  /** Whether a text of the row has changed. */
  isTextNew(slot: number): boolean;
}

/** Keys of rows that the reader has to remove. */
export interface RemovedRows {
  readonly rows: Int32Array;
  readonly count: number;
  /** By the names of the table's columns that make its key and identity. */
  readonly columns: Readonly<Record<string, NumberArray>>;
}

/**
 * Writes tables as messages of columns (docs/WIRE.md). Two staging arrays serve all columns, each kept in the form that
 * the engine is fast with: small numbers and large ones. One after the other, for whole messages.
 */
export class TableWriter {
  readonly #small: number[] = [];
  readonly #large: number[] = [];
  readonly #texts: string[] = [];
  readonly #textPlaces = new Map<string, number>();
  readonly #places: RowPlaces = new Map();
  readonly #firstText: number;
  #rows: Int32Array = new Int32Array(0);
  #count = 0;

  /** `firstText`: the place of a message's first text: 1, or 2 where it may be one of what has changed. */
  constructor(firstText: 1 | 2) {
    this.#firstText = firstText;
  }

  /** Every row. Tables that a table refers to are written before it. */
  whole(writer: PbfWriter, tag: number, table: ToldTable): void {
    const { slots } = table;
    notePlaces(table, this.#places);
    writer.writeMessage(tag, () => this.#table(writer, table, slots.rows, slots.count), undefined);
  }

  /** The rows that are new or have changed. */
  news(writer: PbfWriter, tag: number, table: ToldTable, news: TableNews): void {
    writer.writeMessage(tag, () => this.#table(writer, table, news.rows, news.count, news), undefined);
  }

  /** Rows that are no more. */
  removed(
    writer: PbfWriter,
    tag: number,
    { format }: ToldTable,
    { rows, count, columns }: RemovedRows,
  ): void {
    writer.writeMessage(
      tag,
      () => {
        this.#begin(writer, rows, count);
        for (const key of format.ownColumns) this.#numbers(writer, key, columns[key.column]!, true);
      },
      undefined,
    );
  }

  /** Ends a message that holds tables: writes their texts. */
  texts(writer: PbfWriter, tag: number): void {
    for (const text of this.#texts) writer.writeStringField(tag, text);
    this.#texts.length = 0;
    this.#textPlaces.clear();
  }

  #table(writer: PbfWriter, table: ToldTable, rows: Int32Array, count: number, news?: TableNews): void {
    const { format, slots, numbers, texts } = table;
    this.#begin(writer, rows, count);
    if (count === 0) return;
    if (format.serial !== undefined) this.#words(writer, format.serial, (slot) => slots.serial[slot]!);
    for (const [word, field] of format.keyWords.entries()) {
      this.#words(writer, field, (slot) => slots.keyWord(slot, keyWordOf(word)));
    }
    for (const [at, { format: column, values }] of numbers.entries()) {
      if (news === undefined || format.ownColumns.includes(column))
        this.#numbers(writer, column, values, true);
      else if (news.isColumnNew(at)) this.#numbers(writer, column, values, false);
    }
    for (const { format: column, values } of texts) {
      const isNews = (slot: number): boolean => news === undefined || news.isTextNew(slot);
      const placeOf = (slot: number): number =>
        isNews(slot) ? this.#placeOf(values[slot], column.limit) : TEXT_AS_BEFORE;
      this.#words(writer, column.field, placeOf, news === undefined ? NO_TEXT : TEXT_AS_BEFORE);
    }
  }

  #begin(writer: PbfWriter, rows: Int32Array, count: number): void {
    writer.writeVarintField(1, count);
    this.#rows = rows;
    this.#count = count;
    this.#small.length = count;
    this.#large.length = count;
  }

  /** `mayLeaveOut`: a column that is left out is absent in every row, and not as before. */
  #numbers(writer: PbfWriter, column: NumberFormat, values: NumberArray, mayLeaveOut: boolean): void {
    const { field, absent, isDouble, refersTo } = column;
    const staging = this.#stagingOf(field);
    gather(values, column.stride, column.offset, this.#rows, this.#count, staging);
    if (refersTo !== undefined) toPlaces(staging, this.#count, this.#places.get(refersTo)!);
    const left = isDouble && Number.isNaN(absent) ? UNKNOWN_COUNT : absent;
    if (!mayLeaveOut || !isAll(staging, this.#count, left)) this.#write(writer, field, staging);
  }

  /** `word(slot)` for each row; a column is left out that has `leftOut` in all of them. */
  #words(writer: PbfWriter, field: FieldShape, word: (slot: number) => number, leftOut = 0): void {
    const staging = this.#stagingOf(field);
    for (let i = 0; i < this.#count; i++) staging[i] = word(this.#rows[i]!);
    if (!isAll(staging, this.#count, leftOut)) this.#write(writer, field, staging);
  }

  #placeOf(text: string | undefined, limit: number): number {
    if (text === undefined || text === '') return NO_TEXT;
    const known = this.#textPlaces.get(text);
    if (known !== undefined) return known;
    const place = this.#texts.length + this.#firstText;
    this.#texts.push(cutText(text, limit));
    this.#textPlaces.set(text, place);
    return place;
  }

  #stagingOf({ type }: FieldShape): number[] {
    return type === 'uint32' || type === 'sint32' ? this.#small : this.#large;
  }

  #write(writer: PbfWriter, { tag, type }: FieldShape, staging: number[]): void {
    switch (type) {
      case 'fixed32':
        writer.writePackedFixed32(tag, staging);
        return;
      case 'sint32':
        zigzag(staging, this.#count);
        break;
      case 'sint64':
        zigzagCounts(staging, this.#count);
        break;
      default:
    }
    writer.writePackedVarint(tag, staging);
  }
}

function toPlaces(staging: number[], count: number, places: Int32Array): void {
  for (let i = 0; i < count; i++) {
    const slot = staging[i]!;
    staging[i] = slot < 0 ? -1 : places[slot]!;
  }
}

/** Whether every row has the value. */
function isAll(staging: readonly number[], count: number, value: number): boolean {
  for (let i = 0; i < count; i++) {
    if (staging[i] !== value) return false;
  }
  return true;
}

/** Signed numbers as protobuf's sint32 and sint64 want them: 0, -1, 1, -2 are 0, 1, 2, 3. */
function zigzag(staging: number[], count: number): void {
  for (let i = 0; i < count; i++) {
    const value = staging[i]!;
    staging[i] = value < 0 ? -2 * value - 1 : 2 * value;
  }
}

/** Counts: fractions are cut off, negative is unknown, and what sint64 cannot hold is the most it can. */
function zigzagCounts(staging: number[], count: number): void {
  for (let i = 0; i < count; i++) {
    const value = staging[i]!;
    staging[i] = value >= 0 ? 2 * Math.min(Math.floor(value), LARGEST_COUNT) : ZIGZAG_UNKNOWN;
  }
}
