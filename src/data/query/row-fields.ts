import type { RowOrder } from './row-order.ts';

/** How the rows of a list are ordered by one of its columns: exactly one of number, texts and arrange is there. */
interface RowSort<Rows> {
  /** Its place in the round of the sort keys, the lowest first. */
  readonly round: number;
  /** Its natural direction: names and what is looked up by a number rise, amounts fall. */
  readonly isRising: boolean;
  /** NaN is unknown and stands behind everything. */
  readonly number?: (rows: Rows, row: number) => number;
  /** A text for each row, as RowOrder.setTexts takes them. */
  readonly texts?: (rows: Rows) => readonly string[];
  readonly arrange?: (rows: Rows, order: RowOrder, isUpwards: boolean) => void;
}

/**
 * What is known of one column of a list, whatever shows it. `Rows` are ordered by it; `Source` is what exports read a
 * row's value from.
 */
interface RowField<Rows, Source> {
  /** What it is, with its unit: for the documents. */
  readonly help: string;
  readonly order?: RowSort<Rows>;
  /** Its names in CSV and in JSON, where it is exported there. */
  readonly csv?: string;
  readonly json?: string;
  /** Its place among the columns of the CSV, where that does not follow from the order of the lines. */
  readonly csvAt?: number;
  /** Null: unknown. */
  readonly value?: (source: Source, row: number) => unknown;
}

/** The columns of a list by id, in the order of its JSON. */
export type RowFields<Rows, Source> = Readonly<Record<string, RowField<Rows, Source>>>;

/** What the columns of a list make of a row in JSON. */
export type JsonEntry<C> = {
  readonly [Id in keyof C as C[Id] extends { readonly json: infer Name extends string }
    ? Name
    : never]: C[Id] extends { readonly value: (...of: never) => infer Value } ? Value : never;
};

/** Makes the JSON object of a row of the fields that are exported there, in their order. */
export function entryMaker<Fields extends RowFields<never, never>, Source>(
  fields: Fields & RowFields<never, Source>,
): (source: Source, row: number) => JsonEntry<Fields> {
  const members = Object.values<RowField<never, Source>>(fields).flatMap(({ json: name, value }) =>
    name === undefined || value === undefined ? [] : [{ name, value }],
  );
  return (source, row) => {
    const entry: Record<string, unknown> = {};
    for (const { name, value } of members) entry[name] = value(source, row);
    return entry as JsonEntry<Fields>;
  };
}

/** The ids of the columns that rows can be ordered by: the words of a sort key. */
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

/** Exported in JSON alone. */
export function inJson<Json extends string>(json: Json): { readonly json: Json } {
  return { json };
}

/** Ordered by a number of each row, the largest first. */
export function falls<Rows>(round: number, number: (rows: Rows, row: number) => number): RowSort<Rows> {
  return { round, isRising: false, number };
}

/** Ordered by a number of each row, the smallest first. */
export function rises<Rows>(round: number, number: (rows: Rows, row: number) => number): RowSort<Rows> {
  return { round, isRising: true, number };
}

/** Ordered by a text of each row. */
export function risesByText<Rows>(round: number, texts: (rows: Rows) => readonly string[]): RowSort<Rows> {
  return { round, isRising: true, texts };
}

/** Fills the keys of an order that has begun; `listed` are the rows meant, in place of `[0..count)`. */
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

/** The sort keys of columns, in the order of the round. */
export function sortKeysOf<C extends RowFields<never, never>>(columns: C): readonly SortKeyOf<C>[] {
  const keys = Object.keys(columns).filter((id) => columns[id]!.order !== undefined) as SortKeyOf<C>[];
  const roundOf = (key: SortKeyOf<C>): number => columns[key]!.order!.round;
  return keys.sort((a, b) => roundOf(a) - roundOf(b));
}

/** NaN and infinities are missing; rates keep thousandths, which is less than a byte in ten seconds. */
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
