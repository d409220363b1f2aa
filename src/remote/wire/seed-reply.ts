import { parseJsonWithin } from '../../kit/bytes/json-bytes.ts';
import { type ErrorReply, errorReply, isErrorReply } from './error-reply.ts';
import type { JsonCodec } from './json-codec.ts';
import { JSON_DEPTH_LIMIT, PAYLOAD_LIMIT_BYTES } from './limits.ts';
import { type Frame, jsonFrame, payloadOf, protobufFrame } from './seed-frame.ts';
import { type SeedDisk, type SeedMetrics, seedDisks, seedMetrics, seedProcessList } from './seed-metrics.ts';
import {
  type SeedJournal,
  type SeedProcessMetrics,
  seedJournal,
  seedProcessMetrics,
} from './seed-process-detail.ts';
import { decodeSeedProcesses, encodeSeedProcesses, type SeedProcesses } from './seed-processes.ts';
import type { SeedRequest } from './seed-request.ts';

/** An answer of the seed's protocol; `reply` is the name of the request. */
export type SeedReply =
  | { readonly reply: 'get_metrics'; readonly metrics: SeedMetrics }
  | { readonly reply: 'get_disks'; readonly disks: readonly SeedDisk[] }
  | { readonly reply: 'get_processes'; readonly processes: SeedProcesses }
  | { readonly reply: 'get_process_metrics'; readonly process: SeedProcessMetrics }
  | { readonly reply: 'get_journal_entries'; readonly journal: SeedJournal }
  | { readonly reply: 'error'; readonly error: ErrorReply };

const OPENING_BRACE = 0x7b;

/** A reply as the frame that the original client understands. */
export function encodeSeedReply(reply: SeedReply): Frame {
  switch (reply.reply) {
    case 'get_metrics':
      return jsonOf(seedMetrics, reply.metrics);
    case 'get_disks':
      return jsonOf(seedDisks, reply.disks);
    case 'get_processes':
      return protobufFrame(encodeSeedProcesses(reply.processes));
    case 'get_process_metrics':
      return jsonOf(seedProcessMetrics, reply.process);
    case 'get_journal_entries':
      return jsonOf(seedJournal, reply.journal);
    default:
      return jsonOf(errorReply, reply.error);
  }
}

/** The answer to a request from the frame that came. Throws an OpError with a WireErrorCode, and nothing else. */
export function decodeSeedReply(request: SeedRequest['request'], frame: string | Uint8Array): SeedReply {
  switch (request) {
    case 'get_processes':
      return decodeProcesses(frame);
    case 'get_metrics':
      return decodeJson(frame, PAYLOAD_LIMIT_BYTES.metrics, (value) => ({
        reply: request,
        metrics: seedMetrics.read(value, 'metrics'),
      }));
    case 'get_disks':
      return decodeJson(frame, PAYLOAD_LIMIT_BYTES.disks, (value) => ({
        reply: request,
        disks: seedDisks.read(value, 'disks'),
      }));
    case 'get_process_metrics':
      return decodeJson(frame, PAYLOAD_LIMIT_BYTES.process, (value) => ({
        reply: request,
        process: seedProcessMetrics.read(value, 'process metrics'),
      }));
    default:
      return decodeJson(frame, PAYLOAD_LIMIT_BYTES.journal, (value) => ({
        reply: request,
        journal: seedJournal.read(value, 'journal'),
      }));
  }
}

/** Protobuf, or JSON: an error, and what agents had before they had protobuf. No message begins with a brace. */
function decodeProcesses(frame: string | Uint8Array): SeedReply {
  const payload = payloadOf(frame, PAYLOAD_LIMIT_BYTES.processes);
  if (typeof payload !== 'string' && payload[0] !== OPENING_BRACE) {
    return { reply: 'get_processes', processes: decodeSeedProcesses(payload) };
  }
  return decodeJson(payload, PAYLOAD_LIMIT_BYTES.processes, (value) => {
    const { process_count, top_processes } = seedProcessList.read(value, 'processes');
    return { reply: 'get_processes', processes: { process_count, rows: top_processes } };
  });
}

function decodeJson(
  frame: string | Uint8Array,
  limitBytes: number,
  read: (value: unknown) => SeedReply,
): SeedReply {
  const value = parseJsonWithin(payloadOf(frame, limitBytes), limitBytes, JSON_DEPTH_LIMIT);
  if (isErrorReply(value)) return { reply: 'error', error: errorReply.read(value, 'error') };
  return read(value);
}

function jsonOf<T>(codec: JsonCodec<T>, value: T): Frame {
  return jsonFrame(JSON.stringify(codec.write(value, 'seed')));
}
