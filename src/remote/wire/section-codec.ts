import { RecordCodec } from '../../data/codec/record-json.ts';
import {
  SECTION,
  type Section,
  type SectionError,
  SNAPSHOT_HEADER,
  type SnapshotHeader,
} from '../../data/schema/section-facts.ts';
import type { Failure, Header, SectionFacts } from './socktop-v2.generated.ts';

// Messages have the fields of the records by the names that they have in JSON, and the same bounds.
const HEADER = new RecordCodec(SNAPSHOT_HEADER);
const FACTS = new RecordCodec(SECTION);
const ERRORS = new RecordCodec(SECTION.fields.errors);

export function headerMessage(header: SnapshotHeader): Header {
  return HEADER.write(header) as unknown as Header;
}

/** What came, with 0 for numbers that cannot be; ticks are never 0, since times are divided by them. */
export function headerOf(message: Header | undefined): SnapshotHeader {
  return HEADER.read(message ?? {}, 'header');
}

export function sectionMessage(section: Section): SectionFacts {
  return FACTS.write(section) as unknown as SectionFacts;
}

export function sectionOf(message: SectionFacts | undefined): Section {
  return FACTS.read(message ?? {}, 'section');
}

export function failureMessages(errors: readonly SectionError[]): readonly Failure[] {
  return (ERRORS.write(errors) ?? []) as unknown as readonly Failure[];
}

export function failuresOf(messages: readonly Failure[]): readonly SectionError[] {
  return ERRORS.read(messages, 'errors');
}

/** A finite number from 0 to `most`, or 0. */
export function plausible(value: number | undefined, most = Number.MAX_SAFE_INTEGER): number {
  return value !== undefined && value >= 0 && value <= most ? value : 0;
}
