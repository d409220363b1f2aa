import { SlotTable } from './slot-table.ts';

/** Element types of number columns. */
const ARRAYS = {
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  i32: Int32Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;

/** Name of an element type of numbers. */
type Element = keyof typeof ARRAYS;

/** A column of numbers, `stride` of them for each row. */
interface NumberColumn<E extends Element = Element> {
  readonly element: E;
  readonly stride: number;
  /** What stands where nothing is known. New rows of a grown column hold it. */
  readonly unknown: number;
}

/** A column of texts, one for each row. */
interface TextColumn<T extends string | undefined = string | undefined> {
  readonly element: 'text';
  /** What stands where nothing is known. */
  readonly unknown: T;
}

/** A declared column. */
export type Column = NumberColumn | TextColumn;

/** Columns by name: the one place where a column is named and typed. */
export type ColumnSet = Readonly<Record<string, Column>>;

type ArrayOf<C> =
  C extends NumberColumn<infer E>
    ? InstanceType<(typeof ARRAYS)[E]>
    : C extends TextColumn<infer T>
      ? T[]
      : never;

/** The arrays of a set of columns, each under its name. A number column is another array after growth. */
export type Arrays<S extends ColumnSet> = { -readonly [Name in keyof S]: ArrayOf<S[Name]> };

/** A column of numbers. `unknown` is 0 and `stride` 1 unless said otherwise. */
export function numbers<E extends Element>(element: E, unknown = 0, stride = 1): NumberColumn<E> {
  return { element, unknown, stride };
}

/** A column of texts in which the empty text is unknown. */
export const TEXT: TextColumn<string> = { element: 'text', unknown: '' };

/** A column of texts that can be missing. */
export const OPTIONAL_TEXT: TextColumn<string | undefined> = { element: 'text', unknown: undefined };

/** What the classes of `columnsClass` have beside their arrays. */
export interface Columns {
  /** Rows that there is room for. Written by classes that have their own way to grow. */
  capacity: number;
  /** Makes room for so many rows. What is there stays; new rows are unknown. */
  reserve(capacity: number): void;
  /** As `reserve`, with as much again ahead: for rows that are added one after the other. */
  reserveAhead(rows: number): void;
  /** Makes all columns of a row unknown. */
  clearRow(row: number): void;
  /** Makes all rows unknown. */
  clearRows(): void;
  /** Copies a row of a set with the same columns into a row of this one. */
  copyRow(row: number, from: object, fromRow: number): void;
  /** Makes the `count` rows that `kept` names, upwards, the first rows, in that order. Returns `count`. */
  compact(kept: Int32Array, count: number): number;
  /** Becomes a copy of a set that has the same columns, and perhaps more. */
  become(from: object): void;
}

/** A table: columns by the slots of a slot table, which makes them grow. */
export interface Table extends Columns {
  readonly slots: SlotTable;
  /** Gives the slot of a row back; its columns are unknown for the next row. */
  removeRow(slot: number): void;
}

type ColumnsClass<S extends ColumnSet, B extends object> = new (capacity?: number) => Columns & Arrays<S> & B;
type TableClass<S extends ColumnSet> = new (capacity?: number, limit?: number) => Table & Arrays<S>;

/**
 * A class of columns that are declared in one place: `class Usage extends columnsClass({ readBytes: numbers('f64') })`
 * has `usage.readBytes`, a Float64Array. Every instance has its columns in the same order, so that reading one is as
 * fast as reading a field that is written out. `base`: what the class extends besides.
 */
export function columnsClass<const S extends ColumnSet, B extends object = object>(
  set: S,
  base: abstract new () => B = Nothing as new () => B,
): ColumnsClass<S, B> {
  const names = Object.keys(set);
  class DeclaredColumns extends (base as unknown as new () => object) implements Columns {
    capacity = 0;

    constructor(capacity = 0) {
      super();
      const arrays = arraysOf(this);
      for (const name of names) arrays[name] = unknownRows(set[name]!, capacity);
      this.capacity = capacity;
    }

    reserve(capacity: number): void {
      if (capacity <= this.capacity) return;
      const arrays = arraysOf(this);
      for (const name of names) arrays[name] = lengthenedColumn(set[name]!, arrays[name]!, capacity);
      this.capacity = capacity;
    }

    reserveAhead(rows: number): void {
      if (rows > this.capacity) this.reserve(Math.max(64, rows * 2));
    }

    clearRow(row: number): void {
      const arrays = arraysOf(this);
      for (let i = 0; i < names.length; i++) {
        const column = set[names[i]!]!;
        const array = arrays[names[i]!]!;
        if (column.element === 'text' || column.stride === 1) array[row] = column.unknown;
        else (array as NumberArray).fill(column.unknown, row * column.stride, (row + 1) * column.stride);
      }
    }

    clearRows(): void {
      const arrays = arraysOf(this);
      for (const name of names) {
        const column = set[name]!;
        if (column.element === 'text') (arrays[name] as string[]).length = 0;
        else (arrays[name] as NumberArray).fill(column.unknown);
      }
    }

    copyRow(row: number, from: object, fromRow: number): void {
      const arrays = arraysOf(this);
      const others = from as Record<string, AnyArray>;
      for (const name of names) {
        const column = set[name]!;
        const stride = column.element === 'text' ? 1 : column.stride;
        for (let at = 0; at < stride; at++) {
          arrays[name]![row * stride + at] = others[name]![fromRow * stride + at]!;
        }
      }
    }

    compact(kept: Int32Array, count: number): number {
      // Rows rise, so that the first ones stand where they are as long as each is its own number.
      if (count === 0 || kept[count - 1] === count - 1) return count;
      const arrays = arraysOf(this);
      for (const name of names) {
        const column = set[name]!;
        if (column.element === 'text') compactTexts(arrays[name] as string[], kept, count);
        else compactNumbers(arrays[name] as NumberArray, column.stride, kept, count);
      }
      return count;
    }

    become(from: object): void {
      const arrays = arraysOf(this);
      const others = from as Record<string, AnyArray> & { readonly capacity: number };
      for (const name of names) arrays[name] = others[name]!.slice();
      this.capacity = others.capacity;
    }
  }
  return DeclaredColumns as unknown as ColumnsClass<S, B>;
}

/** Rows that a table has room for at first, where it says nothing else: it grows, and most of them stay small. */
const FIRST_ROWS = 64;

/** A class of tables with declared columns. `mostRows` is the most that a table may have. */
export function tableClass<const S extends ColumnSet>(
  set: S,
  mostRows: number,
  firstRows = FIRST_ROWS,
): TableClass<S> {
  const Base: new (capacity: number) => Columns = columnsClass(set);
  class DeclaredTable extends Base implements Table {
    slots: SlotTable;

    constructor(capacity = firstRows, limit = mostRows) {
      const slots = new SlotTable(capacity, limit, (grown) => this.reserve(grown));
      super(slots.capacity);
      this.slots = slots;
    }

    removeRow(slot: number): void {
      this.clearRow(slot);
      this.slots.remove(slot);
    }

    override become(from: Table): void {
      super.become(from);
      this.slots = from.slots.copy();
    }
  }
  return DeclaredTable as unknown as TableClass<S>;
}

/** Sets a text of a list that ends with its last one: where no row has a text it takes no room. */
export function setText(list: (string | undefined)[], at: number, text: string | undefined): void {
  if (text === undefined && at >= list.length) return;
  // Without holes: a list with many of them is looked up as a map.
  while (list.length < at) list.push(undefined);
  list[at] = text;
}

class Nothing {}

function arraysOf(columns: object): Record<string, AnyArray> {
  return columns as Record<string, AnyArray>;
}

type NumberArray = InstanceType<(typeof ARRAYS)[Element]>;
type AnyArray = NumberArray | (string | undefined)[];

function unknownRows(column: Column, capacity: number): AnyArray {
  if (column.element === 'text') return [];
  const array = new ARRAYS[column.element](capacity * column.stride);
  return column.unknown === 0 ? array : array.fill(column.unknown);
}

function lengthenedColumn(column: Column, array: AnyArray, capacity: number): AnyArray {
  if (column.element === 'text') return array;
  const longer = unknownRows(column, capacity) as NumberArray;
  longer.set(array as NumberArray);
  return longer;
}

let scratch = new Int32Array(0);

/** Room to note which of so many rows are kept, for `compact`; valid until the next call. */
export function keptRows(count: number): Int32Array {
  if (scratch.length < count) scratch = new Int32Array(count * 2);
  return scratch;
}

function compactNumbers(array: NumberArray, stride: number, kept: Int32Array, count: number): void {
  if (stride === 1) {
    for (let i = 0; i < count; i++) array[i] = array[kept[i]!]!;
    return;
  }
  for (let i = 0; i < count; i++) array.copyWithin(i * stride, kept[i]! * stride, (kept[i]! + 1) * stride);
}

function compactTexts(array: string[], kept: Int32Array, count: number): void {
  for (let i = 0; i < count; i++) array[i] = array[kept[i]!]!;
  array.length = count;
}
