import { wireError } from '../../data/codec/wire-error.ts';
import { parseJsonWithin } from '../../kit/bytes/json-bytes.ts';
import { type Capabilities, capabilities } from './agent-capabilities.ts';
import { type DisksMessage, disksMessage } from './disks-message.ts';
import { type ErrorReply, errorReply } from './error-reply.ts';
import type { JsonCodec } from './json-codec.ts';
import { JSON_DEPTH_LIMIT, PAYLOAD_LIMIT_BYTES } from './limits.ts';
import { type MachineMessage, machineMessage } from './machine-message.ts';
import {
  type JournalMessage,
  journalMessage,
  type ProcessMessage,
  processMessage,
} from './process-message.ts';
import { readV2Frame, type V2Payload, v2Json } from './v2-frame.ts';
import type { V2RequestName } from './v2-request.ts';

/**
 * A decoded answer; `reply` is the name of the request. Tables come as protobuf, checked for size only: a
 * `ProcessReplica` or a `NetworkReplica` reads them.
 */
export type V2Answer =
  | { readonly reply: 'get_capabilities'; readonly capabilities: Capabilities }
  | { readonly reply: 'get_metrics'; readonly machine: MachineMessage }
  | { readonly reply: 'get_disks'; readonly disks: DisksMessage }
  | { readonly reply: 'get_process_metrics'; readonly process: ProcessMessage }
  | { readonly reply: 'get_journal_entries'; readonly journal: JournalMessage }
  | { readonly reply: 'get_processes' | 'get_network'; readonly protobuf: Uint8Array }
  | { readonly reply: 'error'; readonly error: ErrorReply };

/** How large each reply may be when inflated. */
const LIMIT_BYTES: Readonly<Record<V2RequestName, number>> = {
  get_capabilities: PAYLOAD_LIMIT_BYTES.capabilities,
  get_metrics: PAYLOAD_LIMIT_BYTES.metrics,
  get_disks: PAYLOAD_LIMIT_BYTES.disks,
  get_processes: PAYLOAD_LIMIT_BYTES.processes,
  get_process_metrics: PAYLOAD_LIMIT_BYTES.process,
  get_journal_entries: PAYLOAD_LIMIT_BYTES.journal,
  get_network: PAYLOAD_LIMIT_BYTES.network,
};

/** A JSON message as a payload for any number of clients. */
export function v2JsonPayload<T>(codec: JsonCodec<T>, value: T): V2Payload {
  return v2Json(JSON.stringify(codec.write(value, 'v2')));
}

/** An error as a payload. */
export function v2ErrorPayload(error: ErrorReply): V2Payload {
  return v2Json(JSON.stringify(errorReply.write(error, 'v2')), true);
}

/**
 * The answer in a frame whose id (`v2ReplyId`) belongs to that request. Throws an OpError with a WireErrorCode, and
 * nothing else.
 */
export function decodeV2Reply(request: V2RequestName, frame: Uint8Array): V2Answer {
  const { bytes, isError, isJson } = readV2Frame(frame, LIMIT_BYTES[request]);
  if (isError) return { reply: 'error', error: jsonOf(errorReply, bytes, PAYLOAD_LIMIT_BYTES.error) };
  if (isJson === (request === 'get_processes' || request === 'get_network')) {
    throw wireError('decode', 'BAD_VALUE', 'the reply is of the wrong kind');
  }
  switch (request) {
    case 'get_capabilities':
      return { reply: request, capabilities: jsonOf(capabilities, bytes, LIMIT_BYTES[request]) };
    case 'get_metrics':
      return { reply: request, machine: jsonOf(machineMessage, bytes, LIMIT_BYTES[request]) };
    case 'get_disks':
      return { reply: request, disks: jsonOf(disksMessage, bytes, LIMIT_BYTES[request]) };
    case 'get_process_metrics':
      return { reply: request, process: jsonOf(processMessage, bytes, LIMIT_BYTES[request]) };
    case 'get_journal_entries':
      return { reply: request, journal: jsonOf(journalMessage, bytes, LIMIT_BYTES[request]) };
    default:
      return { reply: request, protobuf: bytes };
  }
}

function jsonOf<T>(codec: JsonCodec<T>, bytes: Uint8Array, limitBytes: number): T {
  return codec.read(parseJsonWithin(bytes, limitBytes, JSON_DEPTH_LIMIT), 'reply');
}
