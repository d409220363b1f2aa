import { divisor, type Field, list, optional, record, text, time, type ValueOf } from './record.ts';

const ERRORS_LIMIT = 64;

/** One collector that failed while the others went on. */
const SECTION_ERROR = record({
  op: text(),
  code: text(),
  message: text('line'),
});
export type SectionError = ValueOf<typeof SECTION_ERROR>;

/** Whose snapshot it is, and which counters may be subtracted from which. */
export const SNAPSHOT_HEADER = record({
  hostName: text(),
  bootId: text(),
  /** Changes when counting starts anew (restart, another tier, another basis): never subtract across it. */
  epoch: time('milliseconds'),
  /** For rates. */
  monotonicMicros: time('microseconds'),
  /** For display only. */
  wallMillis: time('milliseconds'),
  /** Wall time of the boot; with start ticks the start time of a process. */
  bootWallMillis: time('milliseconds'),
  clockTicksPerSecond: divisor('ticks a second', 100),
});
export type SnapshotHeader = ValueOf<typeof SNAPSHOT_HEADER>;

/** Facts of every section of a snapshot. Sections have their own, because they are sampled at different intervals. */
export const SECTION = record({
  /** Number of the collection, from 1. */
  sequence: time(''),
  monotonicMicros: time('microseconds'),
  durationMicros: time('microseconds'),
  errors: list(SECTION_ERROR, ERRORS_LIMIT),
});
export type Section = ValueOf<typeof SECTION>;

/** The facts of a section that began to be collected at a monotonic time, and ends now. */
export function sectionFacts(
  sequence: number,
  monotonicMicros: number,
  nowMicros: number,
  errors: Section['errors'] = [],
): Section {
  return { sequence, monotonicMicros, durationMicros: nowMicros - monotonicMicros, errors };
}

/** What one collector got: a value, an error, both (one of two GPUs failed), or neither where it is switched off. */
export interface Part<T> {
  readonly value: T | undefined;
  readonly error: SectionError | undefined;
  /** When the counters were read; rates use the time between two of these. */
  readonly monotonicMicros: number;
  readonly durationMicros: number;
}

/** The part of a section that one collector fills. */
export function part<T>(value: Field<T>): Field<Part<T>> {
  return record({
    value: optional(value),
    error: optional(SECTION_ERROR),
    monotonicMicros: time('microseconds'),
    durationMicros: time('microseconds'),
  }) as Field<Part<T>>;
}
