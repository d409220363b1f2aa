import { ReceivedKeys } from '../../kit/table/row-match.ts';
import { lengthened } from '../../kit/table/slot-table.ts';
import { type NumberArray, type SectionTables, TABLE_NAMES, type TableName } from '../sample/told-tables.ts';
import { type RecordedTable, recordedTable, TEXT_LIMIT } from './recorded-format.ts';
import { badValue, parseObject } from './recorded-header.ts';

/** No part has more rows, whatever the table. */
const PART_ROWS_LIMIT = 1024;
/** Counters of the kernel are 64 bits wide. */
const LARGEST_COUNT = 2 ** 64;
const KEY_WORDS = 4;

/** The rows of one table of a line, checked but not applied, column by column. Columns are kept from line to line. */
export class StagedTable {
  rows = 0;
  /** Zeros where the table is found by its subject. */
  readonly keys = new ReceivedKeys();
  /** In the order of the table's columns; NaN unknown. */
  readonly numbers: Float64Array[];
  readonly texts: (string | undefined)[][];

  constructor(table: RecordedTable) {
    this.numbers = table.numbers.map(() => new Float64Array(0));
    this.texts = table.texts.map(() => []);
  }

  reserve(rows: number): void {
    if (rows <= this.keys.capacity) return;
    this.keys.reserveAhead(rows);
    const { capacity } = this.keys;
    for (const [i, values] of this.numbers.entries()) {
      this.numbers[i] = lengthened(values, new Float64Array(capacity));
    }
  }
}

/** Checks the parts of a line, one at a time. Any wrong value is an OpError of code `BAD_VALUE`. */
export class RecordedStaging {
  readonly #tables: SectionTables;
  readonly #staged: Record<TableName, StagedTable>;
  #last = 0;

  constructor(tables: SectionTables) {
    this.#tables = tables;
    const staged = (name: TableName): StagedTable => new StagedTable(recordedTable(tables, name));
    this.#staged = {
      owners: staged('owners'),
      hosts: staged('hosts'),
      traffic: staged('traffic'),
      hostTraffic: staged('hostTraffic'),
      interfaces: staged('interfaces'),
      addresses: staged('addresses'),
      sockets: staged('sockets'),
    };
  }

  table(name: TableName): StagedTable {
    return this.#staged[name];
  }

  /** Before the parts of a line. */
  clear(): void {
    this.#last = 0;
    for (const table of Object.values(this.#staged)) table.rows = 0;
  }

  add(part: Uint8Array): void {
    const fields = parseObject(part, 'a part');
    const name = TABLE_NAMES.find((known) => known === fields['part']);
    const place = name === undefined ? -1 : TABLE_NAMES.indexOf(name);
    if (name === undefined || place < this.#last) throw badValue('the order of parts');
    this.#last = place;
    this.#addRows(recordedTable(this.#tables, name), this.#staged[name], fields);
  }

  #addRows(table: RecordedTable, staged: StagedTable, fields: Record<string, unknown>): void {
    const rows = fields['rows'];
    const first = staged.rows;
    if (typeof rows !== 'number' || !Number.isInteger(rows) || rows < 1 || rows > PART_ROWS_LIMIT)
      throw badValue('rows');
    if (first + rows > table.slots.limit) throw badValue(`the size of ${table.name}`);
    staged.reserve(first + rows);
    const take = (
      name: string,
      range: Range,
      into: NumberArray,
      stride = 1,
      offset = 0,
      standIn?: number,
    ) => {
      const value = fields[name] === undefined ? standIn : fields[name];
      takeNumbers(value, rows, range, into, first * stride + offset, stride, name);
    };
    take('serial', WORD, staged.keys.serial);
    for (let word = 0; table.hasKeys && word < KEY_WORDS; word++) {
      take(`key${word}`, WORD, staged.keys.words, KEY_WORDS, word);
    }
    for (const [i, column] of table.numbers.entries()) {
      const { name, refersTo, values, standIn } = column;
      const range = refersTo === undefined ? rangeOf(values) : this.#placesOf(refersTo, name);
      take(name, range, staged.numbers[i]!, 1, 0, standIn);
    }
    for (const [i, column] of table.texts.entries()) {
      takeTexts(fields[column.name], rows, staged.texts[i]!, first, column.isOptional, column.name);
    }
    staged.rows = first + rows;
  }

  #placesOf(table: 'owners' | 'hosts', column: string): Range {
    const least = column === 'subject' ? 0 : -1;
    return { least, most: this.#staged[table].rows - 1, isInteger: true, isOptional: false };
  }
}

interface Range {
  readonly least: number;
  readonly most: number;
  readonly isInteger: boolean;
  /** Null stands for unknown. */
  readonly isOptional: boolean;
}

const WORD: Range = { least: 0, most: 0xffffffff, isInteger: true, isOptional: false };

function rangeOf(values: NumberArray): Range {
  if (values instanceof Float64Array)
    return { least: 0, most: LARGEST_COUNT, isInteger: false, isOptional: true };
  if (values instanceof Int32Array)
    return { least: -0x80000000, most: 0x7fffffff, isInteger: true, isOptional: false };
  return { least: 0, most: 2 ** (values.BYTES_PER_ELEMENT * 8) - 1, isInteger: true, isOptional: false };
}

/** An array with one value a row, or one value for all of them. */
function takeNumbers(
  value: unknown,
  rows: number,
  range: Range,
  into: NumberArray,
  from: number,
  stride: number,
  name: string,
): void {
  if (Array.isArray(value)) {
    if (value.length !== rows) throw badValue(name);
    for (let i = 0; i < rows; i++) into[from + i * stride] = checked(value[i], range, name);
    return;
  }
  const all = checked(value, range, name);
  for (let i = 0; i < rows; i++) into[from + i * stride] = all;
}

function checked(value: unknown, range: Range, name: string): number {
  if (value === null && range.isOptional) return Number.NaN;
  if (typeof value !== 'number' || !(value >= range.least && value <= range.most)) throw badValue(name);
  if (range.isInteger && !Number.isInteger(value)) throw badValue(name);
  return value;
}

function takeTexts(
  value: unknown,
  rows: number,
  into: (string | undefined)[],
  from: number,
  isOptional: boolean,
  name: string,
): void {
  if (Array.isArray(value) && value.length !== rows) throw badValue(name);
  for (let i = 0; i < rows; i++) {
    const text: unknown = Array.isArray(value) ? value[i] : value;
    if (typeof text === 'string' && text.length <= TEXT_LIMIT) into[from + i] = text;
    else if (text === null && isOptional) into[from + i] = undefined;
    else throw badValue(name);
  }
}
