import { PbfWriter } from 'pbf';
import type { OpError } from '../../kit/errors/op-error.ts';
import { wireError } from './wire-error.ts';

/** Types of the .proto files; repeated numbers are packed. */
export type FieldType =
  | 'uint32'
  | 'uint64'
  | 'sint32'
  | 'sint64'
  | 'fixed32'
  | 'float'
  | 'double'
  | 'bool'
  | 'string'
  | 'message';

export interface FieldShape {
  readonly tag: number;
  readonly name: string;
  readonly type: FieldType;
  readonly isRepeated: boolean;
  readonly message?: MessageShape;
}

/** What a message may hold, as its .proto file says. */
export interface MessageShape {
  readonly name: string;
  /** Its first field is the number of rows, every other one a column. */
  readonly isTable: boolean;
  /** The most rows of a table. */
  readonly rowsLimit?: number;
  readonly fields: readonly FieldShape[];
}

/** How often a repeated field of that name may occur. */
type RepeatLimits = Readonly<Record<string, number>>;

/** Wire types (protobuf encoding): those of groups have gone out of use and are refused. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

const LONGEST_VARINT_BYTES = 10;
const LARGEST_TAG = 0x1fff_ffff;

/** Bytes of one value; 0: as many as it takes. */
const SIZE: Readonly<Record<FieldType, number>> = {
  uint32: 0,
  uint64: 0,
  sint32: 0,
  sint64: 0,
  bool: 0,
  fixed32: 4,
  float: 4,
  double: 8,
  string: 0,
  message: 0,
};

/**
 * Checks that bytes are such a message to the last one: every length within what holds it, every value of the type
 * that its field has, single fields and columns at most once, columns as long as their table, no more rows than
 * allowed. Unknown fields are allowed and passed over. OpError `BAD_PROTOBUF`, `TOO_MANY_ROWS`. Nothing is allocated
 * for rows: reading what has passed takes memory in proportion to the bytes.
 */
export function checkProtobuf(bytes: Uint8Array, shape: MessageShape, limits: RepeatLimits): void {
  new Check(bytes, limits).message(shape, bytes.length);
}

class Check {
  readonly #bytes: Uint8Array;
  readonly #limits: RepeatLimits;
  /** How often each field of the messages that are open has occurred, outermost first; kept from row to row. */
  readonly #counts: Float64Array[] = [];
  #depth = 0;
  #at = 0;

  constructor(bytes: Uint8Array, limits: RepeatLimits) {
    this.#bytes = bytes;
    this.#limits = limits;
  }

  /** Up to `end`, which is inside the bytes. */
  message(shape: MessageShape, end: number): void {
    const counts = this.#countsOf(shape);
    let rows = 0;
    while (this.#at < end) {
      const key = this.#varint(end);
      const tag = Math.floor(key / 8);
      if (tag < 1 || tag > LARGEST_TAG) throw damaged(shape);
      const place = placeOf(shape, tag);
      const field = place < 0 ? undefined : shape.fields[place];
      if (field === undefined) this.#pass(key & 7, end, shape);
      else if (shape.isTable && place === 0) {
        if (counts[0] !== 0) throw damaged(shape);
        counts[0] = 1;
        rows = this.#rowCount(key & 7, end, shape);
      } else this.#field(field, key & 7, end, shape, counts, place);
    }
    this.#depth--;
    if (!shape.isTable) return;
    for (let place = 1; place < shape.fields.length; place++) {
      if (counts[place] !== 0 && counts[place] !== rows) throw damaged(shape);
    }
  }

  #countsOf(shape: MessageShape): Float64Array {
    const known = this.#counts[this.#depth];
    const counts = known !== undefined && known.length >= shape.fields.length ? known.fill(0) : undefined;
    const result = counts ?? new Float64Array(shape.fields.length);
    this.#counts[this.#depth++] = result;
    return result;
  }

  #rowCount(wireType: number, end: number, shape: MessageShape): number {
    if (wireType !== VARINT) throw damaged(shape);
    const rows = this.#varint(end);
    if (rows > (shape.rowsLimit ?? 0)) throw tooMany(shape.name);
    return rows;
  }

  #field(
    field: FieldShape,
    wireType: number,
    end: number,
    shape: MessageShape,
    counts: Float64Array,
    place: number,
  ): void {
    const isPacked = field.isRepeated && field.type !== 'string' && field.type !== 'message';
    if (wireType !== (isPacked ? LENGTH : wireTypeOf(field.type))) throw damaged(shape);
    if ((!field.isRepeated || isPacked) && counts[place] !== 0) throw damaged(shape);
    if (isPacked) {
      counts[place] = this.#packed(field, end, shape);
      return;
    }
    counts[place]! += 1;
    if (field.isRepeated && counts[place]! > this.#limitOf(field.name)) throw tooMany(field.name);
    if (field.message === undefined) this.#pass(wireType, end, shape);
    else this.message(field.message, this.#lengthEnd(end, shape));
  }

  /** Passes over packed values and returns how many there are. */
  #packed(field: FieldShape, end: number, shape: MessageShape): number {
    const valuesEnd = this.#lengthEnd(end, shape);
    const size = SIZE[field.type];
    const length = valuesEnd - this.#at;
    if (size > 0) {
      if (length % size !== 0) throw damaged(shape);
      this.#at = valuesEnd;
      return length / size;
    }
    const bytes = this.#bytes;
    let count = 0;
    let run = 0;
    for (let at = this.#at; at < valuesEnd; at++) {
      run++;
      if (bytes[at]! < 0x80) {
        count++;
        run = 0;
      } else if (run === LONGEST_VARINT_BYTES) throw damaged(shape);
    }
    if (run !== 0) throw damaged(shape);
    this.#at = valuesEnd;
    return count;
  }

  #pass(wireType: number, end: number, shape: MessageShape): void {
    switch (wireType) {
      case VARINT:
        this.#varint(end);
        return;
      case FIXED64:
        this.#at += 8;
        break;
      case FIXED32:
        this.#at += 4;
        break;
      case LENGTH:
        this.#at = this.#lengthEnd(end, shape);
        break;
      default:
        throw damaged(shape);
    }
    if (this.#at > end) throw damaged(shape);
  }

  #lengthEnd(end: number, shape: MessageShape): number {
    const length = this.#varint(end);
    if (length > end - this.#at) throw damaged(shape);
    return this.#at + length;
  }

  #varint(end: number): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < LONGEST_VARINT_BYTES && this.#at < end; i++) {
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    throw wireError('decode', 'BAD_PROTOBUF', 'a number without its last byte');
  }

  #limitOf(name: string): number {
    return this.#limits[name] ?? 0;
  }
}

/** Tags of our own messages count up from 1, so a field's place is known before it is looked for. */
function placeOf({ fields }: MessageShape, tag: number): number {
  if (fields[tag - 1]?.tag === tag) return tag - 1;
  for (let place = 0; place < fields.length; place++) {
    if (fields[place]!.tag === tag) return place;
  }
  return -1;
}

function wireTypeOf(type: FieldType): number {
  if (type === 'string' || type === 'message') return LENGTH;
  if (type === 'double') return FIXED64;
  return type === 'float' || type === 'fixed32' ? FIXED32 : VARINT;
}

function damaged(shape: MessageShape): OpError {
  return wireError('decode', 'BAD_PROTOBUF', `damaged ${shape.name}`);
}

function tooMany(name: string): OpError {
  return wireError('decode', 'TOO_MANY_ROWS', `too many ${name}`);
}

const SURROGATE = /[\ud800-\udfff]/;
const encoder = new TextEncoder();

/**
 * pbf's writer, but for texts beyond the basic plane: pbf 5.1.2 joins the halves of a pair with `|` where it must add,
 * so that U+20000 comes out as U+10000.
 */
export class WireWriter extends PbfWriter {
  override writeString(text: string): void {
    if (SURROGATE.test(text)) this.writeBytes(encoder.encode(text));
    else super.writeString(text);
  }
}
