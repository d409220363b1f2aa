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
    const { limit, name } = this.#format;
    const rows = fields['rows'];
    if (typeof rows !== 'number' || !Number.isInteger(rows) || rows < 1 || rows > rowsLimit) {
      throw badValue('rows');
    }
    if (this.rows + rows > limit) throw badValue(`the size of ${name}`);
    const before = this.rows;
    this.rows += rows;
    this.#take(fields, {
      before,
      places: Array.from({ length: rows }, (_, row) => before + row),
      isWhole: true,
    });
  }

  /** Takes one part of a line of a history: what changed in the rows that were staged before. */
  change(fields: Record<string, unknown>): void {
    const { limit, name } = this.#format;
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
    this.#take(fields, { before, places, isWhole: false });
  }

  #take(fields: Record<string, unknown>, part: Part): void {
    const { ownFields, numbers, texts } = this.#format;
    for (const { tag, name } of ownFields) {
      this.#takeNumbers(tag, fields[name], part, { ...WORD, name, absent: 0, isNeeded: part.isWhole });
    }
    for (const column of numbers) {
      const { name, field, absent } = column;
      const isNeeded = part.isWhole && this.#isKey(column);
      const known = Number.isNaN(absent) ? UNKNOWN_COUNT : absent;
      const range = { ...this.#rangeOf(column), name, absent: known, isNeeded };
      this.#takeNumbers(field.tag, fields[name], part, range);
    }
    for (const column of texts) this.#takeTexts(column, fields[column.name], part);
  }

  /** After the parts of a line of a history. */
  checkWhole(): void {
    if (this.rows !== this.#total) throw badValue(`the rows of ${this.#format.name}`);
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

  /** An array with one value a row, or one value for all of them: differences, if the part is not whole. */
  #takeNumbers(tag: number, value: unknown, { before, places, isWhole }: Part, column: NumberRange): void {
    this.#numbers[tag] ??= [];
    const into = this.#numbers[tag];
    const { name, absent, isDouble, isNeeded } = column;
    const isMissing = value === undefined && !isNeeded;
    if (isMissing || !isWhole) for (let row = before; row < this.rows; row++) into[row] = absent;
    if (isMissing) return;
    const isList = Array.isArray(value);
    if (isList && value.length !== places.length) throw badValue(name);
    if (isWhole) {
      const all = isList ? 0 : checked(value, column);
      for (let at = 0; at < places.length; at++)
        into[before + at] = isList ? checked(value[at], column) : all;
      return;
    }
    for (const [at, place] of places.entries()) {
      const told: unknown = isList ? value[at] : value;
      const base = isDouble && into[place] === UNKNOWN_COUNT ? 0 : into[place]!;
      into[place] = checked(typeof told === 'number' ? base + told : told, column);
    }
  }

  #takeTexts(
    { field, name, isOptional, limit }: TextFormat,
    value: unknown,
    { before, places, isWhole }: Part,
  ): void {
    this.#texts[field.tag] ??= [];
    const into = this.#texts[field.tag]!;
    if (value === undefined || !isWhole) {
      for (let row = before; row < this.rows; row++) into[row] = isOptional ? undefined : '';
      into.length = this.rows;
    }
    if (value === undefined) return;
    if (Array.isArray(value) ? value.length !== places.length : !isWhole) throw badValue(name);
    const isCleaned = !isWhole || this.#isOfList;
    for (let at = 0; at < places.length; at++) {
      const place = places[at]!;
      const text: unknown = Array.isArray(value) ? value[at] : value;
      if (typeof text === 'string' && text.length <= TEXT_LIMIT) {
        into[place] = isCleaned ? cleanText(text, limit) : text;
      } else if (text === null && isOptional) into[place] = undefined;
      else if (text !== TEXT_AS_BEFORE || !isCleaned) throw badValue(name);
      else if (isWhole) into[place] = TEXT_AS_BEFORE;
    }
  }
}

/** The rows of one part: their places, upwards, of which those from `before` on are new. */
interface Part {
  readonly places: readonly number[];
  readonly before: number;
  /** False: it tells differences, and texts that are as they were are left alone. */
  readonly isWhole: boolean;
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

interface NumberRange extends Range {
  readonly name: string;
  /** What a new row has that is told none. */
  readonly absent: number;
  /** Without it the part is wrong. */
  readonly isNeeded: boolean;
}

function checked(value: unknown, { least, most, isDouble, name }: NumberRange): number {
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
