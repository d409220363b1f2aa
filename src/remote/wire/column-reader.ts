import type { PbfReader } from 'pbf';
import type { FieldShape, MessageShape } from './protobuf-shape.ts';
import { scatter, UNKNOWN_COUNT } from './typed-columns.ts';
import { fieldOf, type NumberColumn, type TextColumn } from './wire-table.ts';

/** Where the columns of one table stand in bytes that `checkProtobuf` has passed. */
export class ReceivedTable {
  rows = 0;
  readonly #shape: MessageShape;
  /** By tag: where the field's length begins, -1 left out. */
  readonly #at: Int32Array;
  /** Each is kept in the form that the engine is fast with: small numbers and large ones. */
  readonly #small: number[] = [];
  readonly #large: number[] = [];

  constructor(shape: MessageShape) {
    this.#shape = shape;
    this.#at = new Int32Array(Math.max(...shape.fields.map(({ tag }) => tag)) + 1).fill(-1);
  }

  clear(): void {
    this.rows = 0;
    this.#at.fill(-1);
  }

  /** Notes the columns of the table that the reader stands at; ends behind it. */
  note(reader: PbfReader, end: number): void {
    for (let tag = reader.nextField(end); tag !== 0; tag = reader.nextField(end)) {
      if (tag === 1) this.rows = reader.readVarint();
      else if (tag < this.#at.length) this.#at[tag] = reader.pos;
    }
  }

  /** Values of a column by row, valid until the next call; undefined where it is left out. */
  values(reader: PbfReader, field: FieldShape): number[] | undefined {
    const at = this.#at[field.tag]!;
    if (at < 0) return undefined;
    const staging = this.#stagingOf(field);
    staging.length = 0;
    reader.pos = at;
    // A packed field is read as such only if the reader has met its tag: wire type 2.
    reader.type = 2;
    if (field.type === 'fixed32') return reader.readPackedFixed32(staging);
    reader.readPackedVarint(staging);
    if (field.type !== 'uint32') unzigzag(staging);
    return staging;
  }

  #stagingOf({ type }: FieldShape): number[] {
    return type === 'uint32' || type === 'sint32' ? this.#small : this.#large;
  }

  field(name: string): FieldShape {
    return fieldOf(this.#shape, name);
  }
}

/** 0, 1, 2, 3 are 0, -1, 1, -2 (sint32, sint64). */
function unzigzag(staging: number[]): void {
  for (let i = 0; i < staging.length; i++) {
    const value = staging[i]!;
    const isOdd = value <= 0x7fff_ffff ? (value & 1) === 1 : value % 2 === 1;
    staging[i] = isOdd ? (value + 1) / -2 : value / 2;
  }
}

/** The slots of rows that another table's columns refer to, by place: `slots[0..count)`. */
export interface ReferredRows {
  readonly slots: Int32Array;
  readonly count: number;
}

/**
 * Puts a received column where it belongs: row i at `slots[i]`, -1 nowhere. What cannot be becomes what stands for a
 * column that is left out. `received` is used up.
 */
export function scatterNumbers(
  column: NumberColumn,
  received: number[] | undefined,
  slots: Int32Array,
  rows: number,
  referred?: ReferredRows,
): void {
  const { values, stride, offset, field, leftOut, most } = column;
  const isCount = field.type === 'sint64';
  const standIn = isCount && Number.isNaN(leftOut) ? UNKNOWN_COUNT : leftOut;
  if (received === undefined)
    scatter(new Array<number>(rows).fill(standIn), values, stride, offset, slots, rows);
  else {
    if (referred !== undefined) toSlots(received, rows, referred);
    else if (isCount) refuseNegative(received, rows, standIn);
    if (most !== Number.POSITIVE_INFINITY) refuseLarge(received, rows, most, standIn);
    scatter(received, values, stride, offset, slots, rows);
  }
}

function toSlots(received: number[], rows: number, { slots, count }: ReferredRows): void {
  for (let i = 0; i < rows; i++) {
    const place = received[i]!;
    received[i] = place >= 0 && place < count ? slots[place]! : -1;
  }
}

function refuseNegative(received: number[], rows: number, standIn: number): void {
  for (let i = 0; i < rows; i++) {
    if (received[i]! < 0) received[i] = standIn;
  }
}

function refuseLarge(received: number[], rows: number, most: number, standIn: number): void {
  for (let i = 0; i < rows; i++) {
    if (received[i]! > most) received[i] = standIn;
  }
}

/** As scatterNumbers, for texts: `texts[place - first]`, place 0 none; places below `first` but 0 keep what is there. */
export function scatterTexts(
  { texts: into, isOptional }: TextColumn,
  received: readonly number[] | undefined,
  slots: Int32Array,
  rows: number,
  texts: readonly string[],
  first: number,
): void {
  for (let i = 0; i < rows; i++) {
    const slot = slots[i]!;
    if (slot < 0) continue;
    const place = received === undefined ? 0 : received[i]!;
    if (place > 0 && place < first) continue;
    into[slot] = (place === 0 ? undefined : texts[place - first]) ?? (isOptional ? undefined : '');
  }
}
