import { COUNTING_BASES, type CountingBasis, TIERS, type Tier } from '../../data/sample/network-sample.ts';
import { flag, type JsonCodec, list, oneOf, optionalText, record, text } from './json-codec.ts';
import { TEXT_LIMIT } from './limits.ts';
import { known } from './section-json.ts';
import { V2_REQUESTS, type V2RequestName } from './v2-request.ts';

/** What one tier of network accounting can do at the agent. */
interface TierCapability {
  readonly tier: Tier | undefined;
  readonly isAvailable: boolean;
  /** One line for people: why not, or what limits it. */
  readonly detail: string;
}

/** Something that this agent cannot tell. */
export interface MissingCapability {
  /** `udp`, `cpu_temperature`, `gpu`, `journal`, `process_io`, ... */
  readonly what: string;
  /** One line for people. */
  readonly why: string;
}

/** The reply to `get_capabilities`. */
export interface Capabilities {
  /** Of the program. */
  readonly version: string;
  /** `linux`, ... */
  readonly platform: string;
  /** Of the agent's own process, in the list that it answers `get_processes` from. */
  readonly pid: number | undefined;
  readonly requests: readonly (V2RequestName | undefined)[];
  /** Tier in force and what a byte is on it; undefined: no network accounting. */
  readonly networkTier: Tier | undefined;
  readonly counted: CountingBasis | undefined;
  readonly tiers: readonly TierCapability[];
  readonly missing: readonly MissingCapability[];
  /** Whether the agent asked for a token: it answers `get_journal_entries` only then. */
  readonly hasToken: boolean;
  /** Shortest age at which samples are taken anew, by kind. */
  readonly metricsTtlMillis: number;
  readonly processesTtlMillis: number;
  readonly disksTtlMillis: number;
  /** A line for people who should update one of the ends; undefined: nothing to say. */
  readonly notice: string | undefined;
}

const tier: JsonCodec<TierCapability> = record<TierCapability>({
  tier: oneOf(TIERS),
  isAvailable: flag,
  detail: text(TEXT_LIMIT.line),
});

const missing: JsonCodec<MissingCapability> = record<MissingCapability>({
  what: text(TEXT_LIMIT.name),
  why: text(TEXT_LIMIT.line),
});

/** `get_capabilities`. */
export const capabilities: JsonCodec<Capabilities> = record<Capabilities>({
  version: text(TEXT_LIMIT.name),
  platform: text(TEXT_LIMIT.name),
  pid: known,
  requests: list(oneOf(V2_REQUESTS), 64),
  networkTier: oneOf(TIERS),
  counted: oneOf(COUNTING_BASES),
  tiers: list(tier, 64),
  missing: list(missing, 256),
  hasToken: flag,
  metricsTtlMillis: known,
  processesTtlMillis: known,
  disksTtlMillis: known,
  notice: optionalText(TEXT_LIMIT.line),
});
