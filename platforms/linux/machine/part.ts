import { type SectionError, sectionError } from '../../../src/data/sample/snapshot.ts';
import type { Part } from '../../../src/data/schema/section-facts.ts';
import { monotonicMicros } from '../clock.ts';

/** Runs one collector, which fails alone: what it throws becomes its part's error. */
export function collectPart<T>(op: string, collect: () => T): Part<T> {
  const started = monotonicMicros();
  let value: T | undefined;
  let error: SectionError | undefined;
  try {
    value = collect();
  } catch (thrown) {
    error = sectionError(op, thrown);
  }
  return { value, error, monotonicMicros: started, durationMicros: monotonicMicros() - started };
}

/** The part of a collector that is switched off. */
export function absentPart(): Part<never> {
  return { value: undefined, error: undefined, monotonicMicros: monotonicMicros(), durationMicros: 0 };
}
