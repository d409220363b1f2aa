import type { ColumnSet } from '../../kit/table/columns.ts';
import type { SlotTable } from '../../kit/table/slot-table.ts';
import { cleanText, cutText } from '../../kit/text/sanitize.ts';
import { addressText, readAddress } from '../sample/address.ts';
import { TEXT_LIMIT } from '../schema/column.ts';
import type { ColumnsShape, RowsShape } from '../schema/record.ts';
import {
  badValue,
  isMissing,
  type JsonValue,
  readList,
  readObject,
  type ValueCodec,
  withUnderscores,
} from './json-values.ts';

type Numbers = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

/** A declared column as it is now. */
type Column = { readonly name: string; readonly unknown: number | string | undefined } & (
  | { readonly values: Numbers }
  | { readonly texts: (string | undefined)[] }
);

const ADDRESSES_LIMIT = 16_384;
const LARGEST_KEY = 0x7fff_ffff;

/** A table with `count` rows as columns: `{user: [1, 2], ...}`, null where a number is not known. */
export function columnsCodec(shape: ColumnsShape): ValueCodec {
  const kept = shape.create();
  const names = Object.keys(shape.columns);
  return {
    read: (value, path, reading) => {
      const source = readObject(value, path);
      const lists = names.map((name) => {
        const onWire = withUnderscores(name);
        return readNumbers(source[onWire], `${path}.${onWire}`, shape.most);
      });
      reading.later(() => {
        kept.count = Math.max(1, ...lists.map((list) => list.length));
        kept.reserve(kept.count);
        for (const [at, column] of columnsOf(shape.columns, kept).entries()) {
          for (let row = 0; row < kept.count; row++) put(column, row, lists[at]![row]);
        }
      });
      return kept;
    },
    write: (value) => {
      const table = value as typeof kept;
      const result: { [name: string]: JsonValue } = {};
      for (const column of columnsOf(shape.columns, table)) {
        if (!('values' in column)) continue;
        const { name, values } = column;
        const list: JsonValue[] = [];
        for (let row = 0; row < table.count; row++) {
          list.push(Number.isFinite(values[row]!) ? values[row]! : null);
        }
        result[withUnderscores(name)] = list;
      }
      return result;
    },
  };
}

/** A table of slots that a row's key finds. */
interface KeyedTable {
  readonly slots: SlotTable;
  /** Addresses of the rows, by the rows' keys. */
  readonly addresses?: { readonly slots: SlotTable; readonly interfaceIndex: Int32Array };
}

/** A row as it was read: a value for each column, and its addresses. */
interface ReadRow {
  readonly values: readonly (number | string | undefined)[];
  readonly addresses: readonly string[];
}

/** A table as a list of rows; text columns in the singular, addresses as lists of texts, unknown values left out. */
export function rowsCodec(shape: RowsShape): ValueCodec {
  const { columns, key, most } = shape;
  const told = jsonColumnsOf(shape);
  const kept = shape.isKept ? (shape.create(0) as KeyedTable) : undefined;
  return {
    read: (value, path, reading) => {
      const rows = new Map<number, ReadRow>();
      for (const entry of readList(value, path, most)) {
        const source = readObject(entry, `${path}[]`);
        const values = told.map(({ name, onWire }) =>
          readCell(source[onWire], `${path}[].${onWire}`, columns[name]!.element === 'text'),
        );
        const rowKey = values[told.findIndex(({ name }) => name === key)];
        const addresses = readList(source['addresses'], `${path}[].addresses`, ADDRESSES_LIMIT);
        // What has no key is no row.
        if (typeof rowKey !== 'number' || !isWithin(rowKey, LARGEST_KEY) || rows.has(rowKey)) continue;
        rows.set(rowKey, { values, addresses: addresses.filter((text) => typeof text === 'string') });
      }
      const table = kept ?? (shape.create(Math.max(1, rows.size)) as KeyedTable);
      reading.later(() => fill(table, rows, shape, told));
      return table;
    },
    write: (value) => writeRows(value as KeyedTable, shape, told),
  };
}

/** Brings the table to these rows: those that live on keep their slots. */
function fill(
  table: KeyedTable,
  rows: ReadonlyMap<number, ReadRow>,
  { columns: set, key }: RowsShape,
  told: readonly JsonColumn[],
): void {
  keepRows(table, set, key, (rowKey) => rows.has(rowKey));
  const slots = Array.from(rows.keys(), (rowKey) => {
    const known = table.slots.find(rowKey, 0, 0, 0);
    return known >= 0 ? known : table.slots.add(rowKey, 0, 0, 0);
  });
  for (const column of columnsOf(set, table)) {
    const at = told.findIndex(({ name }) => name === column.name);
    if (at < 0) continue;
    for (const [row, { values }] of [...rows.values()].entries()) {
      if (slots[row]! >= 0) put(column, slots[row]!, values[at]);
    }
  }
  for (const [rowKey, { addresses }] of rows) {
    for (const address of addresses) putAddress(table, address, rowKey);
  }
}

/** Removes the rows whose key is not wanted, and all addresses. */
function keepRows(table: KeyedTable, set: ColumnSet, key: string, isWanted: (key: number) => boolean): void {
  const keys = columnsOf(set, table).find(({ name }) => name === key);
  table.slots.removeWhere(
    (slot) => keys === undefined || !('values' in keys) || !isWanted(keys.values[slot]!),
  );
  table.addresses?.slots.clear();
}

const WORDS = new Uint32Array(4);

function putAddress({ addresses }: KeyedTable, text: string, rowKey: number): void {
  if (addresses === undefined || !readAddress(text, WORDS)) return;
  const [a = 0, b = 0, c = 0, d = 0] = WORDS;
  if (addresses.slots.find(a, b, c, d) >= 0) return;
  const slot = addresses.slots.add(a, b, c, d);
  if (slot >= 0) addresses.interfaceIndex[slot] = rowKey;
}

function writeRows(
  table: KeyedTable,
  { columns: set, most }: RowsShape,
  told: readonly JsonColumn[],
): JsonValue | undefined {
  const { rows, count } = table.slots;
  const columns = columnsOf(set, table).flatMap((column) => {
    const onWire = told.find(({ name }) => name === column.name)?.onWire;
    return onWire === undefined ? [] : [{ column, onWire }];
  });
  const addresses = addressesByKey(table);
  const list = Array.from(rows.subarray(0, Math.min(count, most)), (slot) => {
    const row: { [name: string]: JsonValue } = {};
    for (const { column, onWire } of columns) {
      const written = writeCell(column, slot);
      if (written !== undefined) row[onWire] = written;
    }
    const texts = addresses.get(table.slots.keyWord(slot, 0));
    if (texts !== undefined) row['addresses'] = texts;
    return row;
  });
  return list.length === 0 ? undefined : list;
}

function writeCell(column: Column, slot: number): JsonValue | undefined {
  if ('values' in column) {
    const value = column.values[slot]!;
    return Number.isFinite(value) ? value : undefined;
  }
  const text = column.texts[slot];
  return text === undefined || text === column.unknown ? undefined : cutText(text, TEXT_LIMIT.name);
}

function addressesByKey({ addresses }: KeyedTable): Map<number, string[]> {
  const texts = new Map<number, string[]>();
  if (addresses === undefined) return texts;
  const { slots, interfaceIndex } = addresses;
  for (const slot of slots.rows.subarray(0, slots.count)) {
    for (const word of [0, 1, 2, 3] as const) WORDS[word] = slots.keyWord(slot, word);
    const rowKey = interfaceIndex[slot]!;
    const known = texts.get(rowKey);
    if (known === undefined) texts.set(rowKey, [addressText(WORDS, 0)]);
    else known.push(addressText(WORDS, 0));
  }
  return texts;
}

/** A column and its name in a row. */
interface JsonColumn {
  readonly name: string;
  readonly onWire: string;
}

/** Columns of texts are named in the plural, a row's text is not: `names`, `hardwareAddresses`. */
export function jsonColumnsOf({ columns, internal }: RowsShape): JsonColumn[] {
  return Object.entries(columns).flatMap(([name, { element }]) => {
    const single = element === 'text' ? name.replace(/(ss)es$|s$/, '$1') : name;
    return internal[name] === undefined ? [{ name, onWire: withUnderscores(single) }] : [];
  });
}

/** Recordings of 0.1 have true and false where the table has 1 and 0. */
function readCell(value: unknown, path: string, isText: boolean): number | string | undefined {
  if (isMissing(value)) return undefined;
  if (isText) {
    if (typeof value !== 'string') throw badValue(path, 'not a string');
    return cleanText(value, TEXT_LIMIT.name);
  }
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'number') throw badValue(path, 'not a number');
  return value;
}

function readNumbers(value: unknown, path: string, most: number): readonly (number | undefined)[] {
  return readList(value, path, most).map((entry) => {
    if (isMissing(entry)) return undefined;
    if (typeof entry !== 'number') throw badValue(`${path}[]`, 'not a number');
    return entry;
  });
}

/** What cannot be is unknown: NaN where the column can hold that, else what the column says. */
function put(column: Column, row: number, value: number | string | undefined): void {
  if ('texts' in column) {
    column.texts[row] = typeof value === 'string' ? value : (column.unknown as string | undefined);
    return;
  }
  const { values, unknown } = column;
  if (values instanceof Float64Array || values instanceof Float32Array) {
    values[row] = typeof value === 'number' && value >= 0 && value <= 2 ** 64 ? value : Number.NaN;
  } else {
    const isKnown = typeof value === 'number' && isWithin(value, largestOf(values));
    values[row] = isKnown ? value : Number(unknown);
  }
}

function isWithin(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= most;
}

function largestOf(values: ArrayBufferView & { readonly BYTES_PER_ELEMENT: number }): number {
  return values instanceof Int32Array ? LARGEST_KEY : 2 ** (values.BYTES_PER_ELEMENT * 8) - 1;
}

/** The columns as they are now: an array is another one after growth. */
function columnsOf(set: ColumnSet, table: object): Column[] {
  const arrays = table as Readonly<Record<string, Numbers & (string | undefined)[]>>;
  return Object.entries(set).map(([name, { element, unknown }]) =>
    element === 'text' ? { name, unknown, texts: arrays[name]! } : { name, unknown, values: arrays[name]! },
  );
}
