import { parseJsonWithin } from '../../kit/bytes/json-bytes.ts';
import { OpError } from '../../kit/errors/op-error.ts';
import { applyJsonDelta, isObject, type JsonValue } from '../codec/json-values.ts';
import type { NetworkSection } from '../sample/network-section.ts';
import type { Snapshot } from '../sample/snapshot.ts';
import type { SectionError } from '../schema/section-facts.ts';
import { TimeSlice } from '../source/source.ts';
import { type Coding, PART_LIMIT_BYTES, SECTION_DEPTH_LIMIT, type SectionPart } from './recorded-format.ts';
import { badValue } from './recorded-header.ts';
import type { RecordedLine } from './recorded-line.ts';
import { RecordedProcesses, RecordedTables } from './recorded-tables.ts';
import type { MachineSectionReader, RecordedSections } from './section-recording.ts';

/** The recorded machine as it was at the line that was applied last. */
export class RecordedMachine {
  readonly #tables = new RecordedTables();
  readonly #processes = new RecordedProcesses();
  readonly #slice = new TimeSlice();
  #snapshot: Snapshot | undefined;
  /** Of the lines, and of the headers: they differ, because a seek begins anew. */
  #recordedEpoch: number | undefined;
  #epoch = 0;
  readonly #reader: MachineSectionReader | undefined;
  /** Whether there is what a line of changes follows. */
  #hasBase = false;
  /** Of a history: the values that the next line changes. */
  readonly #values = new Map<SectionPart, JsonValue>();
  /** The newest of each section: a line holds those that were collected then. */
  #network: NetworkSection | undefined;
  #sections: RecordedSections & Pick<Snapshot, 'machineProcesses'> = {};

  constructor(reader?: MachineSectionReader) {
    this.#reader = reader;
  }

  /** Borrowed: valid until the next `apply`. Only after one that succeeded. */
  get snapshot(): Snapshot {
    if (this.#snapshot === undefined) throw new OpError({ op: 'play recording', code: 'EMPTY' });
    return this.#snapshot;
  }

  /** The next line follows none: nothing may be subtracted. */
  beginEpoch(): void {
    this.#epoch++;
    this.#recordedEpoch = undefined;
    this.#hasBase = false;
  }

  isOfEpoch(line: RecordedLine): boolean {
    return line.recorded.header.epoch === this.#recordedEpoch;
  }

  /** Rejects with an OpError if the line is damaged: then the snapshot stays what it was. */
  async apply(line: RecordedLine): Promise<void> {
    const { recorded } = line;
    if (recorded.coding === 'changes' && !this.#hasBase)
      throw badValue('a change without the value before it,');
    this.#hasBase = false;
    if (recorded.network !== undefined) {
      this.#network = await this.#tables.apply(line, this.#slice);
    }
    if (this.#reader !== undefined && line.sections.size > 0) {
      this.#sections = {
        ...this.#sections,
        ...this.#reader.read(this.#parsed(line)),
        ...(await this.#list(line)),
      };
    }
    this.#hasBase = recorded.coding !== undefined;
    const { epoch } = recorded.header;
    if (this.#recordedEpoch !== undefined && this.#recordedEpoch !== epoch) this.#epoch++;
    this.#recordedEpoch = epoch;
    const errors = [...recorded.errors, ...unrecorded(recorded.unrecordedCount)];
    this.#snapshot = {
      header: { ...recorded.header, epoch: this.#epoch },
      ...(this.#network === undefined ? {} : { network: this.#network }),
      ...this.#sections,
      errors,
    };
  }

  #parsed({ sections, recorded: { coding } }: RecordedLine): ReadonlyMap<SectionPart, unknown> {
    const values = new Map<SectionPart, unknown>();
    for (const [name, bytes] of sections) {
      if (name === 'processes') continue;
      const part = parseJsonWithin(bytes, PART_LIMIT_BYTES, SECTION_DEPTH_LIMIT);
      values.set(name, coding === undefined ? part : this.#changed(name, part, coding));
    }
    return values;
  }

  #changed(name: SectionPart, part: unknown, coding: Coding): JsonValue {
    if (!isObject(part)) throw badValue(name);
    const before = coding === 'whole' ? undefined : this.#values.get(name);
    if (part['value'] === undefined && before === undefined) throw badValue(name);
    const value =
      part['value'] === undefined
        ? applyJsonDelta(before ?? null, part['change'])
        : (part['value'] as JsonValue);
    this.#values.set(name, value);
    return value;
  }

  async #list({
    sections,
    processRows,
    recorded,
  }: RecordedLine): Promise<Pick<Snapshot, 'machineProcesses'>> {
    const facts = sections.get('processes');
    if (facts === undefined) return {};
    return {
      machineProcesses: await this.#processes.apply(facts, processRows, recorded.coding, this.#slice),
    };
  }
}

function unrecorded(count: number): SectionError[] {
  if (count === 0) return [];
  const message = `${count} snapshots before this one are missing`;
  return [{ op: 'record', code: 'UNRECORDED', message }];
}
