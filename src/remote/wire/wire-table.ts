import { wireError } from '../../data/codec/wire-error.ts';
import type { NumberArray, ToldNumbers } from '../../data/sample/told-tables.ts';
import type { FieldShape, MessageShape } from './protobuf-shape.ts';

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

  /** Where the column is left out, counters (sint64) are unknown, references -1, the rest 0 unless stated. */
  told(
    name: string,
    { values, stride, offset, refersTo }: Omit<ToldNumbers, 'name'>,
    leftOut?: number,
    most?: number,
  ): this {
    const field = fieldOf(this.shape, name);
    const nothing = refersTo !== undefined ? -1 : field.type === 'sint64' ? Number.NaN : 0;
    this.numbers.push({
      ...{ field, values, stride, offset, refersTo },
      leftOut: leftOut ?? nothing,
      most: most ?? (field.type === 'uint32' ? largestOf(values) : Number.POSITIVE_INFINITY),
    });
    return this;
  }

  number(name: string, values: NumberArray, leftOut?: number, most?: number): this {
    return this.told(name, { values, stride: 1, offset: 0, refersTo: undefined }, leftOut, most);
  }

  text(name: string, texts: (string | undefined)[], isOptional: boolean, limit: number): this {
    this.texts.push({ field: fieldOf(this.shape, name), texts, isOptional, limit });
    return this;
  }
}

function largestOf(values: NumberArray): number {
  if (values instanceof Int32Array) return 0x7fff_ffff;
  return 2 ** (values.BYTES_PER_ELEMENT * 8) - 1;
}

/** A field by its name; the names are those of the .proto files. */
export function fieldOf(shape: MessageShape, name: string): FieldShape {
  const field = shape.fields.find((candidate) => candidate.name === name);
  if (field === undefined) throw wireError('encode', 'BAD_VALUE', `${shape.name} has no field ${name}`);
  return field;
}
