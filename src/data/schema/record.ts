import type { ColumnSet, Columns } from '../../kit/table/columns.ts';
import { TEXT_LIMIT } from './column.ts';

/** Most entries of a list that names no limit of its own. */
export const LIST_LIMIT = 16_384;

/** Most bytes, ticks and the like that anything counts: what an unsigned 64-bit counter holds. */
const LARGEST_COUNT = 2 ** 64;
/** A Date goes no further (ECMA-262, 21.4.1.1). */
const LARGEST_TIME = 8.64e15;

/** What a number counts or measures; empty: things, or no unit at all. */
type Unit =
  | ''
  | 'bytes'
  | 'celsius'
  | 'hertz'
  | 'microseconds'
  | 'milliseconds'
  | 'milliwatts'
  | 'nanoseconds'
  | 'percent'
  | 'rpm'
  | 'seconds'
  | 'ticks'
  | 'ticks a second';

/** A family of Prometheus' in which a field stands as it is, in seconds where it is in parts of one. */
export interface Metric {
  readonly type: 'counter' | 'gauge';
  /** Of its samples: a counter's ends with `_total`. */
  readonly name: string;
  readonly help: string;
}

/** What the line of a field may say beside its type. */
interface FieldFacts {
  /** Its name in `socktop --json`; missing: it is not exported. */
  readonly json?: string;
  readonly metric?: Metric;
}

interface NumberShape {
  readonly kind: 'number';
  readonly unit: Unit;
  /** What stands where the number is missing or cannot be. */
  readonly unknown: number | undefined;
  readonly isWhole: boolean;
  readonly least: number;
  readonly most: number;
}

interface TextShape {
  readonly kind: 'text';
  readonly limit: number;
}

interface WordShape {
  readonly kind: 'word';
  readonly words: readonly string[];
  /** What stands for a word that this version does not know. */
  readonly unknown: string | undefined;
}

interface OptionalShape {
  readonly kind: 'optional';
  readonly field: AnyField;
}

interface ListShape {
  readonly kind: 'list';
  readonly item: AnyField;
  readonly most: number;
}

interface RecordShape {
  readonly kind: 'record';
  readonly fields: Fields;
}

/** An entry of a list that stands before it in the same record; in JSON the entry's name. */
interface ReferenceShape {
  readonly kind: 'reference';
  readonly list: string;
}

/** A table whose columns are arrays in JSON, `count` values in each. */
export interface ColumnsShape {
  readonly kind: 'columns';
  readonly columns: ColumnSet;
  readonly most: number;
  create(): Columns & { count: number };
}

/** A table of slots with a key of one word, in JSON a list of rows. */
export interface RowsShape {
  readonly kind: 'rows';
  readonly columns: ColumnSet;
  /** The column that is the key. */
  readonly key: string;
  readonly most: number;
  /** The reader keeps one table, in which rows that live on keep their slots; else each reading makes one. */
  readonly isKept: boolean;
  /** Columns that stay behind, each with the reason. */
  readonly internal: Readonly<Record<string, string>>;
  create(rows: number): object;
}

export type Shape =
  | NumberShape
  | TextShape
  | { readonly kind: 'flag' }
  | WordShape
  | OptionalShape
  | ListShape
  | RecordShape
  | ReferenceShape
  | ColumnsShape
  | RowsShape;

/** A field of a record: what is known of it wherever it is collected, sent, recorded, exported or shown. */
export interface Field<T> extends FieldFacts {
  readonly shape: Shape;
  /** The property may be missing; where it is unknown exports leave it out. */
  readonly isSeldom?: boolean;
  /** Why it is neither sent nor recorded. */
  readonly internal?: string;
  /** For the compiler alone: the type of the values. */
  readonly valueType?: () => T;
}

export type AnyField = Field<unknown>;
/** Fields by name: the one place where a field is named, typed and given its unit. */
export type Fields = Readonly<Record<string, AnyField>>;

interface Seldom {
  readonly isSeldom: true;
}

interface Declared<S extends Fields> {
  readonly fields: S;
}

/** The type of a field's values. */
export type ValueOf<F> = F extends Field<infer T> ? T : never;

type SeldomNames<S> = { [K in keyof S]: S[K] extends Seldom ? K : never }[keyof S];
type Flat<T> = { [K in keyof T]: T[K] };
/** The type of a record with these fields. */
type RecordType<S> = Flat<
  { readonly [K in keyof S as S[K] extends Seldom ? never : K]: ValueOf<S[K]> } & {
    readonly [K in SeldomNames<S>]?: ValueOf<S[K]> | undefined;
  }
>;

/** A record that is declared here. */
export type RecordField<S extends Fields = Fields> = Field<RecordType<S>> & Declared<S>;

/** Declares a record; its type is `ValueOf<typeof NAME>`. */
export function record<const S extends Fields>(fields: S, facts: FieldFacts = {}): RecordField<S> {
  return { ...facts, shape: { kind: 'record', fields }, fields };
}

/**
 * A whole number from 0 to 2^64, beyond 2^53 the nearest double. `unknown` is what stands where it is not known:
 * undefined unless another number is given (NaN, for those that everybody calculates with).
 */
export function count<U extends number | undefined = undefined>(
  unit: Unit = '',
  unknown?: U,
  facts: FieldFacts = {},
): Field<number | U> {
  return { ...facts, shape: numberShape({ unit, unknown, isWhole: true, least: 0, most: LARGEST_COUNT }) };
}

/** A finite number, whatever its sign, to the last bit; `unknown` as for `count`. */
export function amount<U extends number | undefined = undefined>(
  unit: Unit = '',
  unknown?: U,
  facts: FieldFacts = {},
): Field<number | U> {
  return { ...facts, shape: numberShape({ unit, unknown, least: -Number.MAX_VALUE }) };
}

/** A number above 0, because other numbers are divided by it; anything else becomes `usual`. */
export function divisor(unit: Unit, usual: number): Field<number> {
  return { shape: numberShape({ unit, unknown: usual, least: Number.MIN_VALUE, most: 1e9 }) };
}

/** A time, a duration, or a sum of durations; an impossible value becomes 0. */
export function time(unit: Unit): Field<number> {
  return { shape: numberShape({ unit, unknown: 0, least: 0, most: LARGEST_TIME }) };
}

function numberShape(facts: Partial<NumberShape>): NumberShape {
  return {
    ...{ kind: 'number', unit: '', unknown: undefined, isWhole: false, least: 0, most: Number.MAX_VALUE },
    ...facts,
  };
}

/** A text; empty: unknown. Texts from outside are neither sanitised nor shortened before they are sent. */
export function text(limit: keyof typeof TEXT_LIMIT = 'name', facts: FieldFacts = {}): Field<string> {
  return { ...facts, shape: { kind: 'text', limit: TEXT_LIMIT[limit] } };
}

/** True or false; unknown is false. */
export function flag(facts: FieldFacts = {}): Field<boolean> {
  return { ...facts, shape: { kind: 'flag' } };
}

/** One of the words; another one, or none, is `unknown`. */
export function word<const W extends string, U extends W | undefined = undefined>(
  words: readonly W[],
  unknown?: U,
  facts: FieldFacts = {},
): Field<W | U> {
  return { ...facts, shape: { kind: 'word', words, unknown } };
}

/** What may be unknown: undefined. */
export function optional<T>(field: Field<T>, facts: FieldFacts = {}): Field<T | undefined> {
  return { ...facts, shape: { kind: 'optional', field } };
}

/** What most machines do not have: the property may be missing, and exports leave it out. */
export function seldom<T>(field: Field<T>): Field<T | undefined> & Seldom {
  const { shape, json, metric } = field;
  const isOptional = shape.kind === 'optional' || ('unknown' in shape && shape.unknown === undefined);
  return {
    shape: isOptional ? shape : { kind: 'optional', field },
    ...(json === undefined ? {} : { json }),
    ...(metric === undefined ? {} : { metric }),
    isSeldom: true,
  };
}

/** What stays on the machine that it is collected on, and why. */
export function internal<T>(reason: string, field: Field<T>): Field<T | undefined> & Seldom {
  return { ...seldom(field), internal: reason };
}

/** At most `most` of them; none is an empty list. */
export function list<T>(
  item: Field<T>,
  most: number = LIST_LIMIT,
  facts: FieldFacts = {},
): Field<readonly T[]> {
  return { ...facts, shape: { kind: 'list', item, most } };
}

/** An entry of `list`, a list of records with a `name` that stands before this one in the record around it. */
export function reference<T>(list: string, _entry: Field<T>): Field<T | undefined> {
  return { shape: { kind: 'reference', list } };
}

export function columns<T extends Columns & { count: number }>(
  shape: Omit<ColumnsShape, 'kind' | 'create'> & { create(): T },
): Field<T> {
  return { shape: { ...shape, kind: 'columns' } };
}

export function rows<T extends object>(
  shape: Omit<RowsShape, 'kind' | 'create' | 'internal'> &
    Partial<Pick<RowsShape, 'internal'>> & { create(rows: number): T },
): Field<T> {
  return { shape: { internal: {}, ...shape, kind: 'rows' } };
}

export function counter(name: string, help: string): Metric {
  return { type: 'counter', name, help };
}

export function gauge(name: string, help: string): Metric {
  return { type: 'gauge', name, help };
}

/** A record of which nothing is known. */
export function unknownRecord<S extends Fields>({ fields }: RecordField<S>): ValueOf<RecordField<S>> {
  const entries = Object.entries(fields).flatMap(([name, { shape, isSeldom }]) =>
    isSeldom === true ? [] : [[name, unknownOf(shape)]],
  );
  return Object.fromEntries(entries) as ValueOf<RecordField<S>>;
}

function unknownOf(shape: Shape): unknown {
  switch (shape.kind) {
    case 'number':
    case 'word':
      return shape.unknown;
    case 'text':
      return '';
    case 'flag':
      return false;
    case 'list':
      return [];
    case 'record':
      return unknownRecord({ shape, fields: shape.fields });
    case 'columns':
      return shape.create();
    case 'rows':
      return shape.create(1);
    case 'optional':
    case 'reference':
      return undefined;
  }
}
