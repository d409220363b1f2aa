import type { PbfReader } from 'pbf';
import type { FieldShape, MessageShape } from './protobuf.ts';
import type { ReceivedColumns } from './table-replica.ts';
import type { ToldTexts } from './told-table.ts';

/** The columns of one table in bytes that `checkProtobuf` has passed. */
export class TableReader implements ReceivedColumns {
  rows = 0;
  /** By tag: where the field's length begins, -1 left out. */
  readonly #at: Int32Array;
  /** Each is kept in the form that the engine is fast with: small numbers and large ones. */
  readonly #small: number[] = [];
  readonly #large: number[] = [];
  #reader: PbfReader | undefined;
  #texts: readonly string[] = [];

  readonly #firstText: number;

  /** `firstText`: as its writer's. */
  constructor(shape: MessageShape, firstText: 1 | 2) {
    this.#firstText = firstText;
    this.#at = new Int32Array(Math.max(...shape.fields.map(({ tag }) => tag)) + 1).fill(-1);
  }

  /** Before a message; `texts` are those of the message, once it has been read. */
  begin(reader: PbfReader, texts: readonly string[]): void {
    this.#reader = reader;
    this.#texts = texts;
    this.rows = 0;
    this.#at.fill(-1);
  }

  /** Notes the columns of the table that the reader stands at; ends behind it. */
  note(reader: PbfReader): void {
    const end = reader.readVarint() + reader.pos;
    for (let tag = reader.nextField(end); tag !== 0; tag = reader.nextField(end)) {
      if (tag === 1) this.rows = reader.readVarint();
      else if (tag < this.#at.length) this.#at[tag] = reader.pos;
    }
  }

  numbers({ field }: { readonly field: FieldShape }): number[] | undefined {
    const at = this.#at[field.tag]!;
    const reader = this.#reader;
    if (at < 0 || reader === undefined) return undefined;
    const isSmall = field.type === 'uint32' || field.type === 'sint32';
    const staging = isSmall ? this.#small : this.#large;
    staging.length = 0;
    reader.pos = at;
    // A packed field is read as such only if the reader has met its tag: wire type 2.
    reader.type = 2;
    if (field.type === 'fixed32') return reader.readPackedFixed32(staging);
    reader.readPackedVarint(staging);
    if (field.type !== 'uint32') unzigzag(staging);
    return staging;
  }

  /** Texts by their places: 0 none; places between that and the first text are as before. */
  putTexts({ texts: into, format }: ToldTexts, slots: Int32Array, keepsLeftOut: boolean): void {
    const places = this.numbers(format);
    if (places === undefined && keepsLeftOut) return;
    const first = this.#firstText;
    const texts = this.#texts;
    for (let row = 0; row < this.rows; row++) {
      const slot = slots[row]!;
      if (slot < 0) continue;
      const place = places === undefined ? 0 : places[row]!;
      if (place > 0 && place < first) continue;
      into[slot] = texts[place - first] ?? (format.isOptional ? undefined : '');
    }
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
