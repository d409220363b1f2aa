import { PbfReader } from 'pbf';
import { checkProtobuf } from '../../data/codec/protobuf.ts';
import { REMOVED_PROCESSES_SHAPE, TABLE_FORMATS } from '../../data/codec/table-format.ts';
import { TableReader } from '../../data/codec/table-reader.ts';
import { TableReplica } from '../../data/codec/table-replica.ts';
import { toldProcesses } from '../../data/codec/told-table.ts';
import { wireError } from '../../data/codec/wire-error.ts';
import { cleanText } from '../../data/codec/wire-text.ts';
import { type MachineProcesses, ProcessList } from '../../data/sample/machine-processes.ts';
import { TEXT_LIMIT } from '../../data/schema/column.ts';
import type { SnapshotHeader } from '../../data/schema/section-facts.ts';
import { ROWS_LIMIT } from './limits.ts';
import { headerOf, plausible, sectionOf } from './section-codec.ts';
import {
  type Header,
  PROCESSES_REPLY_SHAPE,
  readHeader,
  readSectionFacts,
  type SectionFacts,
} from './socktop-v2.generated.ts';

/** A received reply of processes. Borrowed: the tables are the replica's and valid until its next `apply`. */
interface ReceivedProcesses {
  readonly header: SnapshotHeader;
  readonly section: MachineProcesses;
}

const LIMITS = { texts: ROWS_LIMIT.texts, errors: ROWS_LIMIT.errors };

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
    const facts = this.#note(reader);
    const section = sectionOf(facts.section);
    const base = facts.baseSequence;
    if (base !== 0 && base !== this.#sequence) {
      throw wireError('decode', 'OUT_OF_STEP', 'the reply before these processes did not arrive');
    }
    this.#sequence = section.sequence;
    if (base !== 0) this.#replica.remove(this.#removed);
    const steps = base === 0 ? this.#replica.replace(this.#rows) : this.#replica.update(this.#rows);
    while (steps.next().done !== true);
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
    const facts = new ReceivedFacts();
    this.#removed.begin(reader, facts.texts);
    this.#rows.begin(reader, facts.texts);
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
          this.#removed.note(reader);
          break;
        case 'rows':
          this.#rows.note(reader);
          break;
        default:
      }
    }
    return facts;
  }
}

function messageEnd(reader: PbfReader): number {
  return reader.readVarint() + reader.pos;
}
