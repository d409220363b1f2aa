import type { Columns } from '../../kit/table/columns.ts';
import type { SlotTable } from '../../kit/table/slot-table.ts';
import type { ToldProcesses } from '../sample/machine-processes.ts';
import type { NetworkTables } from '../sample/network-section.ts';
import { NETWORK_TABLES, type NetworkTableName } from '../schema/network-columns.ts';
import { type NumberFormat, TABLE_FORMATS, type TableFormat, type TextFormat } from './table-format.ts';

export type NumberArray = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

/** Numbers of a table: the value of slot s stands at `s * format.stride + format.offset`. */
export class ToldNumbers {
  readonly format: NumberFormat;
  readonly #part: Columns;

  constructor(format: NumberFormat, part: Columns) {
    this.format = format;
    this.#part = part;
  }

  /** As it is now: another array after growth. */
  get values(): NumberArray {
    return (this.#part as unknown as Record<string, NumberArray>)[this.format.column]!;
  }
}

/** Texts of a table, by slot. */
export class ToldTexts {
  readonly format: TextFormat;
  readonly #part: Columns;

  constructor(format: TextFormat, part: Columns) {
    this.format = format;
    this.#part = part;
  }

  get texts(): (string | undefined)[] {
    return (this.#part as unknown as Record<string, (string | undefined)[]>)[this.format.column]!;
  }
}

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
    this.numbers = format.numbers.map((column) => new ToldNumbers(column, parts[column.part]!));
    this.texts = format.texts.map((column) => new ToldTexts(column, parts[column.part]!));
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
    for (const { texts, format } of this.texts) texts[slot] = format.isOptional ? undefined : '';
  }
}

/** The names of the tables of a network section; who is referred to comes first. */
export const NETWORK_TABLE_NAMES = Object.keys(NETWORK_TABLES) as readonly NetworkTableName[];

/** A table of a network section. */
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
