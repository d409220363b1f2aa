import { cleanText } from '../../kit/text/sanitize.ts';
import type { FieldShape } from '../codec/protobuf.ts';
import {
  type NumberFormat,
  TABLE_FORMATS,
  type TableFormat,
  type TextFormat,
} from '../codec/table-format.ts';
import { type ReceivedColumns, TableReplica } from '../codec/table-replica.ts';
import { NETWORK_TABLE_NAMES, type ToldTexts, toldNetworkTable, toldProcesses } from '../codec/told-table.ts';
import { UNKNOWN_COUNT } from '../codec/typed-columns.ts';
import { type MachineProcesses, ProcessList } from '../sample/machine-processes.ts';
import { type NetworkSection, NetworkTables } from '../sample/network-section.ts';
import type { Slice } from '../sample/slice.ts';
import { type Coding, TEXT_AS_BEFORE, TEXT_LIMIT } from './recorded-format.ts';
import { badValue, parseObject, parseRecordedProcesses } from './recorded-header.ts';
import type { RecordedLine } from './recorded-line.ts';
import { isWholeList, rowsOfWholeList, WHOLE_LIST_LIMIT } from './v1/whole-list.ts';

/** No part has more rows, whatever the table. */
const PART_ROWS_LIMIT = 1024;

/** How many rows a table has that columns refer to. */
type RowCounts = (table: string) => number;

/** The checked rows of one table, column by column, kept from line to line. A wrong value is an OpError `BAD_VALUE`. */
class StagedTable implements ReceivedColumns {
  rows = 0;
  /** Whether the rows are those of a history, which the next line changes. */
  isKept = false;
  readonly #format: TableFormat;
  readonly #counts: RowCounts;
  /** Whether texts are cleaned, and may be as before: those of a list of processes. */
  readonly #isOfList: boolean;
  /** By the number of the field. */
  readonly #numbers: number[][] = [];
  readonly #texts: (string | undefined | typeof TEXT_AS_BEFORE)[][] = [];
  #copy = new Float64Array(0);
  /** How many rows the table has, as a line of a history says. */
  #total = 0;

  constructor(format: TableFormat, counts: RowCounts = () => 0) {
    this.#format = format;
    this.#counts = counts;
    this.#isOfList = format === TABLE_FORMATS.processes;
  }

  /** Before the parts of a line. */
  begin(coding: Coding | undefined): void {
    this.isKept = coding !== undefined;
    if (coding === 'changes') return;
    this.rows = 0;
    this.#total = 0;
  }

  /** Takes one part. A column that is not there is absent: the recorder did not know it yet. */
  add(fields: Record<string, unknown>, rowsLimit = PART_ROWS_LIMIT): void {
    const { ownFields, numbers, texts, limit, name } = this.#format;
    const rows = fields['rows'];
    if (typeof rows !== 'number' || !Number.isInteger(rows) || rows < 1 || rows > rowsLimit) {
      throw badValue('rows');
    }
    if (this.rows + rows > limit) throw badValue(`the size of ${name}`);
    for (const field of ownFields) {
      this.#takeNumbers(field.tag, fields[field.name], rows, WORD, field.name);
    }
    for (const column of numbers) {
      const value = fields[column.name];
      const known = value === undefined && !this.#isKey(column) ? absentOf(column) : value;
      this.#takeNumbers(column.field.tag, known, rows, this.#rangeOf(column), column.name);
    }
    for (const column of texts) this.#takeTexts(column, fields[column.name], rows);
    this.rows += rows;
  }

  /** Takes one part of a line of a history: what changed in the rows that were staged before. */
  change(fields: Record<string, unknown>): void {
    const { ownFields, numbers, texts, limit, name } = this.#format;
    const { total } = fields;
    if (typeof total !== 'number' || !Number.isInteger(total) || total < 0 || total > limit) {
      throw badValue(`the size of ${name}`);
    }
    this.#total = total;
    this.rows = Math.min(this.rows, total);
    const places = placesOf(fields);
    const before = this.rows;
    for (const place of places) {
      if (place > this.rows || place >= total) throw badValue(`a place in ${name}`);
      if (place === this.rows) this.rows++;
    }
    for (const field of ownFields) {
      this.#changeNumbers(field.tag, fields[field.name], places, before, 0, WORD, field.name);
    }
    for (const column of numbers) {
      const absent = absentOf(column) ?? UNKNOWN_COUNT;
      const value = fields[column.name];
      this.#changeNumbers(
        column.field.tag,
        value,
        places,
        before,
        absent,
        this.#rangeOf(column),
        column.name,
      );
    }
    for (const column of texts) this.#changeTexts(column, fields[column.name], places, before);
  }

  /** After the parts of a line of a history. */
  checkWhole(): void {
    if (this.rows !== this.#total) throw badValue(`the rows of ${this.#format.name}`);
  }

  /** A number from outside is a difference; rows from `before` on are new. */
  #changeNumbers(
    tag: number,
    value: unknown,
    places: readonly number[],
    before: number,
    absent: number,
    range: Range,
    name: string,
  ): void {
    this.#numbers[tag] ??= [];
    const into = this.#numbers[tag];
    for (let row = before; row < this.rows; row++) into[row] = absent;
    if (value === undefined) return;
    if (Array.isArray(value) && value.length !== places.length) throw badValue(name);
    for (const [at, place] of places.entries()) {
      const change: unknown = Array.isArray(value) ? value[at] : value;
      const base = range.isDouble && into[place] === UNKNOWN_COUNT ? 0 : into[place]!;
      if (typeof change !== 'number' && change !== null) throw badValue(name);
      into[place] = checked(change === null ? null : base + change, range, name);
    }
  }

  #changeTexts(
    { field, name, isOptional, limit }: TextFormat,
    value: unknown,
    places: readonly number[],
    before: number,
  ): void {
    this.#texts[field.tag] ??= [];
    const into = this.#texts[field.tag]!;
    for (let row = before; row < this.rows; row++) into[row] = isOptional ? undefined : '';
    into.length = this.rows;
    if (value === undefined) return;
    if (!Array.isArray(value) || value.length !== places.length) throw badValue(name);
    for (const [at, place] of places.entries()) {
      const text: unknown = value[at];
      if (typeof text === 'string' && text.length <= TEXT_LIMIT) into[place] = cleanText(text, limit);
      else if (text === null && isOptional) into[place] = undefined;
      else if (text !== TEXT_AS_BEFORE) throw badValue(name);
    }
  }

  numbers({ field }: { readonly field: FieldShape }): Float64Array {
    const staged = this.#numbers[field.tag] ?? [];
    if (this.#copy.length < this.rows) this.#copy = new Float64Array(this.rows);
    const copy = this.#copy;
    for (let row = 0; row < this.rows; row++) copy[row] = staged[row]!;
    return copy;
  }

  putTexts({ values: into, format }: ToldTexts, slots: Int32Array): void {
    const staged = this.#texts[format.field.tag] ?? [];
    for (let row = 0; row < this.rows; row++) {
      const slot = slots[row]!;
      const text = staged[row];
      if (slot >= 0 && text !== TEXT_AS_BEFORE) into[slot] = text;
    }
    // Texts are not kept for longer than the line that they came with, but for what the next one of a history changes.
    if (!this.isKept) staged.length = 0;
  }

  #isKey(column: NumberFormat): boolean {
    return this.#format.ownColumns.includes(column);
  }

  #rangeOf(column: NumberFormat): Range {
    const { refersTo, least, most, isDouble } = column;
    if (refersTo === undefined) return { least, most, isDouble };
    return { least: this.#isKey(column) ? 0 : -1, most: this.#counts(refersTo) - 1, isDouble };
  }

  /** An array with one value a row, or one value for all of them. */
  #takeNumbers(tag: number, value: unknown, rows: number, range: Range, name: string): void {
    this.#numbers[tag] ??= [];
    const into = this.#numbers[tag];
    const from = this.rows;
    if (Array.isArray(value)) {
      if (value.length !== rows) throw badValue(name);
      for (let i = 0; i < rows; i++) into[from + i] = checked(value[i], range, name);
      return;
    }
    const all = checked(value, range, name);
    for (let i = 0; i < rows; i++) into[from + i] = all;
  }

  #takeTexts({ field, name, isOptional, limit }: TextFormat, value: unknown, rows: number): void {
    this.#texts[field.tag] ??= [];
    const into = this.#texts[field.tag]!;
    if (Array.isArray(value) && value.length !== rows) throw badValue(name);
    for (let i = 0; i < rows; i++) {
      const text: unknown = Array.isArray(value) ? value[i] : value;
      if (typeof text === 'string' && text.length <= TEXT_LIMIT) {
        into[this.rows + i] = this.#isOfList ? cleanText(text, limit) : text;
      } else if (text === TEXT_AS_BEFORE && this.#isOfList) into[this.rows + i] = TEXT_AS_BEFORE;
      else if (text === null && isOptional) into[this.rows + i] = undefined;
      else if (value === undefined) into[this.rows + i] = isOptional ? undefined : '';
      else throw badValue(name);
    }
  }
}

/** The places of the rows that a part of a history names, upwards. */
function placesOf(fields: Record<string, unknown>): readonly number[] {
  const { at, from, rows } = fields;
  if (at === undefined) {
    if (typeof rows !== 'number' || !Number.isInteger(rows) || rows < 0 || rows > PART_ROWS_LIMIT) {
      throw badValue('rows');
    }
    if (typeof from !== 'number' || !Number.isInteger(from) || from < 0) throw badValue('from');
    return Array.from({ length: rows }, (_, row) => from + row);
  }
  if (!Array.isArray(at) || at.length > PART_ROWS_LIMIT) throw badValue('at');
  let last = -1;
  return at.map((place: unknown) => {
    if (typeof place !== 'number' || !Number.isInteger(place) || place <= last) throw badValue('at');
    last = place;
    return place;
  });
}

interface Range {
  readonly least: number;
  readonly most: number;
  /** Null stands for unknown. All others are integers. */
  readonly isDouble: boolean;
}

const WORD: Range = { least: 0, most: 0xffff_ffff, isDouble: false };

function absentOf({ absent }: NumberFormat): number | null {
  return Number.isNaN(absent) ? null : absent;
}

function checked(value: unknown, { least, most, isDouble }: Range, name: string): number {
  if (value === null && isDouble) return UNKNOWN_COUNT;
  if (typeof value !== 'number' || !(value >= least && value <= most)) throw badValue(name);
  if (!isDouble && !Number.isInteger(value)) throw badValue(name);
  return value;
}

/** The tables of a recorded machine. Rows keep their slots while their key and their recorded serial stay. */
export class RecordedTables {
  readonly #tables = new NetworkTables();
  readonly #staged = new Map<string, StagedTable>();
  readonly #replicas = new Map<string, TableReplica>();

  constructor() {
    const counts: RowCounts = (name) => this.#staged.get(name)?.rows ?? 0;
    for (const name of NETWORK_TABLE_NAMES) {
      this.#staged.set(name, new StagedTable(TABLE_FORMATS[name], counts));
      this.#replicas.set(name, new TableReplica(toldNetworkTable(this.#tables, name), this.#replicas));
    }
  }

  /** The line as a section, borrowed until the next call. OpError `BAD_VALUE`: then nothing has changed. */
  async apply({ recorded, tables }: RecordedLine, slice: Slice): Promise<NetworkSection> {
    const { network } = recorded;
    if (network === undefined) throw badValue('network');
    const { coding } = recorded;
    for (const staged of this.#staged.values()) staged.begin(coding);
    let last = 0;
    for (const part of tables) {
      const fields = parseObject(part, 'a part');
      const place = (NETWORK_TABLE_NAMES as readonly unknown[]).indexOf(fields['part']);
      // Who is referred to comes first.
      if (place < last) throw badValue('the order of parts');
      last = place;
      const staged = this.#staged.get(NETWORK_TABLE_NAMES[place]!);
      if (coding === undefined) staged?.add(fields);
      else staged?.change(fields);
      if (slice.due()) await slice.rest();
    }
    if (coding !== undefined) for (const staged of this.#staged.values()) staged.checkWhole();
    for (const [name, replica] of this.#replicas) {
      for (const _ of replica.replace(this.#staged.get(name)!)) {
        if (slice.due()) await slice.rest();
      }
    }
    return { ...network, ...this.#tables };
  }
}

/** The list of processes of a recorded machine. Rows keep their slots from line to line. */
export class RecordedProcesses {
  readonly #list = new ProcessList(TABLE_FORMATS.processes.limit);
  readonly #staged = new StagedTable(TABLE_FORMATS.processes);
  readonly #replica = new TableReplica(toldProcesses(this.#list));

  /** As `RecordedTables.apply`, of the list; `facts` is the part that says what there is besides rows. */
  async apply(
    facts: Uint8Array,
    rows: readonly Uint8Array[],
    coding: Coding | undefined,
    slice: Slice,
  ): Promise<MachineProcesses> {
    const fields = parseObject(facts, 'a list of processes');
    const section = parseRecordedProcesses(fields);
    const staged = this.#staged;
    staged.begin(coding);
    if (isWholeList(fields)) staged.add(rowsOfWholeList(fields), WHOLE_LIST_LIMIT);
    for (const part of rows) {
      const columns = parseObject(part, 'a part');
      if (coding === undefined) staged.add(columns);
      else staged.change(columns);
      if (slice.due()) await slice.rest();
    }
    if (coding !== undefined) staged.checkWhole();
    for (const _ of this.#replica.replace(this.#staged)) {
      if (slice.due()) await slice.rest();
    }
    return this.#list.section(section);
  }
}
