import type { Column } from '../../kit/table/columns.ts';
import {
  type DeclaredTable,
  REFERRED_TABLES,
  type ReferredTable,
  TEXT_LIMIT,
  type Told,
} from '../schema/column.ts';
import { NETWORK_TABLES, type NetworkTableName } from '../schema/network-columns.ts';
import { PROCESSES } from '../schema/process-columns.ts';
import { withUnderscores } from './json-values.ts';
import type { FieldShape, FieldType, MessageShape } from './protobuf.ts';

/** Encoded numbers of a table: one of the words that a column has per row. */
export interface NumberFormat {
  /** In recordings; of a column of several words with the number of the word behind it. */
  readonly name: string;
  readonly field: FieldShape;
  /** The object that has the column, and the name of the column there. */
  readonly part: string;
  readonly column: string;
  /** The value of slot s stands at `s * stride + offset`. */
  readonly stride: number;
  readonly offset: number;
  readonly refersTo: ReferredTable | undefined;
  readonly absent: number;
  readonly least: number;
  readonly most: number;
  /** Doubles can be unknown: NaN. All others are integers. */
  readonly isDouble: boolean;
  readonly unit: string | undefined;
}

/** Encoded texts of a table. A missing text is undefined if optional, else ''. */
export interface TextFormat {
  readonly name: string;
  readonly field: FieldShape;
  readonly part: string;
  readonly column: string;
  readonly isOptional: boolean;
  readonly limit: number;
}

const KEY_WORDS = [0, 1, 2, 3] as const;

/** Encoding of a declared table, derived once from its declaration. */
export class TableFormat {
  readonly name: string;
  readonly limit: number;
  /** Whether columns of other tables refer to its rows. */
  readonly isReferredTo: boolean;
  /** In the order of the declaration. */
  readonly numbers: readonly NumberFormat[];
  readonly texts: readonly TextFormat[];
  /** Of the message with its columns. */
  readonly shape: MessageShape;
  /** Undefined if a column distinguishes successive rows with the same key. */
  readonly serial: FieldShape | undefined;
  /** The four words of the key; empty where columns make it. */
  readonly keyWords: readonly FieldShape[];
  /** What tells one row from another beside columns: serial, words of the key. */
  readonly ownFields: readonly FieldShape[];
  /** The columns that make the key, in the order of its words. */
  readonly keyColumns: readonly NumberFormat[];
  readonly identity: NumberFormat | undefined;
  /** The columns that tell one row from another: those of the key and the identity. */
  readonly ownColumns: readonly NumberFormat[];

  constructor(table: DeclaredTable) {
    const columns = Object.entries(table.parts).flatMap(([part, set]) =>
      Object.entries(set).flatMap(([name, column]) =>
        'told' in column ? [{ part, name, column, told: column.told }] : [],
      ),
    );
    this.name = table.name;
    this.limit = table.limit;
    this.isReferredTo = REFERRED_TABLES.some((name) => name === table.name);
    this.numbers = columns.flatMap(({ part, name, column, told }) => numberFormats(part, name, column, told));
    this.texts = columns.flatMap(({ part, name, column, told }) => textFormats(part, name, column, told));
    this.keyColumns = table.key.map((name) => this.#number(name));
    this.identity = table.identity === undefined ? undefined : this.#number(table.identity);
    this.ownColumns = this.identity === undefined ? this.keyColumns : [...this.keyColumns, this.identity];
    this.serial = this.identity === undefined ? fieldShape(2, 'serial', 'uint32') : undefined;
    const hasKey = table.key.length > 0;
    this.keyWords = hasKey ? [] : KEY_WORDS.map((word) => fieldShape(3 + word, `key${word}`, 'fixed32'));
    this.ownFields = this.serial === undefined ? this.keyWords : [this.serial, ...this.keyWords];
    const fields = [
      { tag: 1, name: 'rows', type: 'uint32', isRepeated: false } as const,
      ...this.ownFields,
      ...this.numbers.map(({ field }) => field),
      ...this.texts.map(({ field }) => field),
    ].sort((a, b) => a.tag - b.tag);
    this.shape = { name: table.message, isTable: true, rowsLimit: table.limit, fields };
  }

  #number(column: string): NumberFormat {
    const found = this.numbers.find((candidate) => candidate.column === column);
    if (found === undefined) throw new TypeError(`${this.name} does not send ${column}`);
    return found;
  }
}

function numberFormats(part: string, column: string, declared: Column, told: Told): NumberFormat[] {
  if (declared.element === 'text') return [];
  const { element, stride, unknown } = declared;
  const { refersTo, unit } = told;
  const name = told.name ?? column;
  const isDouble = element === 'f64' || element === 'f32';
  const isSigned = refersTo !== undefined || unknown < 0;
  const least =
    told.least ?? (element === 'i32' && isSigned ? (refersTo === undefined ? -(2 ** 31) : -1) : 0);
  return Array.from({ length: stride }, (_, offset) => ({
    name: stride === 1 ? name : `${name}${offset}`,
    field: fieldShape(
      told.field + offset,
      withUnderscores(stride === 1 ? name : `${name}${offset}`),
      // The last word of an address is any number; the others are small or the same in many rows.
      isDouble ? 'sint64' : least < 0 ? 'sint32' : stride > 1 && offset === stride - 1 ? 'fixed32' : 'uint32',
    ),
    ...{ part, column, stride, offset, refersTo, least, isDouble, unit },
    absent: told.absent ?? (isDouble ? Number.NaN : refersTo === undefined ? unknown : -1),
    most: told.most ?? LARGEST[element],
  }));
}

function textFormats(part: string, column: string, declared: Column, told: Told): TextFormat[] {
  if (declared.element !== 'text') return [];
  const name = told.name ?? column;
  const field = fieldShape(told.field, withUnderscores(name).replace(/s$/, ''), 'uint32');
  const isOptional = declared.unknown === undefined;
  return [{ name, field, part, column, isOptional, limit: told.most ?? TEXT_LIMIT.name }];
}

/** Counters of the kernel are 64 bits wide. */
const LARGEST = {
  ...{ u8: 0xff, u16: 0xffff, u32: 0xffff_ffff, i32: 0x7fff_ffff },
  ...{ f32: 2 ** 64, f64: 2 ** 64 },
} as const;

function fieldShape(tag: number, name: string, type: FieldType): FieldShape {
  return { tag, name, type, isRepeated: true };
}

/** The columns by which rows of a table that are no more are found, as a message of their own. */
function removedShape(name: string, { limit, ownColumns, shape }: TableFormat): MessageShape {
  const keys = ownColumns.map(({ field }) => field);
  const fields = shape.fields.filter((field) => field.tag === 1 || keys.includes(field));
  return { name, isTable: true, rowsLimit: limit, fields };
}

const networkFormats = Object.fromEntries(
  Object.entries(NETWORK_TABLES).map(([name, table]) => [name, new TableFormat(table)]),
) as Readonly<Record<NetworkTableName, TableFormat>>;

/** Encoded tables, by name. */
export const TABLE_FORMATS = { ...networkFormats, processes: new TableFormat(PROCESSES) };

/** Processes that are no more. */
export const REMOVED_PROCESSES_SHAPE = removedShape('RemovedColumns', TABLE_FORMATS.processes);

/** Of every message that is a table; both kinds of traffic have one. */
export const TABLE_SHAPES: ReadonlyMap<string, MessageShape> = new Map(
  [...Object.values(TABLE_FORMATS).map(({ shape }) => shape), REMOVED_PROCESSES_SHAPE].map((shape) => [
    shape.name,
    shape,
  ]),
);

export function tableShape(name: string): MessageShape {
  const shape = TABLE_SHAPES.get(name);
  if (shape === undefined) throw new TypeError(`unknown table ${name}`);
  return shape;
}
