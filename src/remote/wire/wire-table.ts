import type { FieldShape, MessageShape } from './protobuf-shape.ts';
import type { NumberArray } from './typed-columns.ts';
import { wireError } from './wire-error.ts';

/** A column of numbers: the value of slot s stands at `s * stride + offset`; only words have a stride. */
export interface NumberColumn {
  readonly field: FieldShape;
  readonly values: NumberArray;
  readonly stride: number;
  readonly offset: number;
  /** The values are slots of that table, -1 none; on the wire they are places in the message. */
  readonly refersTo: string | undefined;
  /** The value of every row where the column is left out, as it stands in `values`. */
  readonly leftOut: number;
  /** Values beyond it are no better than `leftOut`. */
  readonly most: number;
}

/** A column of texts; an optional one has undefined for none, any other ''. */
export interface TextColumn {
  readonly field: FieldShape;
  readonly texts: (string | undefined)[];
  readonly isOptional: boolean;
  readonly limit: number;
}

/** Names and columns of a table, put in order for the wire. */
export class WireColumns {
  readonly numbers: NumberColumn[] = [];
  readonly texts: TextColumn[] = [];
  readonly shape: MessageShape;

  constructor(shape: MessageShape) {
    this.shape = shape;
  }

  /** Where the column is left out, counters (sint64) are unknown, the rest 0 unless stated. */
  number(name: string, values: NumberArray, leftOut?: number, most = Number.POSITIVE_INFINITY): this {
    const field = fieldOf(this.shape, name);
    const isUnknown = field.type === 'sint64' && leftOut === undefined;
    const standIn = isUnknown ? Number.NaN : (leftOut ?? 0);
    this.numbers.push({ field, values, stride: 1, offset: 0, refersTo: undefined, leftOut: standIn, most });
    return this;
  }

  /** Four columns for the four words of an address. */
  address(name: string, words: Uint32Array): this {
    for (let offset = 0; offset < 4; offset++) {
      const field = fieldOf(this.shape, `${name}${offset}`);
      const most = Number.POSITIVE_INFINITY;
      this.numbers.push({ field, values: words, stride: 4, offset, refersTo: undefined, leftOut: 0, most });
    }
    return this;
  }

  reference(name: string, values: Int32Array, refersTo: string): this {
    const field = fieldOf(this.shape, name);
    const most = Number.POSITIVE_INFINITY;
    this.numbers.push({ field, values, stride: 1, offset: 0, refersTo, leftOut: -1, most });
    return this;
  }

  text(name: string, texts: (string | undefined)[], isOptional: boolean, limit: number): this {
    this.texts.push({ field: fieldOf(this.shape, name), texts, isOptional, limit });
    return this;
  }
}

/** A field by its name; the names are those of the .proto files. */
export function fieldOf(shape: MessageShape, name: string): FieldShape {
  const field = shape.fields.find((candidate) => candidate.name === name);
  if (field === undefined) throw wireError('encode', 'BAD_VALUE', `${shape.name} has no field ${name}`);
  return field;
}
