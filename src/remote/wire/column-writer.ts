import type { PbfWriter } from 'pbf';
import { cutText } from '../../data/codec/wire-text.ts';
import type { FieldShape } from './protobuf-shape.ts';
import { gather, UNKNOWN_COUNT } from './typed-columns.ts';
import type { NumberColumn, TextColumn } from './wire-table.ts';

/** Largest double below 2^63: the most that sint64 holds. */
const LARGEST_COUNT = 2 ** 63 - 1024;
/** -1. */
const ZIGZAG_UNKNOWN = 1;

/** Texts of one reply, each once: a column holds places, from `first`. */
export class TextPlaces {
  readonly texts: string[] = [];
  readonly #places = new Map<string, number>();
  readonly #first: number;

  constructor(first: number) {
    this.#first = first;
  }

  clear(): void {
    this.texts.length = 0;
    this.#places.clear();
  }

  /** 0 for none. */
  placeOf(text: string | undefined, limit: number): number {
    if (text === undefined || text === '') return 0;
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    const place = this.texts.length + this.#first;
    this.texts.push(cutText(text, limit));
    this.#places.set(text, place);
    return place;
  }
}

/**
 * Writes the rows of a table as columns. `rows[0..count)` are slots. Two staging arrays serve all columns, each kept in
 * the form that the engine is fast with: small numbers and large ones.
 */
export class ColumnWriter {
  readonly #small: number[] = [];
  readonly #large: number[] = [];
  #rows: Int32Array = new Int32Array(0);
  #count = 0;

  /** Before the columns of a table. */
  begin(rows: Int32Array, count: number): void {
    this.#rows = rows;
    this.#count = count;
    this.#small.length = count;
    this.#large.length = count;
  }

  /** `places`: by slot of the table that a reference column refers to, its place in the message. */
  numbers(writer: PbfWriter, column: NumberColumn, places: Int32Array | undefined): void {
    const { field, leftOut } = column;
    const staging = this.#stagingOf(field);
    gather(column.values, column.stride, column.offset, this.#rows, this.#count, staging);
    if (places !== undefined) toPlaces(staging, this.#count, places);
    const isCount = field.type === 'sint64' && Number.isNaN(leftOut);
    if (!isAll(staging, this.#count, isCount ? UNKNOWN_COUNT : leftOut)) this.#write(writer, field, staging);
  }

  /** `word(slot)` for each row: keys and serials, which are no columns of their table. */
  words(writer: PbfWriter, field: FieldShape, word: (slot: number) => number): void {
    const staging = this.#stagingOf(field);
    for (let i = 0; i < this.#count; i++) staging[i] = word(this.#rows[i]!);
    if (!isAll(staging, this.#count, 0)) this.#write(writer, field, staging);
  }

  texts(writer: PbfWriter, { field, texts, limit }: TextColumn, places: TextPlaces): void {
    this.words(writer, field, (slot) => places.placeOf(texts[slot], limit));
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
