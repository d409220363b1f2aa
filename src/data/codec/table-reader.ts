import type { PbfReader } from 'pbf';
import type { FieldShape, MessageShape } from './protobuf.ts';
import type { ReceivedColumns } from './table-replica.ts';
import type { ToldTexts } from './told-table.ts';

/** The columns of one table in bytes that `checkProtobuf` has passed. */
export class TableReader implements ReceivedColumns {
  rows = 0;
  /** By tag: where the field's length begins, -1 left out. */
  readonly #at: Int32Array;
  /** Values of the column read last. */
  #staging = new Float64Array(256);
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

  numbers({ field }: { readonly field: FieldShape }): Float64Array | undefined {
    const at = this.#at[field.tag]!;
    const reader = this.#reader;
    if (at < 0 || reader === undefined) return undefined;
    if (this.#staging.length < this.rows) this.#staging = new Float64Array(this.rows);
    reader.pos = at;
    const end = reader.readVarint() + reader.pos;
    const { buf, pos } = reader;
    if (field.type === 'fixed32') readFixed32(buf, pos, end, this.#staging);
    else if (field.type === 'uint32') readVarints(buf, pos, end, this.#staging);
    else readZigzags(buf, pos, end, this.#staging);
    reader.pos = end;
    return this.#staging;
  }

  /** Texts by their places: 0 none; places between that and the first text are as before. */
  putTexts({ values: into, format }: ToldTexts, slots: Int32Array, keepsLeftOut: boolean): void {
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

/** Packed `fixed32` that `checkProtobuf` has passed. */
function readFixed32(bytes: Uint8Array, start: number, end: number, into: Float64Array): void {
  for (let at = start, row = 0; at < end; at += 4) {
    const high = bytes[at + 3]! * 0x100_0000;
    into[row++] = (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)) + high;
  }
}

/** Packed varints that `checkProtobuf` has passed: complete, and as many as the table has rows. Returns how many. */
function readVarints(bytes: Uint8Array, start: number, end: number, into: Float64Array): number {
  let row = 0;
  for (let at = start; at < end; row++) {
    const first = bytes[at++]!;
    if (first < 0x80) {
      into[row] = first;
      continue;
    }
    let byte = bytes[at++]!;
    let value = (first & 0x7f) | ((byte & 0x7f) << 7);
    for (let shift = 14; byte >= 0x80 && shift < 28; shift += 7) {
      byte = bytes[at++]!;
      value |= (byte & 0x7f) << shift;
    }
    for (let factor = 2 ** 28; byte >= 0x80; factor *= 0x80) {
      byte = bytes[at++]!;
      value += (byte & 0x7f) * factor;
    }
    into[row] = value;
  }
  return row;
}

/** Packed `sint32` and `sint64`: 0, 1, 2, 3 are 0, -1, 1, -2. */
function readZigzags(bytes: Uint8Array, start: number, end: number, into: Float64Array): void {
  const rows = readVarints(bytes, start, end, into);
  for (let row = 0; row < rows; row++) {
    const value = into[row]!;
    if (value <= 0x7fff_ffff) into[row] = (value >>> 1) ^ -(value & 1);
    else into[row] = value % 2 === 1 ? (value + 1) / -2 : value / 2;
  }
}
