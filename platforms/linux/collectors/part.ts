import type { Part } from '../../../src/data/sample/machine-section.ts';
import type { SectionError } from '../../../src/data/sample/snapshot.ts';
import { toOpError } from '../../../src/kit/errors/op-error.ts';
import { monotonicMicros } from '../clock.ts';

/** A failure as a section carries it. */
export function sectionError(op: string, thrown: unknown): SectionError {
  const error = toOpError(op, thrown);
  return { op: error.op, code: error.code, message: error.message };
}

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
