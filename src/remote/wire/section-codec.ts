import { TEXT_LIMIT } from '../../data/schema/column.ts';
import type { Section, SectionError, SnapshotHeader } from '../../data/schema/section-facts.ts';
import { cleanText, cutText } from '../../kit/text/sanitize.ts';
import { ROWS_LIMIT } from './limits.ts';
import type { Failure, Header, SectionFacts } from './socktop-v2.generated.ts';

/** Date's range (ECMA-262, 21.4.1.1). */
const WALL_LIMIT_MILLIS = 8.64e15;

/** The header as it goes over the wire. */
export function headerMessage(header: SnapshotHeader): Header {
  return {
    host_name: cutText(header.hostName, TEXT_LIMIT.name),
    boot_id: cutText(header.bootId, TEXT_LIMIT.name),
    epoch: header.epoch,
    monotonic_micros: header.monotonicMicros,
    wall_millis: header.wallMillis,
    boot_wall_millis: header.bootWallMillis,
    clock_ticks_per_second: header.clockTicksPerSecond,
  };
}

/** What came, with 0 for numbers that cannot be; ticks are never 0, since times are divided by them. */
export function headerOf(message: Header | undefined): SnapshotHeader {
  const ticks = plausible(message?.clock_ticks_per_second, 1e9);
  return {
    hostName: cleanText(message?.host_name ?? '', TEXT_LIMIT.name),
    bootId: cleanText(message?.boot_id ?? '', TEXT_LIMIT.name),
    epoch: plausible(message?.epoch),
    monotonicMicros: plausible(message?.monotonic_micros),
    wallMillis: plausible(message?.wall_millis, WALL_LIMIT_MILLIS),
    bootWallMillis: plausible(message?.boot_wall_millis, WALL_LIMIT_MILLIS),
    clockTicksPerSecond: ticks > 0 ? ticks : 100,
  };
}

export function sectionMessage(section: Section): SectionFacts {
  return {
    sequence: section.sequence,
    monotonic_micros: section.monotonicMicros,
    duration_micros: section.durationMicros,
    errors: failureMessages(section.errors),
  };
}

export function sectionOf(message: SectionFacts | undefined): Section {
  return {
    sequence: plausible(message?.sequence),
    monotonicMicros: plausible(message?.monotonic_micros),
    durationMicros: plausible(message?.duration_micros),
    errors: failuresOf(message?.errors ?? []),
  };
}

export function failureMessages(errors: readonly SectionError[]): Failure[] {
  return errors.slice(0, ROWS_LIMIT.errors).map(({ op, code, message }) => ({
    op: cutText(op, TEXT_LIMIT.name),
    code: cutText(code, TEXT_LIMIT.name),
    message: cutText(message, TEXT_LIMIT.line),
  }));
}

export function failuresOf(messages: readonly Failure[]): SectionError[] {
  return messages.map(({ op, code, message }) => ({
    op: cleanText(op, TEXT_LIMIT.name),
    code: cleanText(code, TEXT_LIMIT.name),
    message: cleanText(message, TEXT_LIMIT.line),
  }));
}

/** A finite number from 0 to `most`, or 0. */
export function plausible(value: number | undefined, most = Number.MAX_SAFE_INTEGER): number {
  return value !== undefined && value >= 0 && value <= most ? value : 0;
}
