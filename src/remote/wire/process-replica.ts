import { PbfReader } from 'pbf';
import { wireError } from '../../data/codec/wire-error.ts';
import { cleanText } from '../../data/codec/wire-text.ts';
import type { MachineProcesses } from '../../data/sample/machine-processes.ts';
import { ProcessList } from '../../data/sample/process-list.ts';
import type { SnapshotHeader } from '../../data/sample/snapshot.ts';
import { ReceivedTable, scatterNumbers, scatterTexts } from './column-reader.ts';
import { ROWS_LIMIT, TEXT_LIMIT } from './limits.ts';
import { processColumns } from './process-columns.ts';
import { PROCESS_FIRST_TEXT } from './process-encoder.ts';
import { checkProtobuf } from './protobuf-shape.ts';
import { headerOf, plausible, sectionOf } from './section-codec.ts';
import {
  type Header,
  PROCESS_COLUMNS_SHAPE,
  PROCESSES_REPLY_SHAPE,
  REMOVED_COLUMNS_SHAPE,
  readHeader,
  readSectionFacts,
  type SectionFacts,
} from './socktop-v2.generated.ts';

/** A received reply of processes. Borrowed: the tables are the replica's and valid until its next `apply`. */
interface ReceivedProcesses {
  readonly header: SnapshotHeader;
  readonly section: MachineProcesses;
}

const LIMITS = {
  ProcessColumns: ROWS_LIMIT.processes,
  RemovedColumns: ROWS_LIMIT.processes,
  texts: ROWS_LIMIT.texts,
  errors: ROWS_LIMIT.errors,
};

class ReceivedFacts {
  header: Header | undefined;
  section: SectionFacts | undefined;
  baseSequence = 0;
  processCount = 0;
  memoryTotalBytes = 0;
  coreCount = 0;
  readonly texts: string[] = [];
}

/** The processes of another machine, brought up to date by each reply. Rows keep their slots while they live. */
export class ProcessReplica {
  readonly #list = new ProcessList(ROWS_LIMIT.processes);
  readonly #removed = new ReceivedTable(REMOVED_COLUMNS_SHAPE);
  readonly #rows = new ReceivedTable(PROCESS_COLUMNS_SHAPE);
  #sequence = 0;
  #slots = new Int32Array(0);
  /** By slot: the sequence of the reply that held the row last; for replies that hold every row. */
  #seenAt = new Float64Array(0);

  /**
   * Throws an OpError with a WireErrorCode where the bytes are damaged; `OUT_OF_STEP` where they follow a reply that
   * did not arrive: then ask for all rows. In either case nothing has changed.
   */
  apply(bytes: Uint8Array): ReceivedProcesses {
    checkProtobuf(bytes, PROCESSES_REPLY_SHAPE, LIMITS);
    const reader = new PbfReader(bytes);
    const facts = this.#note(reader);
    const section = sectionOf(facts.section);
    const base = facts.baseSequence;
    if (base !== 0 && base !== this.#sequence) {
      throw wireError('decode', 'OUT_OF_STEP', 'processes follow a reply that did not arrive');
    }
    this.#sequence = section.sequence;
    if (base !== 0) this.#remove(reader);
    this.#findSlots(reader, base === 0);
    this.#scatter(reader, facts.texts);
    return {
      header: headerOf(facts.header),
      section: this.#list.section({
        ...section,
        processCount: plausible(facts.processCount),
        memoryTotalBytes: plausible(facts.memoryTotalBytes),
        coreCount: plausible(facts.coreCount, ROWS_LIMIT.cores),
      }),
    };
  }

  #note(reader: PbfReader): ReceivedFacts {
    this.#removed.clear();
    this.#rows.clear();
    const facts = new ReceivedFacts();
    for (let tag = reader.nextField(); tag !== 0; tag = reader.nextField()) {
      switch (PROCESSES_REPLY_SHAPE.fields[tag - 1]?.name) {
        case 'header':
          facts.header = readHeader(reader, messageEnd(reader));
          break;
        case 'section':
          facts.section = readSectionFacts(reader, messageEnd(reader));
          break;
        case 'base_sequence':
          facts.baseSequence = reader.readDouble();
          break;
        case 'process_count':
          facts.processCount = reader.readDouble();
          break;
        case 'memory_total_bytes':
          facts.memoryTotalBytes = reader.readDouble();
          break;
        case 'core_count':
          facts.coreCount = reader.readDouble();
          break;
        case 'texts':
          facts.texts.push(cleanText(reader.readString(), TEXT_LIMIT.line));
          break;
        case 'removed':
          this.#removed.note(reader, messageEnd(reader));
          break;
        case 'rows':
          this.#rows.note(reader, messageEnd(reader));
          break;
        default:
      }
    }
    return facts;
  }

  #remove(reader: PbfReader): void {
    const { rows } = this.#removed;
    const pids = this.#removed.values(reader, this.#removed.field('pid'))?.slice() ?? [];
    const starts = this.#removed.values(reader, this.#removed.field('start_ticks'));
    for (let row = 0; row < rows; row++) {
      const slot = this.#list.find(pids[row] ?? 0, starts?.[row] ?? 0);
      if (slot >= 0) this.#list.remove(slot);
    }
  }

  /** Finds or makes the slot of each row; where the reply holds every row, the others are removed. */
  #findSlots(reader: PbfReader, isWhole: boolean): void {
    const { rows } = this.#rows;
    if (rows > this.#slots.length) this.#slots = new Int32Array(rows * 2);
    const pids = this.#rows.values(reader, this.#rows.field('pid'))?.slice() ?? [];
    const starts = this.#rows.values(reader, this.#rows.field('start_ticks'));
    if (isWhole) this.#keepOnly(pids, starts, rows);
    for (let row = 0; row < rows; row++) {
      this.#slots[row] = this.#list.findOrAdd(pids[row] ?? 0, Math.max(0, starts?.[row] ?? 0));
    }
  }

  #keepOnly(pids: readonly number[], starts: readonly number[] | undefined, rows: number): void {
    const { slots } = this.#list.processes;
    if (this.#seenAt.length < slots.capacity) this.#seenAt = new Float64Array(slots.capacity);
    this.#seenAt.fill(0);
    for (let row = 0; row < rows; row++) {
      const slot = this.#list.find(pids[row] ?? 0, starts?.[row] ?? 0);
      if (slot >= 0) this.#seenAt[slot] = 1;
    }
    for (let i = slots.count - 1; i >= 0; i--) {
      const slot = slots.rows[i]!;
      if (this.#seenAt[slot] === 0) this.#list.remove(slot);
    }
  }

  #scatter(reader: PbfReader, texts: readonly string[]): void {
    const received = this.#rows;
    const columns = processColumns(this.#list);
    for (const column of columns.numbers) {
      const { name } = column.field;
      if (name === 'pid' || name === 'start_ticks') continue;
      const values = received.values(reader, column.field);
      scatterNumbers(column, values, this.#slots, received.rows);
    }
    for (const column of columns.texts) {
      const values = received.values(reader, column.field);
      scatterTexts(column, values, this.#slots, received.rows, texts, PROCESS_FIRST_TEXT);
    }
  }
}

function messageEnd(reader: PbfReader): number {
  return reader.readVarint() + reader.pos;
}
