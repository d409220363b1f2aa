import { TABLE_FORMATS } from '../codec/table-format.ts';
import {
  NETWORK_TABLE_NAMES,
  notePlaces,
  numberReaders,
  type RowPlaces,
  type ToldTable,
  type ToldTexts,
  toldNetworkTable,
  toldProcesses,
} from '../codec/told-table.ts';
import type { UserNames } from '../query/machine-process-rows.ts';
import { type MachineProcesses, ProcessTexts } from '../sample/machine-processes.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import type { Slice } from '../sample/slice.ts';
import { UNKNOWN_USER } from '../schema/column.ts';
import type { SectionError, SnapshotHeader } from '../schema/section-facts.ts';
import { type Coding, ERRORS_LIMIT, TEXT_AS_BEFORE, TEXT_LIMIT } from './recorded-format.ts';

/** What a line says beside the section. */
export interface RecordingFacts {
  readonly header: SnapshotHeader;
  readonly errors: readonly SectionError[];
  /** Snapshots since the last line that were left out. */
  readonly unrecordedCount: number;
}

/** What one part of a table holds at most, by the name of the table; those with long texts hold fewer. */
const ROWS_PER_PART = 1024;
const FEWER_ROWS_PER_PART: Readonly<Record<string, number>> = {
  [TABLE_FORMATS.owners.name]: 64,
  // Their texts are cut as a reader cuts them: the longest, all of them escaped, come to 14 MB.
  [TABLE_FORMATS.processes.name]: 512,
};

type RecordedText = string | null | typeof TEXT_AS_BEFORE;

/** Turns sections into the parts of recorded lines (recorded-format.ts). Reads the section; keeps nothing of it. */
export class RecordingParts {
  readonly #encoder = new TextEncoder();
  readonly #places: RowPlaces = new Map();
  readonly #numbers: (number | null)[] = [];
  readonly #texts: RecordedText[] = [];
  readonly #processTexts = new RecordedTexts();

  /** UTF-8 of each part, in order. Rests between parts, so the section must stay as it is until then. */
  async encode(
    section: NetworkSection | undefined,
    facts: RecordingFacts,
    slice: Slice,
  ): Promise<Uint8Array[]> {
    const parts = [this.#encoder.encode(headerText(section, facts))];
    if (section === undefined) return parts;
    for (const name of NETWORK_TABLE_NAMES) {
      const table = toldNetworkTable(section, name);
      notePlaces(table, this.#places);
      await this.#add(parts, table, slice);
    }
    return parts;
  }

  /** The same of a list of processes. */
  async encodeProcesses(section: MachineProcesses, userOf: UserNames, slice: Slice): Promise<Uint8Array[]> {
    const parts = [this.#encoder.encode(processesText(section))];
    const texts = this.#processTexts;
    texts.take(section, userOf);
    const { processes, usage } = section;
    await this.#add(parts, toldProcesses({ processes, usage, texts }), slice, texts.isLineAsBefore);
    return parts;
  }

  /** `isAsBefore`: by slot, whether its command line and control group stand in a list before. */
  async #add(parts: Uint8Array[], table: ToldTable, slice: Slice, isAsBefore?: Uint8Array): Promise<void> {
    const { format, slots } = table;
    const rowsPerPart = FEWER_ROWS_PER_PART[format.name] ?? ROWS_PER_PART;
    for (let first = 0; first < slots.count; first += rowsPerPart) {
      const rows = slots.rows.subarray(first, Math.min(first + rowsPerPart, slots.count));
      parts.push(this.#encoder.encode(this.#partText(table, rows, isAsBefore)));
      if (slice.due()) await slice.rest();
    }
  }

  #partText(table: ToldTable, rows: Int32Array, isAsBefore?: Uint8Array): string {
    const { format, texts } = table;
    const fields = [`{"part":"${format.name}","rows":${rows.length}`];
    for (const { name, read } of numberReaders(table, this.#places))
      this.#addNumbers(fields, name, rows, read);
    for (const column of texts) {
      const { column: name, limit } = column.format;
      const isList = format === TABLE_FORMATS.processes;
      const kept = name === 'users' ? undefined : isAsBefore;
      this.#addTexts(fields, column, rows, isList ? limit : TEXT_LIMIT, kept);
    }
    return `${fields.join(',')}}`;
  }

  #addNumbers(fields: string[], name: string, rows: Int32Array, numberAt: (slot: number) => number): void {
    const list = this.#numbers;
    list.length = rows.length;
    let isConstant = true;
    for (let i = 0; i < rows.length; i++) {
      const value = numberAt(rows[i]!);
      list[i] = Number.isNaN(value) ? null : value;
      if (list[i] !== list[0]) isConstant = false;
    }
    fields.push(`"${name}":${JSON.stringify(isConstant ? list[0] : list)}`);
  }

  #addTexts(
    fields: string[],
    { format, values: texts }: ToldTexts,
    rows: Int32Array,
    limit: number,
    isAsBefore?: Uint8Array,
  ): void {
    const list = this.#texts;
    list.length = rows.length;
    let isConstant = true;
    for (let i = 0; i < rows.length; i++) {
      const text = texts[rows[i]!] ?? (format.isOptional ? null : '');
      const isKept = isAsBefore !== undefined && isAsBefore[rows[i]!] === 1;
      list[i] = isKept ? TEXT_AS_BEFORE : text === null ? null : text.slice(0, limit);
      if (list[i] !== list[0]) isConstant = false;
    }
    fields.push(`"${format.name}":${JSON.stringify(isConstant ? list[0] : list)}`);
  }
}

/** In one of so many lists every command line stands; a seek reads as many before its target. */
const WHOLE_LISTS = 16;

/** Texts of a list, and which long ones the recording has: repeated each time they would double it. */
class RecordedTexts extends ProcessTexts {
  /** By slot, 1: the recording has it. */
  isLineAsBefore = new Uint8Array(0);
  readonly #pid: number[] = [];
  readonly #startTicks: number[] = [];
  #lists = -1;

  take(section: MachineProcesses, userOf: UserNames): void {
    const { processes, texts } = section;
    const { slots, pid, startTicks, uid } = processes;
    const { commandLines: lines, cgroups: groups, containers: named } = texts ?? section;
    this.#lists = (this.#lists + 1) % WHOLE_LISTS;
    if (this.isLineAsBefore.length < slots.capacity) this.isLineAsBefore = new Uint8Array(slots.capacity);
    for (const slot of slots.rows.subarray(0, slots.count)) {
      const isSame =
        this.#pid[slot] === pid[slot] &&
        this.#startTicks[slot] === startTicks[slot] &&
        this.commandLines[slot] === lines?.[slot] &&
        this.cgroups[slot] === groups?.[slot] &&
        this.containers[slot] === named?.[slot];
      this.isLineAsBefore[slot] = isSame && this.#lists > 0 ? 1 : 0;
      this.#pid[slot] = pid[slot]!;
      this.#startTicks[slot] = startTicks[slot]!;
      this.commandLines[slot] = lines?.[slot];
      this.cgroups[slot] = groups?.[slot];
      this.containers[slot] = named?.[slot];
      this.users[slot] = texts === undefined ? userText(uid[slot]!, userOf) : texts.users[slot];
    }
  }
}

/** The name, or the number as text; undefined unknown. */
export function userText(uid: number, userOf: UserNames): string | undefined {
  return uid === UNKNOWN_USER ? undefined : (userOf(uid) ?? String(uid >>> 0));
}

/** The first part of a line. `coding`: of a line of a history. */
export function headerText(
  section: NetworkSection | undefined,
  facts: RecordingFacts,
  coding?: Coding,
): string {
  return JSON.stringify({
    part: 'header',
    ...facts.header,
    errors: facts.errors.slice(0, ERRORS_LIMIT).map(shortError),
    unrecorded: facts.unrecordedCount,
    coding,
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

/** What a list says besides its rows; `parseRecordedProcesses` reads it. NaN becomes null. */
export function processesText(section: MachineProcesses): string {
  const { sequence, monotonicMicros, durationMicros, memoryTotalBytes, coreCount } = section;
  const times = { sequence, monotonic_micros: monotonicMicros, duration_micros: durationMicros };
  return JSON.stringify({
    part: 'processes',
    section: { ...times, errors: section.errors.slice(0, ERRORS_LIMIT).map(shortError) },
    process_count: section.processCount ?? section.processes.slots.count,
    ...{ memory_total_bytes: memoryTotalBytes, core_count: coreCount },
  });
}

function shortError({ op, code, message }: SectionError): SectionError {
  return {
    op: op.slice(0, TEXT_LIMIT),
    code: code.slice(0, TEXT_LIMIT),
    message: message.slice(0, TEXT_LIMIT),
  };
}
