import { setText } from '../../kit/table/columns.ts';
import { lengthened } from '../../kit/table/slot-table.ts';
import { cutText } from '../../kit/text/sanitize.ts';
import { type NumberFormat, TABLE_FORMATS, type TableFormat } from '../codec/table-format.ts';
import {
  keyReaders,
  type NumberArray,
  notePlaces,
  numberReaders,
  type RowPlaces,
  readerOf,
  type ToldTable,
} from '../codec/told-table.ts';
import { TEXT_AS_BEFORE } from './recorded-format.ts';

/** What one part of a table holds at most; those with long texts hold fewer. */
const ROWS_PER_PART = 1024;
const TEXT_ROWS_PER_PART = 512;
const WITH_LONG_TEXTS: readonly string[] = [TABLE_FORMATS.owners.name, TABLE_FORMATS.processes.name];

/** A column of numbers as the line before had it; `before[place]`, NaN unknown. */
interface KnownNumbers {
  readonly name: string;
  /** What a row has before its first value. */
  readonly absent: number;
  readonly isSmall: boolean;
  /** Undefined: no row has had another value than `absent`. Many columns never have. */
  before: Int32Array | Float64Array | undefined;
}

interface KnownTexts {
  readonly name: string;
  readonly absent: string | undefined;
  readonly limit: number;
  readonly before: (string | undefined)[];
}

/**
 * Writes what changed in one table since the line before (recorded-format.ts, version 3). A row is known by its place
 * among the rows of the table: removing a row moves the last one into its place, so most rows keep theirs. A whole table
 * is what changed since there was none.
 */
export class ChangedRows {
  readonly #format: TableFormat;
  readonly #numbers: readonly KnownNumbers[];
  readonly #texts: readonly KnownTexts[];
  #rows = 0;
  #changed = new Int32Array(0);
  /** By place, 1: the row has changed. */
  #marks = new Uint8Array(0);
  readonly #list: (number | null)[] = [];
  readonly #textList: (string | null | typeof TEXT_AS_BEFORE)[] = [];

  constructor(format: TableFormat) {
    this.#format = format;
    this.#numbers = [
      ...format.ownFields.map(({ name }) => ({ name, absent: 0, isSmall: false, before: undefined })),
      ...format.numbers.map((column) => ({
        ...{ name: column.name, absent: column.absent, isSmall: isSmall(column), before: undefined },
      })),
    ];
    this.#texts = format.texts.map(({ name, isOptional, limit }) => ({
      ...{ name, limit, before: [] },
      absent: isOptional ? undefined : '',
    }));
  }

  /** The next line says everything. */
  forget(): void {
    this.#rows = 0;
  }

  /** JSON of the parts, none where nothing changed. Notes where the rows stand, for tables that refer to them. */
  parts(table: ToldTable, places: RowPlaces): string[] {
    const { slots } = table;
    notePlaces(table, places);
    if (slots.count === 0 && this.#rows === 0) return [];
    this.#reserve(slots.count);
    const count = this.#findChanged(table, places);
    if (count === 0 && slots.count === this.#rows) return [];
    const readers = numberReaders(table, places).map(({ read }) => read);
    const parts: string[] = [];
    const step = WITH_LONG_TEXTS.includes(this.#format.name) ? TEXT_ROWS_PER_PART : ROWS_PER_PART;
    if (count === 0) parts.push(this.#part(table, readers, new Int32Array(0)));
    for (let first = 0; first < count; first += step) {
      parts.push(this.#part(table, readers, this.#changed.subarray(first, Math.min(first + step, count))));
    }
    this.#rows = slots.count;
    for (const { before } of this.#texts) before.length = Math.min(before.length, slots.count);
    return parts;
  }

  #reserve(rows: number): void {
    if (this.#changed.length >= rows) return;
    const capacity = Math.max(64, rows + (rows >> 3));
    this.#changed = new Int32Array(capacity);
    this.#marks = new Uint8Array(capacity);
    for (const column of this.#numbers) {
      const { before } = column;
      if (before !== undefined) column.before = lengthened(before, newColumn(column, capacity));
    }
  }

  /** Fills `#changed` with places, upwards. Column by column: most of a table is as it was, and is only passed over. */
  #findChanged(table: ToldTable, places: RowPlaces): number {
    const { rows, count } = table.slots;
    const marks = this.#marks;
    const known = Math.min(count, this.#rows);
    marks.fill(0, 0, known);
    marks.fill(1, known, count);
    const keys = keyReaders(table);
    for (const [at, { read }] of keys.entries()) markRead(read, rows, this.#numbers[at]!, known, marks);
    for (const [at, column] of table.numbers.entries()) {
      const own = this.#numbers[keys.length + at]!;
      const { before } = own;
      const { values, format } = column;
      if (before === undefined || format.refersTo !== undefined)
        markRead(readerOf(column, places), rows, own, known, marks);
      else if (values instanceof Float64Array) markDoubles(values, format, rows, before, known, marks);
      else markIntegers(values, format, rows, before, known, marks);
    }
    for (const [at, { values: texts }] of table.texts.entries()) {
      const { before, limit } = this.#texts[at]!;
      for (let place = 0; place < known; place++) {
        const text = texts[rows[place]!];
        if (text === before[place]) continue;
        if (text === undefined || cutText(text, limit) !== before[place]) marks[place] = 1;
      }
    }
    let found = 0;
    for (let place = 0; place < count; place++) if (marks[place] === 1) this.#changed[found++] = place;
    return found;
  }

  #part(
    { slots, texts }: ToldTable,
    readers: readonly ((slot: number) => number)[],
    changed: Int32Array,
  ): string {
    const first = changed[0] ?? 0;
    const isRun = changed.length === 0 || changed[changed.length - 1] === first + changed.length - 1;
    const which = isRun ? `"from":${first},"rows":${changed.length}` : `"at":[${changed.join(',')}]`;
    const fields = [`{"part":"${this.#format.name}","total":${slots.count},${which}`];
    for (const [at, column] of this.#numbers.entries()) {
      const text = this.#numbersText(column, readers[at]!, slots.rows, changed);
      if (text !== undefined) fields.push(`"${column.name}":${text}`);
    }
    for (const [at, column] of this.#texts.entries()) {
      const text = this.#textsText(column, texts[at]!.values, slots.rows, changed);
      if (text !== undefined) fields.push(`"${column.name}":${text}`);
    }
    return `${fields.join(',')}}`;
  }

  /** Differences; a value that becomes unknown is null. Undefined: no row has changed in this column. */
  #numbersText(
    column: KnownNumbers,
    read: (slot: number) => number,
    rows: Int32Array,
    changed: Int32Array,
  ): string | undefined {
    const { absent } = column;
    if (column.before === undefined && changed.every((place) => Object.is(read(rows[place]!), absent)))
      return undefined;
    column.before ??= newColumn(column, this.#changed.length).fill(absent);
    const { before } = column;
    const list = this.#list;
    list.length = changed.length;
    let isAsBefore = true;
    let isConstant = true;
    for (let at = 0; at < changed.length; at++) {
      const place = changed[at]!;
      const value = read(rows[place]!);
      const known = place < this.#rows ? before[place]! : absent;
      const base = Number.isNaN(known) ? 0 : known;
      list[at] = Number.isNaN(value) ? null : value - base;
      if (!Object.is(value, known)) isAsBefore = false;
      if (list[at] !== list[0]) isConstant = false;
      // As the reader will have it: what is lost in a fraction is not lost again and again.
      before[place] = Number.isNaN(value) ? value : base + (value - base);
    }
    return isAsBefore ? undefined : JSON.stringify(isConstant ? list[0] : list);
  }

  #textsText(
    { before, absent, limit }: KnownTexts,
    texts: readonly (string | undefined)[],
    rows: Int32Array,
    changed: Int32Array,
  ): string | undefined {
    const list = this.#textList;
    list.length = changed.length;
    let isAsBefore = true;
    for (let at = 0; at < changed.length; at++) {
      const place = changed[at]!;
      const known = place < this.#rows ? before[place] : absent;
      const text = texts[rows[place]!];
      const value = text === undefined ? absent : cutText(text, limit);
      list[at] = value === known ? TEXT_AS_BEFORE : (value ?? null);
      if (value !== known) isAsBefore = false;
      setText(before, place, value);
    }
    return isAsBefore ? undefined : JSON.stringify(list);
  }
}

function newColumn({ isSmall }: KnownNumbers, capacity: number): Int32Array | Float64Array {
  return isSmall ? new Int32Array(capacity) : new Float64Array(capacity);
}

/** Whether every value that the column can have is an integer of 32 bits. */
function isSmall({ isDouble, least, most, refersTo }: NumberFormat): boolean {
  return !isDouble && (refersTo !== undefined || (least >= -0x8000_0000 && most <= 0x7fff_ffff));
}

/** Marks the first rows whose value is another than before. NaN is the same as NaN. */
function markRead(
  read: (slot: number) => number,
  rows: Int32Array,
  { before, absent }: KnownNumbers,
  count: number,
  marks: Uint8Array,
): void {
  for (let place = 0; place < count; place++) {
    const value = read(rows[place]!);
    const known = before === undefined ? absent : before[place]!;
    if (value !== known && !(Number.isNaN(value) && Number.isNaN(known))) marks[place] = 1;
  }
}

/** As `markRead`, of numbers as they stand in a table. Integers have a loop of their own: one for both would be slow. */
function markDoubles(
  values: Float64Array,
  { stride, offset, least, most, absent }: NumberFormat,
  rows: Int32Array,
  before: Int32Array | Float64Array,
  count: number,
  marks: Uint8Array,
): void {
  for (let place = 0; place < count; place++) {
    const told = values[rows[place]! * stride + offset]!;
    const value = told >= least && told <= most ? told : absent;
    const known = before[place]!;
    if (value !== known && !(Number.isNaN(value) && Number.isNaN(known))) marks[place] = 1;
  }
}

function markIntegers(
  values: NumberArray,
  { stride, offset, least, most, absent }: NumberFormat,
  rows: Int32Array,
  before: Int32Array | Float64Array,
  count: number,
  marks: Uint8Array,
): void {
  for (let place = 0; place < count; place++) {
    const told = values[rows[place]! * stride + offset]!;
    const value = told >= least && told <= most ? told : absent;
    const known = before[place]!;
    if (value !== known && !(Number.isNaN(value) && Number.isNaN(known))) marks[place] = 1;
  }
}
