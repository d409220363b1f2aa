import { parseJsonWithin } from '../../kit/bytes/json-bytes.ts';
import { type ErrorReply, errorReply, isErrorReply } from './error-reply.ts';
import type { JsonCodec } from './json-codec.ts';
import { JSON_DEPTH_LIMIT, PAYLOAD_LIMIT_BYTES } from './limits.ts';
import { type Frame, jsonFrame, payloadOf, protobufFrame } from './original-frame.ts';
import {
  type OriginalDisk,
  type OriginalMetrics,
  originalDisks,
  originalMetrics,
  originalProcessList,
} from './original-metrics.ts';
import {
  type OriginalJournal,
  type OriginalProcessMetrics,
  originalJournal,
  originalProcessMetrics,
} from './original-process-detail.ts';
import {
  decodeOriginalProcesses,
  encodeOriginalProcesses,
  type OriginalProcesses,
} from './original-processes.ts';
import type { OriginalRequest } from './original-request.ts';

/** An answer of the original protocol; `reply` is the name of the request. */
export type OriginalReply =
  | { readonly reply: 'get_metrics'; readonly metrics: OriginalMetrics }
  | { readonly reply: 'get_disks'; readonly disks: readonly OriginalDisk[] }
  | { readonly reply: 'get_processes'; readonly processes: OriginalProcesses }
  | { readonly reply: 'get_process_metrics'; readonly process: OriginalProcessMetrics }
  | { readonly reply: 'get_journal_entries'; readonly journal: OriginalJournal }
  | { readonly reply: 'error'; readonly error: ErrorReply };

const OPENING_BRACE = 0x7b;

/** A reply as the frame that the original client understands. */
export function encodeOriginalReply(reply: OriginalReply): Frame {
  switch (reply.reply) {
    case 'get_metrics':
      return jsonOf(originalMetrics, reply.metrics);
    case 'get_disks':
      return jsonOf(originalDisks, reply.disks);
    case 'get_processes':
      return protobufFrame(encodeOriginalProcesses(reply.processes));
    case 'get_process_metrics':
      return jsonOf(originalProcessMetrics, reply.process);
    case 'get_journal_entries':
      return jsonOf(originalJournal, reply.journal);
    default:
      return jsonOf(errorReply, reply.error);
  }
}

/** The answer to a request from the frame that came. Throws an OpError with a WireErrorCode, and nothing else. */
export function decodeOriginalReply(
  request: OriginalRequest['request'],
  frame: string | Uint8Array,
): OriginalReply {
  switch (request) {
    case 'get_processes':
      return decodeProcesses(frame);
    case 'get_metrics':
      return decodeJson(frame, PAYLOAD_LIMIT_BYTES.metrics, (value) => ({
        reply: request,
        metrics: originalMetrics.read(value, 'metrics'),
      }));
    case 'get_disks':
      return decodeJson(frame, PAYLOAD_LIMIT_BYTES.disks, (value) => ({
        reply: request,
        disks: originalDisks.read(value, 'disks'),
      }));
    case 'get_process_metrics':
      return decodeJson(frame, PAYLOAD_LIMIT_BYTES.process, (value) => ({
        reply: request,
        process: originalProcessMetrics.read(value, 'process metrics'),
      }));
    default:
      return decodeJson(frame, PAYLOAD_LIMIT_BYTES.journal, (value) => ({
        reply: request,
        journal: originalJournal.read(value, 'journal'),
      }));
  }
}

/** Protobuf, or JSON: an error, and what agents had before they had protobuf. No message begins with a brace. */
function decodeProcesses(frame: string | Uint8Array): OriginalReply {
  const payload = payloadOf(frame, PAYLOAD_LIMIT_BYTES.processes);
  if (typeof payload !== 'string' && payload[0] !== OPENING_BRACE) {
    return { reply: 'get_processes', processes: decodeOriginalProcesses(payload) };
  }
  return decodeJson(payload, PAYLOAD_LIMIT_BYTES.processes, (value) => {
    const { process_count, top_processes } = originalProcessList.read(value, 'processes');
    return { reply: 'get_processes', processes: { process_count, rows: top_processes } };
  });
}

function decodeJson(
  frame: string | Uint8Array,
  limitBytes: number,
  read: (value: unknown) => OriginalReply,
): OriginalReply {
  const value = parseJsonWithin(payloadOf(frame, limitBytes), limitBytes, JSON_DEPTH_LIMIT);
  if (isErrorReply(value)) return { reply: 'error', error: errorReply.read(value, 'error') };
  return read(value);
}

function jsonOf<T>(codec: JsonCodec<T>, value: T): Frame {
  return jsonFrame(JSON.stringify(codec.write(value)));
}
