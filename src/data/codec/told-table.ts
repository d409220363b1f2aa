import type { Columns } from '../../kit/table/columns.ts';
import type { SlotTable } from '../../kit/table/slot-table.ts';
import type { ToldProcesses } from '../sample/machine-processes.ts';
import type { NetworkTables } from '../sample/network-section.ts';
import { NETWORK_TABLES, type NetworkTableName } from '../schema/network-columns.ts';
import { type NumberFormat, TABLE_FORMATS, type TableFormat, type TextFormat } from './table-format.ts';

export type NumberArray = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

/** A column of a table: numbers, where the value of slot s stands at `s * format.stride + format.offset`, or texts. */
class ToldColumn<Format extends { readonly column: string }, Values> {
  readonly format: Format;
  readonly #part: Columns;

  constructor(format: Format, part: Columns) {
    this.format = format;
    this.#part = part;
  }

  /** As they are now: another array after growth. */
  get values(): Values {
    return (this.#part as unknown as Record<string, Values>)[this.format.column]!;
  }
}

type ToldNumbers = ToldColumn<NumberFormat, NumberArray>;
/** By slot. */
export type ToldTexts = ToldColumn<TextFormat, (string | undefined)[]>;

/** A table with its columns that are sent and recorded, in the order of their declaration. */
export class ToldTable {
  readonly format: TableFormat;
  readonly slots: SlotTable;
  readonly numbers: readonly ToldNumbers[];
  readonly texts: readonly ToldTexts[];
  readonly #parts: readonly Columns[];

  /** `parts`: the objects that hold the declared columns, by the names of the declaration. */
  constructor(format: TableFormat, slots: SlotTable, parts: Readonly<Record<string, Columns>>) {
    this.format = format;
    this.slots = slots;
    this.numbers = format.numbers.map((column) => new ToldColumn(column, parts[column.part]!));
    this.texts = format.texts.map((column) => new ToldColumn(column, parts[column.part]!));
    this.#parts = Object.values(parts);
  }

  /** Makes all columns as long as the table that has the slots. */
  reserve(): void {
    for (const part of this.#parts) part.reserve(this.slots.capacity);
  }

  /** Makes everything of a row unknown. */
  clearRow(slot: number): void {
    for (const part of this.#parts) part.clearRow(slot);
  }

  /** Lets go of the texts of a row that is no more. */
  clearTexts(slot: number): void {
    for (const { values, format } of this.texts) values[slot] = format.isOptional ? undefined : '';
  }
}

/** The names of the tables of a network section; who is referred to comes first. */
export const NETWORK_TABLE_NAMES = Object.keys(NETWORK_TABLES) as readonly NetworkTableName[];

export function toldNetworkTable(tables: NetworkTables, name: NetworkTableName): ToldTable {
  const table = name === 'addresses' ? tables.interfaces.addresses : tables[name];
  const parts =
    name === 'sockets' ? { sockets: tables.sockets, accounts: tables.accounts } : { [name]: table };
  return new ToldTable(TABLE_FORMATS[name], table.slots, parts);
}

/** All processes of a machine, or of a list. */
export function toldProcesses({ processes, usage, texts }: ToldProcesses): ToldTable {
  return new ToldTable(TABLE_FORMATS.processes, processes.slots, { processes, usage, texts });
}

/** By table and slot: the place of each row among the rows, for columns of other tables that refer to it; -1 no row. */
export type RowPlaces = Map<string, Int32Array>;

/** Notes where the rows of a table stand, if another table refers to them. */
export function notePlaces({ format, slots }: ToldTable, places: RowPlaces): void {
  if (!format.isReferredTo) return;
  let known = places.get(format.name);
  if (known === undefined || known.length < slots.capacity) known = new Int32Array(slots.capacity);
  places.set(format.name, known);
  known.fill(-1);
  for (let i = 0; i < slots.count; i++) known[slots.rows[i]!] = i;
}

export function keyWordOf(word: number): 0 | 1 | 2 | 3 {
  return word === 0 ? 0 : word === 1 ? 1 : word === 2 ? 2 : 3;
}

/** A number of each row by slot, with its name. */
interface NumberReader {
  readonly name: string;
  readonly read: (slot: number) => number;
}

/** Everything of a row that is a number: serial, words of the key, columns. Tables that it refers to have places. */
export function numberReaders(table: ToldTable, places: RowPlaces): NumberReader[] {
  const columns = table.numbers.map((column) => ({
    name: column.format.name,
    read: readerOf(column, places),
  }));
  return [...keyReaders(table), ...columns];
}

/** The numbers that tell one row from another: serial, words of the key. */
export function keyReaders({ format, slots }: ToldTable): NumberReader[] {
  const { serial } = slots;
  const keys = format.keyWords.map(({ name }, word) => ({
    name,
    read: (slot: number) => slots.keyWord(slot, keyWordOf(word)),
  }));
  const own = format.serial === undefined ? [] : [{ name: 'serial', read: (slot: number) => serial[slot]! }];
  return [...own, ...keys];
}

/** A receiver takes no number outside the bounds of its column, and one value must not cost the whole. */
export function readerOf({ values, format }: ToldNumbers, places: RowPlaces): (slot: number) => number {
  const { stride, offset, refersTo, least, most, absent } = format;
  if (refersTo !== undefined) {
    const referred = places.get(refersTo);
    return (slot) => referred?.[values[slot]!] ?? -1;
  }
  return (slot) => {
    const value = values[slot * stride + offset]!;
    return value >= least && value <= most ? value : absent;
  };
}
