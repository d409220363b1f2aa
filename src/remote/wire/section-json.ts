import type { Section, SectionError, SnapshotHeader } from '../../data/sample/snapshot.ts';
import { exact, type JsonCodec, list, record, text } from './json-codec.ts';
import { ROWS_LIMIT, TEXT_LIMIT } from './limits.ts';
import { plausible } from './section-codec.ts';

/** A number that is always known; what cannot be is 0. */
export const known: JsonCodec<number> = {
  read: (value, path) => plausible(exact.read(value, path)),
  write: (value, dialect) => exact.write(value, dialect),
};

/** A number that may be less than 0; what cannot be is `standIn`. */
export function signed(standIn: number): JsonCodec<number> {
  return {
    read: (value, path) => exact.read(value, path) ?? standIn,
    write: (value, dialect) => exact.write(value, dialect),
  };
}

/** Times are divided by it, so it is never 0. */
const ticks: JsonCodec<number> = {
  read: (value, path) => known.read(value, path) || 100,
  write: (value, dialect) => exact.write(value, dialect),
};

/** A collector that failed. */
export const sectionError: JsonCodec<SectionError> = record<SectionError>({
  op: text(TEXT_LIMIT.name),
  code: text(TEXT_LIMIT.name),
  message: text(TEXT_LIMIT.line),
});

/** Whose snapshot it is. */
export const snapshotHeader: JsonCodec<SnapshotHeader> = record<SnapshotHeader>({
  hostName: text(TEXT_LIMIT.name),
  bootId: text(TEXT_LIMIT.name),
  epoch: known,
  monotonicMicros: known,
  wallMillis: known,
  bootWallMillis: known,
  clockTicksPerSecond: ticks,
});

/** What every section says of itself. */
export const sectionFacts: JsonCodec<Section> = record<Section>({
  sequence: known,
  monotonicMicros: known,
  durationMicros: known,
  errors: list(sectionError, ROWS_LIMIT.errors),
});
