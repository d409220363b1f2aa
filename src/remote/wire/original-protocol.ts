import { wireError } from '../../data/codec/wire-error.ts';
import { compress, gunzipWithin, isGzip } from '../../kit/bytes/gzip-member.ts';
import { parseJsonWithin } from '../../kit/bytes/json-bytes.ts';
import { type ErrorReply, errorReply, isErrorReply } from './error-reply.ts';
import type { JsonCodec } from './json-codec.ts';
import {
  FRAME_LIMIT_BYTES,
  GZIP_ABOVE_BYTES,
  JSON_DEPTH_LIMIT,
  PAYLOAD_LIMIT_BYTES,
  REQUEST_LIMIT_BYTES,
} from './limits.ts';
import {
  type OriginalDisk,
  type OriginalJournal,
  type OriginalMetrics,
  type OriginalProcessMetrics,
  originalDisks,
  originalJournal,
  originalMetrics,
  originalProcessList,
  originalProcessMetrics,
} from './original-metrics.ts';
import { decodeOriginalProcesses, type OriginalProcesses } from './original-processes.ts';

/** An answer of the original protocol; `reply` is the name of the request. */
export type OriginalReply =
  | { readonly reply: 'get_metrics'; readonly metrics: OriginalMetrics }
  | { readonly reply: 'get_disks'; readonly disks: readonly OriginalDisk[] }
  | { readonly reply: 'get_processes'; readonly processes: OriginalProcesses }
  | { readonly reply: 'get_process_metrics'; readonly process: OriginalProcessMetrics }
  | { readonly reply: 'get_journal_entries'; readonly journal: OriginalJournal }
  | { readonly reply: 'error'; readonly error: ErrorReply };

const OPENING_BRACE = 0x7b;

/** The answer to a request from the frame that came. Throws an OpError with a WireErrorCode, and nothing else. */
export function decodeOriginalReply(
  request: OriginalRequest['request'],
  frame: string | Uint8Array,
): OriginalReply {
  switch (request) {
    case 'get_processes':
      return decodeProcesses(frame);
    case 'get_metrics':
      return decodeJson(frame, request, originalMetrics, (metrics) => ({ reply: request, metrics }));
    case 'get_disks':
      return decodeJson(frame, request, originalDisks, (disks) => ({ reply: request, disks }));
    case 'get_process_metrics':
      return decodeJson(frame, request, originalProcessMetrics, (process) => ({ reply: request, process }));
    default:
      return decodeJson(frame, request, originalJournal, (journal) => ({ reply: request, journal }));
  }
}

/** Protobuf, or JSON: an error, and what agents had before they had protobuf. No message begins with a brace. */
function decodeProcesses(frame: string | Uint8Array): OriginalReply {
  const payload = payloadOf(frame, PAYLOAD_LIMIT_BYTES.get_processes);
  if (typeof payload !== 'string' && payload[0] !== OPENING_BRACE) {
    return { reply: 'get_processes', processes: decodeOriginalProcesses(payload) };
  }
  return decodeJson(payload, 'get_processes', originalProcessList, ({ process_count, top_processes }) => ({
    reply: 'get_processes',
    processes: { process_count, rows: top_processes },
  }));
}

/** The request bounds the size of the payload, and errors name it. */
function decodeJson<T>(
  frame: string | Uint8Array,
  request: OriginalRequest['request'],
  codec: JsonCodec<T>,
  replyOf: (read: T) => OriginalReply,
): OriginalReply {
  const limitBytes = PAYLOAD_LIMIT_BYTES[request];
  const value = parseJsonWithin(payloadOf(frame, limitBytes), limitBytes, JSON_DEPTH_LIMIT);
  if (isErrorReply(value)) return { reply: 'error', error: errorReply.read(value, 'error') };
  return replyOf(codec.read(value, request));
}

/** A reply as the frame that the original client understands; processes are protobuf. */
export function originalFrame<T>(codec: JsonCodec<T>, value: T): Frame {
  return jsonFrame(JSON.stringify(codec.write(value)));
}

/** What a peer of the original protocol may ask, by the names on the wire. */
export type OriginalRequest =
  | { readonly request: 'get_metrics' | 'get_disks' | 'get_processes' }
  | { readonly request: 'get_process_metrics' | 'get_journal_entries'; readonly pid: number };

const PID_PATTERN = /^\+?0*(\d{1,10})$/;
const LARGEST_PID = 0xffff_ffff;

/**
 * Reads a text frame of the original protocol. OpError `TOO_LARGE` or `BAD_REQUEST`; the original agent passes over
 * what it does not know, and its clients wait for an answer in vain.
 */
export function parseOriginalRequest(text: string): OriginalRequest {
  if (text.length > REQUEST_LIMIT_BYTES) throw wireError('request', 'TOO_LARGE', 'too long');
  const colon = text.indexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  switch (name) {
    case 'get_metrics':
    case 'get_disks':
    case 'get_processes':
      if (colon < 0) return { request: name };
      break;
    case 'get_process_metrics':
    case 'get_journal_entries': {
      const pid = colon < 0 ? undefined : readPid(text.slice(colon + 1));
      if (pid !== undefined) return { request: name, pid };
      break;
    }
    default:
  }
  throw wireError('request', 'BAD_REQUEST', 'not a request of this protocol');
}

/** Encodes a request as a text frame. */
export function printOriginalRequest(request: OriginalRequest): string {
  return 'pid' in request ? `${request.request}:${request.pid}` : request.request;
}

/** An unsigned 32-bit number as the original agent reads it: an optional plus, any zeros, decimal digits. */
function readPid(text: string): number | undefined {
  const digits = PID_PATTERN.exec(text)?.[1];
  const pid = digits === undefined ? undefined : Number(digits);
  return pid !== undefined && pid <= LARGEST_PID ? pid : undefined;
}

/** A WebSocket message: a string is a text frame, bytes are a binary one. */
export type Frame = string | Uint8Array<ArrayBuffer>;

/** JSON as a frame: text up to 768 bytes, beyond them a gzip member in a binary frame. */
export function jsonFrame(json: string): Frame {
  if (json.length <= GZIP_ABOVE_BYTES / 3) return json;
  const bytes = new TextEncoder().encode(json);
  return bytes.length <= GZIP_ABOVE_BYTES ? json : compress(bytes);
}

/** Protobuf as a frame: always binary, compressed beyond 768 bytes. */
export function protobufFrame(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return bytes.length <= GZIP_ABOVE_BYTES ? bytes : compress(bytes);
}

/**
 * What a frame holds: a text as it is, bytes inflated where they are a gzip member. Nothing that JSON or the original's
 * protobuf begins with is gzip's mark. OpError `TOO_LARGE`, `BAD_GZIP`.
 */
function payloadOf(frame: string | Uint8Array, limitBytes: number): string | Uint8Array {
  if (frame.length > FRAME_LIMIT_BYTES) throw wireError('decode', 'TOO_LARGE', 'a frame is too long');
  if (typeof frame !== 'string' && isGzip(frame)) return gunzipWithin(frame, limitBytes);
  if (frame.length > limitBytes) throw wireError('decode', 'TOO_LARGE', 'a payload is too long');
  return frame;
}
