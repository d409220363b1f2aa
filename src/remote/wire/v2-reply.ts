import type { JsonValue } from '../../data/codec/json-values.ts';
import { RecordCodec, SectionCodec, type ToldSection } from '../../data/codec/record-json.ts';
import { wireError } from '../../data/codec/wire-error.ts';
import { MACHINE, type MachineSection } from '../../data/sample/machine-section.ts';
import { COUNTING_BASES, TIERS } from '../../data/sample/network-sample.ts';
import { PROCESS_DETAIL, type ProcessDetailSection } from '../../data/sample/process-detail-section.ts';
import { ALERTS, type AlertsSection } from '../../data/schema/alerts-section.ts';
import { CONTROL_GROUPS, type ControlGroupsSection } from '../../data/schema/control-groups-section.ts';
import { DISKS, type DisksSection } from '../../data/schema/disks-section.ts';
import { JOURNAL, type JournalSection } from '../../data/schema/process-detail.ts';
import {
  count,
  flag,
  list,
  optional,
  record,
  text,
  time,
  type ValueOf,
  word,
} from '../../data/schema/record.ts';
import { parseJsonWithin } from '../../kit/bytes/json-bytes.ts';
import { type ErrorReply, errorReply } from './error-reply.ts';
import { JSON_DEPTH_LIMIT, PAYLOAD_LIMIT_BYTES } from './limits.ts';
import { readV2Frame, type V2Payload, v2Json } from './v2-frame.ts';
import { V2_REQUESTS, type V2RequestName } from './v2-request.ts';

/** Sections encoded as JSON. Each reader has its own instance, with the tables that keep rows across replies. */
export class JsonSections {
  readonly machine = new SectionCodec(MACHINE);
  readonly disks = new SectionCodec(DISKS);
  readonly controlGroups = new SectionCodec(CONTROL_GROUPS);
  readonly processDetail = new SectionCodec(PROCESS_DETAIL);
  readonly journal = new SectionCodec(JOURNAL);
  readonly alerts = new SectionCodec(ALERTS);
}

/** A decoded answer, `reply` its request. Tables are protobuf, checked for size only: replicas read them. */
export type V2Answer =
  | { readonly reply: 'get_capabilities'; readonly capabilities: Capabilities }
  | { readonly reply: 'get_metrics'; readonly told: ToldSection<MachineSection> }
  | { readonly reply: 'get_disks'; readonly told: ToldSection<DisksSection> }
  | { readonly reply: 'get_control_groups'; readonly told: ToldSection<ControlGroupsSection> }
  | { readonly reply: 'get_process_metrics'; readonly told: ToldSection<ProcessDetailSection> }
  | { readonly reply: 'get_journal_entries'; readonly told: ToldSection<JournalSection> }
  | { readonly reply: 'get_alerts'; readonly told: ToldSection<AlertsSection> }
  | { readonly reply: 'get_processes'; readonly protobuf: Uint8Array }
  | { readonly reply: 'get_network'; readonly protobuf: Uint8Array }
  /** JSON, or the bytes of a piece; who asked knows which. */
  | { readonly reply: 'get_history'; readonly history: unknown }
  /** JSON; who asked knows of which kind of period. */
  | { readonly reply: 'get_totals'; readonly totals: unknown }
  | { readonly reply: 'error'; readonly error: ErrorReply };

/** A JSON value as a payload for any number of clients. */
export function v2JsonPayload(value: JsonValue): V2Payload {
  return v2Json(JSON.stringify(value));
}

export function v2ErrorPayload(error: ErrorReply): V2Payload {
  return v2Json(JSON.stringify(errorReply.write(error)), true);
}

/** The answer in a frame with that request's id. OpError with a WireErrorCode: then `sections` are as they were. */
export function decodeV2Reply(
  request: V2RequestName,
  frame: Uint8Array,
  sections = new JsonSections(),
): V2Answer {
  const { bytes, isError, isJson } = readV2Frame(frame, PAYLOAD_LIMIT_BYTES[request]);
  if (isError) {
    return { reply: 'error', error: errorReply.read(parsed(bytes, PAYLOAD_LIMIT_BYTES.error), 'reply') };
  }
  if (request === 'get_history') {
    return { reply: request, history: isJson ? parsed(bytes, PAYLOAD_LIMIT_BYTES[request]) : bytes };
  }
  const isTable = request === 'get_processes' || request === 'get_network';
  if (isJson === isTable) throw wireError('decode', 'BAD_VALUE', 'the reply is of the wrong kind');
  if (isTable) return { reply: request, protobuf: bytes };
  const value = parsed(bytes, PAYLOAD_LIMIT_BYTES[request]);
  switch (request) {
    case 'get_totals':
      return { reply: request, totals: value };
    case 'get_capabilities':
      return { reply: request, capabilities: capabilities.read(value, 'reply') };
    case 'get_metrics':
      return { reply: request, told: sections.machine.read(value) };
    case 'get_disks':
      return { reply: request, told: sections.disks.read(value) };
    case 'get_control_groups':
      return { reply: request, told: sections.controlGroups.read(value) };
    case 'get_process_metrics':
      return { reply: request, told: sections.processDetail.read(value) };
    case 'get_journal_entries':
      return { reply: request, told: sections.journal.read(value) };
    case 'get_alerts':
      return { reply: request, told: sections.alerts.read(value) };
  }
}

function parsed(bytes: Uint8Array, limitBytes: number): unknown {
  return parseJsonWithin(bytes, limitBytes, JSON_DEPTH_LIMIT);
}

const tier = word(TIERS);

/** Data that this agent cannot provide. */
const MISSING_CAPABILITY = record({
  /** `udp`, `cpu_temperature`, `gpu`, `journal`, `process_io`, ... */
  what: text(),
  /** One line for people. */
  why: text('line'),
});
export type MissingCapability = ValueOf<typeof MISSING_CAPABILITY>;

export const CAPABILITIES = record({
  /** Of the program. */
  version: text(),
  /** `linux`, ... */
  platform: text(),
  /** Of the agent's own process, in the list that it answers `get_processes` from. */
  pid: count(),
  requests: list(word(V2_REQUESTS), 64),
  /** Tier in force and what a byte is on it; undefined: no network accounting. */
  networkTier: tier,
  counted: word(COUNTING_BASES),
  /** What each tier of network accounting can do; `detail` is one line for people: why not, or what limits it. */
  tiers: list(record({ tier, isAvailable: flag(), detail: text('line') }), 64),
  missing: list(MISSING_CAPABILITY, 256),
  /** Whether the agent requires a token; only then it serves `get_journal_entries`. */
  hasToken: flag(),
  /** Time for which samples are reused, by kind. */
  metricsTtlMillis: time('milliseconds'),
  processesTtlMillis: time('milliseconds'),
  disksTtlMillis: time('milliseconds'),
  /** A line for people who should update one of the ends; undefined: nothing to say. */
  notice: optional(text('line')),
});
export type Capabilities = ValueOf<typeof CAPABILITIES>;

/** `get_capabilities`. */
export const capabilities = new RecordCodec(CAPABILITIES);
