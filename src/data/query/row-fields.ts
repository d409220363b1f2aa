import type { RowOrder } from './row-order.ts';

/** How a list is sorted by one of its columns: exactly one of number, texts and arrange is set. */
interface RowSort<Rows> {
  /** Position in the order of the sort key `s`, lowest first. */
  readonly round: number;
  /** Natural direction: names and IDs ascend, amounts descend. */
  readonly isRising: boolean;
  /** NaN is unknown and comes last. */
  readonly number?: (rows: Rows, row: number) => number;
  /** A text for each row, as RowOrder.setTexts takes them. */
  readonly texts?: (rows: Rows) => readonly string[];
  readonly arrange?: (rows: Rows, order: RowOrder, isUpwards: boolean) => void;
}

/** One column of a list, however it is shown. Sorting reads `Rows`, exports read `Source`. */
interface RowField<Rows, Source> {
  /** Description with unit, for the documents. */
  readonly help: string;
  readonly order?: RowSort<Rows>;
  /** Names in CSV and JSON, if exported there. */
  readonly csv?: string;
  readonly json?: string;
  /** Position in the CSV, if it differs from the declaration order. */
  readonly csvAt?: number;
  /** Null: unknown. */
  readonly value?: (source: Source, row: number) => unknown;
}

/** Columns of a list by id, in JSON order. */
export type RowFields<Rows, Source> = Readonly<Record<string, RowField<Rows, Source>>>;

export type JsonEntry<C> = {
  readonly [Id in keyof C as C[Id] extends { readonly json: infer Name extends string }
    ? Name
    : never]: C[Id] extends { readonly value: (...of: never) => infer Value } ? Value : never;
};

interface JsonMember<Source> {
  readonly name: string;
  readonly value: (source: Source, row: number) => unknown;
}

/** Builds the JSON object of a row from the fields exported there, in order. */
export function entryMaker<Fields extends RowFields<never, never>, Source>(
  fields: Fields & RowFields<never, Source>,
): (source: Source, row: number) => JsonEntry<Fields> {
  // A screen never makes any.
  let members: readonly JsonMember<Source>[] | undefined;
  return (source, row) => {
    members ??= Object.values<RowField<never, Source>>(fields).flatMap(({ json: name, value }) =>
      name === undefined || value === undefined ? [] : [{ name, value }],
    );
    const entry: Record<string, unknown> = {};
    for (const { name, value } of members) entry[name] = value(source, row);
    return entry as JsonEntry<Fields>;
  };
}

/** Ids of the columns with a sort order: the accepted sort keys. */
export type SortKeyOf<C> = {
  [Id in keyof C]: C[Id] extends { readonly order: object } ? Id & string : never;
}[keyof C];

/** Exported under these names. */
export function exported<Json extends string>(
  csv: string,
  json: Json,
): { readonly csv: string; readonly json: Json } {
  return { csv, json };
}

export function inJson<Json extends string>(json: Json): { readonly json: Json } {
  return { json };
}

/** Sorted by a number, largest first. */
export function falls<Rows>(round: number, number: (rows: Rows, row: number) => number): RowSort<Rows> {
  return { round, isRising: false, number };
}

/** Sorted by a number, smallest first. */
export function rises<Rows>(round: number, number: (rows: Rows, row: number) => number): RowSort<Rows> {
  return { round, isRising: true, number };
}

export function risesByText<Rows>(round: number, texts: (rows: Rows) => readonly string[]): RowSort<Rows> {
  return { round, isRising: true, texts };
}

/** Fills the sort keys of an order that has begun; `listed`: the rows to sort instead of `[0..count)`. */
export function arrangeBy<Rows>(
  sort: RowSort<Rows>,
  isReversed: boolean,
  rows: Rows,
  order: RowOrder,
  count: number,
  listed?: Int32Array,
): void {
  const { isRising, number, texts, arrange } = sort;
  const isUpwards = isRising !== isReversed;
  if (texts !== undefined) order.setTexts(texts(rows), isUpwards);
  else if (number === undefined) arrange?.(rows, order, isUpwards);
  else {
    for (let i = 0; i < count; i++) order.setNumber(i, number(rows, listed?.[i] ?? i), isUpwards);
  }
}

/** Sort keys of the columns, in the order of the sort key `s`. */
export function sortKeysOf<C extends RowFields<never, never>>(columns: C): readonly SortKeyOf<C>[] {
  const keys = Object.keys(columns).filter((id) => columns[id]!.order !== undefined) as SortKeyOf<C>[];
  const roundOf = (key: SortKeyOf<C>): number => columns[key]!.order!.round;
  return keys.sort((a, b) => roundOf(a) - roundOf(b));
}

/** NaN and infinities are null; rates are rounded to thousandths, less than a byte in ten seconds. */
export function rateValue(bytesPerSecond: number): number | null {
  return Number.isFinite(bytesPerSecond) ? Math.round(bytesPerSecond * 1000) / 1000 : null;
}

export function countValue(count: number): number | null {
  return Number.isFinite(count) ? count : null;
}

/** RFC 3339 in UTC; null for an invalid time. */
export function timeValue(wallMillis: number): string | null {
  const date = new Date(wallMillis);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
