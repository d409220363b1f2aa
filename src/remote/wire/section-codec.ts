import type { PbfReader } from 'pbf';
import { RecordCodec } from '../../data/codec/record-json.ts';
import { TEXT_LIMIT } from '../../data/schema/column.ts';
import {
  SECTION,
  type Section,
  type SectionError,
  SNAPSHOT_HEADER,
  type SnapshotHeader,
} from '../../data/schema/section-facts.ts';
import { cleanText } from '../../kit/text/sanitize.ts';
import {
  type Failure,
  type Header,
  readHeader,
  readSectionFacts,
  type SectionFacts,
} from './socktop-v2.generated.ts';

// Messages have the fields of the records by the names that they have in JSON, and the same bounds.
const HEADER = new RecordCodec(SNAPSHOT_HEADER);
const FACTS = new RecordCodec(SECTION);
const ERRORS = new RecordCodec(SECTION.fields.errors);

export function headerMessage(header: SnapshotHeader): Header {
  return HEADER.write(header) as unknown as Header;
}

export function sectionMessage(section: Section): SectionFacts {
  return FACTS.write(section) as unknown as SectionFacts;
}

export function failureMessages(errors: readonly SectionError[]): readonly Failure[] {
  return (ERRORS.write(errors) ?? []) as unknown as readonly Failure[];
}

export function failuresOf(messages: readonly Failure[]): readonly SectionError[] {
  return ERRORS.read(messages, 'errors');
}

/** What a received reply with tables says apart from them. */
export class ReceivedFacts {
  #header: Header | undefined;
  #section: SectionFacts | undefined;
  /** What the tables refer to. */
  readonly texts: string[] = [];

  /** With 0 for numbers that cannot be; ticks are never 0, since times are divided by them. */
  get header(): SnapshotHeader {
    return HEADER.read(this.#header ?? {}, 'header');
  }

  get section(): Section {
    return FACTS.read(this.#section ?? {}, 'section');
  }

  /** Takes a field that every reply has; false: it is another one. */
  note(reader: PbfReader, name: string): boolean {
    if (name === 'texts') this.texts.push(cleanText(reader.readString(), TEXT_LIMIT.line));
    else if (name === 'header') this.#header = readHeader(reader, messageEnd(reader));
    else if (name === 'section') this.#section = readSectionFacts(reader, messageEnd(reader));
    else return false;
    return true;
  }
}

/** Where the message that begins here ends. */
export function messageEnd(reader: PbfReader): number {
  return reader.readVarint() + reader.pos;
}

/** A finite number from 0 to `most`, or 0. */
export function plausible(value: number | undefined, most = Number.MAX_SAFE_INTEGER): number {
  return value !== undefined && value >= 0 && value <= most ? value : 0;
}
