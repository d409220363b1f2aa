import { PbfReader } from 'pbf';
import { checkProtobuf, WireWriter } from '../../data/codec/protobuf.ts';
import { REMOVED_PROCESSES_SHAPE, TABLE_FORMATS } from '../../data/codec/table-format.ts';
import { TableReader } from '../../data/codec/table-reader.ts';
import { TableReplica } from '../../data/codec/table-replica.ts';
import { type RemovedRows, type TableNews, TableWriter } from '../../data/codec/table-writer.ts';
import { toldProcesses } from '../../data/codec/told-table.ts';
import { wireError } from '../../data/codec/wire-error.ts';
import { type MachineProcesses, ProcessList } from '../../data/sample/machine-processes.ts';
import type { Section, SnapshotHeader } from '../../data/schema/section-facts.ts';
import { ROWS_LIMIT } from './limits.ts';
import type { ProcessChanges } from './process-changes.ts';
import { headerMessage, plausible, ReceivedFacts, sectionMessage } from './section-codec.ts';
import { PROCESSES_REPLY_SHAPE, writeHeader, writeSectionFacts } from './socktop-v2.generated.ts';
import { type V2Payload, v2Protobuf } from './v2-frame.ts';

/** Replies of one sample that are kept: clients that poll in step have the same base. */
const CACHED_BASES = 8;
const FIRST_BUFFER_BYTES = 1 << 12;

/** What a reply of processes says apart from its rows. */
export interface ProcessFacts {
  readonly header: SnapshotHeader;
  /** `sequence` is that of the changes. */
  readonly section: Section;
  /** Of the whole machine. */
  readonly processCount: number;
  readonly memoryTotalBytes: number;
  readonly coreCount: number;
}

/** Writes `ProcessesReply` for clients that are at some sample or at none, each distinct one once per sample. */
export class ProcessEncoder {
  readonly #changes: ProcessChanges;
  readonly #tables = new TableWriter(2);
  /** By base. */
  readonly #encoded = new Map<number, Uint8Array<ArrayBuffer>>();
  readonly #payloads = new Map<number, V2Payload>();
  #encodedSequence = 0;
  #rows = new Int32Array(0);
  #buffer: Uint8Array = new Uint8Array(FIRST_BUFFER_BYTES);

  constructor(changes: ProcessChanges) {
    this.#changes = changes;
  }

  /** As `encode`, compressed where that is worth it: once for all clients at that base. */
  payload(facts: ProcessFacts, base: number): V2Payload {
    const bytes = this.encode(facts, base);
    const from = this.#baseOf(base);
    const known = this.#payloads.get(from);
    if (known !== undefined) return known;
    const payload = v2Protobuf(bytes);
    if (this.#payloads.size < CACHED_BASES) this.#payloads.set(from, payload);
    return payload;
  }

  /**
   * What a client lacks whose last reply had the sequence `base` (0: it has none, or asked for everything). The same
   * bytes for everybody at that base, so they may be compressed once; the client is then at `changes.sequence`.
   */
  encode(facts: ProcessFacts, base: number): Uint8Array<ArrayBuffer> {
    const from = this.#baseOf(base);
    const known = this.#encoded.get(from);
    if (known !== undefined) return known;
    const bytes = this.#encode(facts, from);
    if (this.#encoded.size < CACHED_BASES) this.#encoded.set(from, bytes);
    return bytes;
  }

  /** The base of the reply for a client at `base`; forgets the replies of the sample before. */
  #baseOf(base: number): number {
    const { sequence } = this.#changes;
    if (this.#encodedSequence !== sequence) {
      this.#encoded.clear();
      this.#payloads.clear();
    }
    this.#encodedSequence = sequence;
    return this.#changes.knowsSince(base) ? base : 0;
  }

  #encode(facts: ProcessFacts, base: number): Uint8Array<ArrayBuffer> {
    const writer = new WireWriter(this.#buffer);
    const { told } = this.#changes;
    writer.writeMessage(tagOf('header'), writeHeader, headerMessage(facts.header));
    const section = { ...facts.section, sequence: this.#changes.sequence };
    writer.writeMessage(tagOf('section'), writeSectionFacts, sectionMessage(section));
    writer.writeDoubleField(tagOf('base_sequence'), base);
    writer.writeDoubleField(tagOf('process_count'), facts.processCount);
    writer.writeDoubleField(tagOf('memory_total_bytes'), facts.memoryTotalBytes);
    writer.writeDoubleField(tagOf('core_count'), facts.coreCount);
    if (base > 0) {
      this.#tables.removed(writer, tagOf('removed'), told, this.#removedSince(base));
      this.#tables.news(writer, tagOf('rows'), told, this.#newsSince(base));
    } else this.#tables.whole(writer, tagOf('rows'), told);
    this.#tables.texts(writer, tagOf('texts'));
    const bytes = new Uint8Array(writer.finish());
    this.#buffer = writer.buf;
    return bytes;
  }

  #removedSince(base: number): RemovedRows {
    const { removals } = this.#changes;
    const { pid, startTicks } = removals;
    let first = removals.count;
    while (first > 0 && removals.sequence[removals.at(first - 1)]! > base) first--;
    const count = removals.count - first;
    this.#reserve(count);
    for (let i = 0; i < count; i++) this.#rows[i] = removals.at(first + i);
    return { rows: this.#rows, count, columns: { pid, startTicks } };
  }

  #newsSince(base: number): TableNews {
    const { told, changedAt, textChangedAt, columnChangedAt } = this.#changes;
    const { rows, count } = told.slots;
    this.#reserve(count);
    let changed = 0;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      if (changedAt[slot]! > base) this.#rows[changed++] = slot;
    }
    return {
      ...{ rows: this.#rows, count: changed },
      isColumnNew: (at) => columnChangedAt[at]! > base,
      isTextNew: (slot) => textChangedAt[slot]! > base,
    };
  }

  #reserve(count: number): void {
    if (count > this.#rows.length) this.#rows = new Int32Array(count * 2);
  }
}

const TAG = new Map(PROCESSES_REPLY_SHAPE.fields.map(({ name, tag }) => [name, tag]));

function tagOf(name: string): number {
  return TAG.get(name) ?? 0;
}

/** A received reply of processes. Borrowed: the tables are the replica's and valid until its next `apply`. */
interface ReceivedProcesses {
  readonly header: SnapshotHeader;
  readonly section: MachineProcesses;
}

const LIMITS = { texts: ROWS_LIMIT.texts, errors: ROWS_LIMIT.errors };

/** Numbers of a reply by their fields; those that did not come are 0. */
type ReceivedNumbers = Record<
  'base_sequence' | 'process_count' | 'memory_total_bytes' | 'core_count',
  number
>;

/** The processes of another machine, brought up to date by each reply. Rows keep their slots while they live. */
export class ProcessReplica {
  readonly #list = new ProcessList(ROWS_LIMIT.processes);
  readonly #replica = new TableReplica(toldProcesses(this.#list));
  readonly #removed = new TableReader(REMOVED_PROCESSES_SHAPE, 2);
  readonly #rows = new TableReader(TABLE_FORMATS.processes.shape, 2);
  #sequence = 0;

  /**
   * Throws an OpError with a WireErrorCode where the bytes are damaged; `OUT_OF_STEP` where they follow a reply that
   * did not arrive: then ask for all rows. In either case nothing has changed.
   */
  apply(bytes: Uint8Array): ReceivedProcesses {
    checkProtobuf(bytes, PROCESSES_REPLY_SHAPE, LIMITS);
    const reader = new PbfReader(bytes);
    const facts = new ReceivedFacts();
    const numbers = this.#note(reader, facts);
    const { section } = facts;
    const base = numbers.base_sequence;
    if (base !== 0 && base !== this.#sequence) {
      throw wireError('decode', 'OUT_OF_STEP', 'the reply before these processes did not arrive');
    }
    this.#sequence = section.sequence;
    if (base !== 0) this.#replica.remove(this.#removed);
    const steps = base === 0 ? this.#replica.replace(this.#rows) : this.#replica.update(this.#rows);
    while (steps.next().done !== true);
    return {
      header: facts.header,
      section: this.#list.section({
        ...section,
        processCount: plausible(numbers.process_count),
        memoryTotalBytes: plausible(numbers.memory_total_bytes),
        coreCount: plausible(numbers.core_count, ROWS_LIMIT.cores),
      }),
    };
  }

  #note(reader: PbfReader, facts: ReceivedFacts): ReceivedNumbers {
    const numbers = { base_sequence: 0, process_count: 0, memory_total_bytes: 0, core_count: 0 };
    this.#removed.begin(reader, facts.texts);
    this.#rows.begin(reader, facts.texts);
    for (let tag = reader.nextField(); tag !== 0; tag = reader.nextField()) {
      const name = PROCESSES_REPLY_SHAPE.fields[tag - 1]?.name ?? '';
      if (name === 'removed') this.#removed.note(reader);
      else if (name === 'rows') this.#rows.note(reader);
      else if (name in numbers) numbers[name as keyof ReceivedNumbers] = reader.readDouble();
      else facts.note(reader, name);
    }
    return numbers;
  }
}
