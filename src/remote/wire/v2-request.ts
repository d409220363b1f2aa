import { readObject } from '../../data/codec/json-values.ts';
import { wireError } from '../../data/codec/wire-error.ts';
import { parseJsonWithin } from '../../kit/bytes/json-bytes.ts';
import { type OpError, toOpError } from '../../kit/errors/op-error.ts';
import { MAX_AGE_LIMIT_MILLIS, PIDS_LIMIT, REQUEST_LIMIT_BYTES } from './limits.ts';

/** The WebSocket subprotocol by which both ends agree on the messages here. */
export const V2_SUBPROTOCOL = 'socktop.v2';

export const V2_REQUESTS = [
  'get_capabilities',
  'get_metrics',
  'get_disks',
  'get_processes',
  'get_process_metrics',
  'get_journal_entries',
  'get_network',
] as const;
export type V2RequestName = (typeof V2_REQUESTS)[number];

/** A request, as a JSON text frame. */
export interface V2Request {
  /** 1 to 2^32 - 1, chosen by the client; the reply carries it. */
  readonly id: number;
  readonly request: V2RequestName;
  /** How old the sample may be that answers it; undefined: as the agent sees fit. */
  readonly maxAgeMillis: number | undefined;
  /** For one process. */
  readonly pid: number | undefined;
  /** `get_processes`: rows whose costly columns (I/O, exact memory) are wanted. */
  readonly visiblePids: readonly number[];
  /** `get_processes`: every row, whatever was sent before. */
  readonly isFull: boolean;
}

/** Nests no deeper than an object with a list. */
const DEPTH_LIMIT = 4;
const LARGEST_WORD = 0xffff_ffff;

/** A text that is no request, and the id it came with: 0 where it has none. */
interface V2Refusal {
  readonly id: number;
  readonly error: OpError;
}

/** Reads a request; `error` is `TOO_LARGE`, `BAD_JSON` or `BAD_REQUEST`. Never throws. */
export function readV2Request(text: string): V2Request | V2Refusal {
  let id = 0;
  try {
    const fields = readObject(parseJsonWithin(text, REQUEST_LIMIT_BYTES, DEPTH_LIMIT), 'request');
    id = wordOf(fields['id']) ?? 0;
    return requestOf(id, fields);
  } catch (thrown) {
    return { id, error: toOpError('request', thrown) };
  }
}

function requestOf(id: number, fields: Readonly<Record<string, unknown>>): V2Request {
  if (id === 0) throw bad('no id');
  const request = V2_REQUESTS.find((name) => name === fields['request']);
  if (request === undefined) throw bad('no request of this protocol');
  const needsPid = request === 'get_process_metrics' || request === 'get_journal_entries';
  const pid = needsPid ? wordOf(fields['pid']) : undefined;
  if (needsPid && pid === undefined) throw bad('no pid');
  return {
    id,
    request,
    maxAgeMillis: maxAgeOf(fields['max_age_ms']),
    pid,
    visiblePids: pidsOf(fields['visible_pids']),
    isFull: fields['full'] === true,
  };
}

/** Encodes a request as a text frame. */
export function printV2Request(request: V2Request): string {
  return JSON.stringify({
    id: request.id,
    request: request.request,
    max_age_ms: request.maxAgeMillis,
    pid: request.pid,
    visible_pids: request.visiblePids.length > 0 ? request.visiblePids.slice(0, PIDS_LIMIT) : undefined,
    full: request.isFull ? true : undefined,
  });
}

function maxAgeOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !(value >= 0)) throw bad('max_age_ms is no age');
  return Math.min(value, MAX_AGE_LIMIT_MILLIS);
}

function pidsOf(value: unknown): readonly number[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > PIDS_LIMIT) throw bad('visible_pids is no short list');
  return value.map((entry: unknown) => {
    const pid = wordOf(entry);
    if (pid === undefined) throw bad('visible_pids holds no pid');
    return pid;
  });
}

function wordOf(value: unknown): number | undefined {
  const isWord = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= LARGEST_WORD;
  return isWord ? value : undefined;
}

function bad(what: string): OpError {
  return wireError('request', 'BAD_REQUEST', what);
}
