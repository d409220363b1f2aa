import { OpError } from '../../kit/errors/op-error.ts';
import type { MachineProcesses } from '../sample/machine-processes.ts';
import {
  COUNTING_BASES,
  type CollectionParts,
  collectionPartsOf,
  type LostTraffic,
  TIERS,
} from '../sample/network-sample.ts';
import type { NetworkSectionFacts } from '../sample/network-section.ts';
import type { Section, SectionError, SnapshotHeader } from '../schema/section-facts.ts';
import { CODINGS, type Coding, ERRORS_LIMIT, TEXT_LIMIT } from './recorded-format.ts';

/** The first part of a line: what a snapshot says apart from its tables. */
export interface RecordedHeader {
  readonly header: SnapshotHeader;
  readonly errors: readonly SectionError[];
  /** Undefined: the line holds no network section. */
  readonly network: (Section & NetworkSectionFacts) | undefined;
  /** Snapshots before this one, since the last line, that the recorder had to leave out. */
  readonly unrecordedCount: number;
  /** Of a line of a history; undefined: any other line, which holds whole tables. */
  readonly coding: Coding | undefined;
}

/** Date's range (ECMA-262, 21.4.1.1). */
const WALL_LIMIT_MILLIS = 8.64e15;

/** A value that is not what a recording holds there. */
export function badValue(what: string): OpError {
  return new OpError({
    op: 'read recording',
    code: 'BAD_VALUE',
    message: `${what} is invalid`,
  });
}

/** JSON of outside bytes as an object, or an OpError of code `BAD_VALUE`. */
export function parseObject(bytes: Uint8Array, what: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new OpError({ op: 'read recording', code: 'BAD_VALUE', message: `${what} is not JSON`, cause });
  }
  return objectOf(value, what);
}

/** Checks every field of the header part; an OpError of code `BAD_VALUE` names the first wrong one. */
export function parseRecordedHeader(bytes: Uint8Array): RecordedHeader {
  const fields = parseObject(bytes, 'a header');
  if (fields['part'] !== 'header') throw badValue('the first part');
  return {
    header: {
      hostName: textOf(fields, 'hostName'),
      bootId: textOf(fields, 'bootId'),
      epoch: numberOf(fields, 'epoch', Number.MAX_VALUE),
      monotonicMicros: numberOf(fields, 'monotonicMicros'),
      wallMillis: numberOf(fields, 'wallMillis', WALL_LIMIT_MILLIS),
      // Agents of the original protocol do not tell when their machine was started.
      bootWallMillis:
        fields['bootWallMillis'] === null
          ? Number.NaN
          : numberOf(fields, 'bootWallMillis', WALL_LIMIT_MILLIS),
      clockTicksPerSecond: numberOf(fields, 'clockTicksPerSecond'),
    },
    errors: errorsOf(fields['errors']),
    unrecordedCount: numberOf(fields, 'unrecorded'),
    coding: fields['coding'] === undefined ? undefined : oneOf(CODINGS, fields['coding'], 'coding'),
    network: fields['network'] === null ? undefined : networkOf(objectOf(fields['network'], 'network')),
  };
}

function networkOf(network: Record<string, unknown>): Section & NetworkSectionFacts {
  return {
    sequence: numberOf(network, 'sequence'),
    monotonicMicros: numberOf(network, 'monotonicMicros'),
    durationMicros: numberOf(network, 'durationMicros'),
    tier: oneOf(TIERS, network['tier'], 'tier'),
    counted: oneOf(COUNTING_BASES, network['counted'], 'counted'),
    processCount: numberOf(network, 'processCount'),
    lostClosings: numberOf(network, 'lostClosings'),
    lost: lostOf(network['lost']),
    parts: partsOf(network['parts']),
    errors: errorsOf(network['errors']),
  };
}

/** What a list of processes says besides its rows; an OpError of code `BAD_VALUE` names the first wrong field. */
export function parseRecordedProcesses(
  fields: Record<string, unknown>,
): Section & Pick<MachineProcesses, 'processCount' | 'memoryTotalBytes' | 'coreCount'> {
  const section = objectOf(fields['section'], 'section');
  const { core_count: cores, memory_total_bytes: memory, process_count: count } = fields;
  return {
    sequence: numberOf(section, 'sequence'),
    monotonicMicros: numberOf(section, 'monotonic_micros'),
    durationMicros: numberOf(section, 'duration_micros'),
    errors: errorsOf(section['errors']),
    processCount: (count ?? undefined) === undefined ? undefined : numberOf(fields, 'process_count'),
    memoryTotalBytes: (memory ?? undefined) === undefined ? 0 : numberOf(fields, 'memory_total_bytes'),
    coreCount: (cores ?? undefined) === undefined ? 0 : numberOf(fields, 'core_count'),
  };
}

/** Recordings of before there was a tier that loses any say nothing. */
function lostOf(value: unknown): LostTraffic {
  if (value === undefined) return { bytes: 0, packets: 0 };
  const fields = objectOf(value, 'lost');
  return { bytes: numberOf(fields, 'bytes'), packets: numberOf(fields, 'packets') };
}

function partsOf(value: unknown): CollectionParts | undefined {
  if (value === undefined) return undefined;
  const fields = objectOf(value, 'parts');
  const parts = collectionPartsOf(fields);
  if (parts === undefined) throw badValue('parts');
  return parts;
}

function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badValue(what);
  return { ...value };
}

function textOf(fields: Record<string, unknown>, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string' || value.length > TEXT_LIMIT) throw badValue(name);
  return value;
}

function numberOf(fields: Record<string, unknown>, name: string, limit = Number.MAX_SAFE_INTEGER): number {
  const value = fields[name];
  if (typeof value !== 'number' || !(value >= 0 && value <= limit)) throw badValue(name);
  return value;
}

function oneOf<T extends string>(values: readonly T[], value: unknown, what: string): T {
  const known = values.find((candidate) => candidate === value);
  if (known === undefined) throw badValue(what);
  return known;
}

function errorsOf(value: unknown): SectionError[] {
  if (!Array.isArray(value) || value.length > ERRORS_LIMIT) throw badValue('errors');
  return value.map((entry: unknown) => {
    const fields = objectOf(entry, 'an error');
    return { op: textOf(fields, 'op'), code: textOf(fields, 'code'), message: textOf(fields, 'message') };
  });
}
