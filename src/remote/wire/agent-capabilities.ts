import { RecordCodec } from '../../data/codec/record-json.ts';
import { COUNTING_BASES, TIERS } from '../../data/sample/network-sample.ts';
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
import { V2_REQUESTS } from './v2-request.ts';

const tier = word(TIERS);

/** Data that this agent cannot provide. */
const MISSING_CAPABILITY = record({
  /** `udp`, `cpu_temperature`, `gpu`, `journal`, `process_io`, ... */
  what: text(),
  /** One line for people. */
  why: text('line'),
});
export type MissingCapability = ValueOf<typeof MISSING_CAPABILITY>;

/** The reply to `get_capabilities`. */
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
