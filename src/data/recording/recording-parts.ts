import type { NetworkSection } from '../sample/network-section.ts';
import type { Slice } from '../sample/slice.ts';
import type { SectionError, SnapshotHeader } from '../sample/snapshot.ts';
import { TABLE_NAMES, type ToldTexts } from '../sample/told-tables.ts';
import {
  ERRORS_LIMIT,
  type NumberColumn,
  type RecordedTable,
  recordedTable,
  TEXT_LIMIT,
} from './recorded-format.ts';

/** What a line says beside the section. */
export interface RecordingFacts {
  readonly header: SnapshotHeader;
  readonly errors: readonly SectionError[];
  /** Snapshots since the last line that were left out. */
  readonly unrecordedCount: number;
}

/** Largest counter that a reader takes: those of the kernel are 64 bits wide. */
const LARGEST_COUNT = 2 ** 64;

/** Turns sections into the parts of recorded lines (recorded-format.ts). Reads the section; keeps nothing of it. */
export class RecordingParts {
  readonly #encoder = new TextEncoder();
  /** Place in the line of each slot of owners and hosts, -1 where there is no row. */
  readonly #places = { owners: new Int32Array(0), hosts: new Int32Array(0) };
  readonly #numbers: (number | null)[] = [];
  readonly #texts: (string | null)[] = [];

  /** UTF-8 of each part, in order. Rests between parts, so the section must stay as it is until then. */
  async encode(
    section: NetworkSection | undefined,
    facts: RecordingFacts,
    slice: Slice,
  ): Promise<Uint8Array[]> {
    const parts = [this.#encoder.encode(headerText(section, facts))];
    if (section === undefined) return parts;
    for (const name of TABLE_NAMES) {
      const table = recordedTable(section, name);
      if (name === 'owners' || name === 'hosts') this.#place(name, table);
      for (let first = 0; first < table.slots.count; first += table.rowsPerPart) {
        parts.push(this.#encoder.encode(this.#partText(table, first)));
        if (slice.due()) await slice.rest();
      }
    }
    return parts;
  }

  #place(name: 'owners' | 'hosts', { slots }: RecordedTable): void {
    if (this.#places[name].length < slots.capacity) this.#places[name] = new Int32Array(slots.capacity);
    const places = this.#places[name];
    places.fill(-1);
    for (let i = 0; i < slots.count; i++) places[slots.rows[i]!] = i;
  }

  #partText(table: RecordedTable, first: number): string {
    const end = Math.min(first + table.rowsPerPart, table.slots.count);
    const { rows, serial } = table.slots;
    const fields = [`{"part":"${table.name}","rows":${end - first}`];
    this.#addNumbers(fields, 'serial', end - first, (i) => serial[rows[first + i]!]!);
    for (let word = 0; table.hasKeys && word < 4; word++) {
      const key = (i: number): number => table.slots.keyWord(rows[first + i]!, keyWordOf(word));
      this.#addNumbers(fields, `key${word}`, end - first, key);
    }
    for (const column of table.numbers) {
      this.#addNumbers(fields, column.name, end - first, this.#reader(column, rows, first));
    }
    for (const column of table.texts) this.#addTexts(fields, column, rows.subarray(first, end));
    return `${fields.join(',')}}`;
  }

  #reader(column: NumberColumn, rows: Int32Array, first: number): (i: number) => number {
    const { values, stride, offset, refersTo } = column;
    if (refersTo === undefined) return (i) => values[rows[first + i]! * stride + offset]!;
    const places = this.#places[refersTo];
    return (i) => places[values[rows[first + i]!]!] ?? -1;
  }

  #addNumbers(fields: string[], name: string, count: number, numberAt: (i: number) => number): void {
    const list = this.#numbers;
    list.length = count;
    let isConstant = true;
    for (let i = 0; i < count; i++) {
      const value = numberAt(i);
      // A reader takes no counter outside these bounds, and one value must not cost the snapshot.
      const isKnown = value >= -0x80000000 && value <= LARGEST_COUNT;
      list[i] = isKnown ? value : null;
      if (list[i] !== list[0]) isConstant = false;
    }
    fields.push(`"${name}":${JSON.stringify(isConstant ? list[0] : list)}`);
  }

  #addTexts(fields: string[], column: ToldTexts, rows: Int32Array): void {
    const list = this.#texts;
    list.length = rows.length;
    let isConstant = true;
    for (let i = 0; i < rows.length; i++) {
      const text = column.texts[rows[i]!] ?? (column.isOptional ? null : '');
      list[i] = text === null ? null : text.slice(0, TEXT_LIMIT);
      if (list[i] !== list[0]) isConstant = false;
    }
    fields.push(`"${column.name}":${JSON.stringify(isConstant ? list[0] : list)}`);
  }
}

function keyWordOf(word: number): 0 | 1 | 2 | 3 {
  return word === 0 ? 0 : word === 1 ? 1 : word === 2 ? 2 : 3;
}

function headerText(section: NetworkSection | undefined, facts: RecordingFacts): string {
  return JSON.stringify({
    part: 'header',
    ...facts.header,
    errors: facts.errors.slice(0, ERRORS_LIMIT).map(shortError),
    unrecorded: facts.unrecordedCount,
    network: section === undefined ? null : networkFields(section),
  });
}

function networkFields(section: NetworkSection): object {
  const { sequence, monotonicMicros, durationMicros, tier, counted, processCount } = section;
  const { lostClosings, lost, parts } = section;
  return {
    ...{ sequence, monotonicMicros, durationMicros, tier, counted, processCount },
    ...{ lostClosings, lost, parts },
    errors: section.errors.slice(0, ERRORS_LIMIT).map(shortError),
  };
}

function shortError({ op, code, message }: SectionError): SectionError {
  return {
    op: op.slice(0, TEXT_LIMIT),
    code: code.slice(0, TEXT_LIMIT),
    message: message.slice(0, TEXT_LIMIT),
  };
}
