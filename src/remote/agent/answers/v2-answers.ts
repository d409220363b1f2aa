import type { SectionCodec } from '../../../data/codec/record-json.ts';
import { HistoryPieces } from '../../../data/recording/history-pieces.ts';
import { totalsPagesOf } from '../../../data/recording/totals-files.ts';
import { COUNTED_BY } from '../../../data/sample/network-sample.ts';
import type { Platform, TierReport } from '../../../data/sample/platform.ts';
import type { Section } from '../../../data/schema/section-facts.ts';
import { OpError, toOpError } from '../../../kit/errors/op-error.ts';
import type { PrivateFolder } from '../../../kit/files/private-folder.ts';
import { historyHeaders, historyParts, totalsPage } from '../../wire/history-reply.ts';
import { type V2Payload, v2Bytes } from '../../wire/v2-frame.ts';
import {
  type Capabilities,
  capabilities,
  JsonSections,
  type MissingCapability,
  v2ErrorPayload,
  v2JsonPayload,
} from '../../wire/v2-reply.ts';
import { V2_REQUESTS, type V2Request } from '../../wire/v2-request.ts';
import type { SampleOptions } from '../samples/agent-samples.ts';
import type { SectionSample } from '../samples/machine-samples.ts';
import { REQUEST_LEASE_MILLIS } from '../samples/network-lease.ts';
import { type SampleCache, Turns } from '../samples/sample-cache.ts';
import type { AnswerSource } from './answer-source.ts';

/** The one number that is kept for each connection: which sample of processes it has. */
export interface ProcessPosition {
  /** 0: none. */
  sequence: number;
}

export class V2Answers {
  readonly #from: AnswerSource;
  readonly #capabilities: CapabilityAnswers;
  readonly #history: HistoryAnswers;
  readonly #sections = new JsonSections();

  constructor(
    from: AnswerSource,
    capabilities: CapabilityAnswers,
    history = new HistoryAnswers(undefined, false),
  ) {
    this.#from = from;
    this.#capabilities = capabilities;
    this.#history = history;
  }

  /** The payload that answers a request; an error is an answer too. Never rejects. */
  async answer(request: V2Request, position: ProcessPosition): Promise<V2Payload> {
    try {
      return await this.#answer(request, position);
    } catch (thrown) {
      return errorPayload(thrown, request);
    }
  }

  #answer(request: V2Request, position: ProcessPosition): Promise<V2Payload> {
    const { samples } = this.#from;
    switch (request.request) {
      case 'get_capabilities':
        return this.#capabilities.payload();
      case 'get_metrics':
        return this.#section(samples.machine, 'metrics', this.#sections.machine, request);
      case 'get_disks':
        return this.#section(samples.disks, 'disks', this.#sections.disks, request);
      case 'get_control_groups':
        // They are asked for with the processes, and as often.
        return this.#section(samples.controlGroups, 'processes', this.#sections.controlGroups, request);
      case 'get_processes':
        return this.#processes(request, position);
      case 'get_process_metrics':
        return this.#process(request.pid ?? 0);
      case 'get_journal_entries':
        return this.#journal(request.pid ?? 0);
      case 'get_history':
      case 'get_totals':
        return this.#history.payload(request);
      case 'get_alerts':
        return this.#alerts();
      default:
        return this.#network(request.maxAgeMillis);
    }
  }

  /** A section as JSON, made once for all who ask for the same sample. `age`: whose usual age it may have. */
  #section<T extends object>(
    { cache }: { readonly cache: SampleCache<SectionSample<Section & T>> },
    age: 'metrics' | 'processes' | 'disks',
    codec: SectionCodec<T>,
    { maxAgeMillis }: V2Request,
  ): Promise<V2Payload> {
    return cache.read(this.#from.samples.maxAgeMicros(age, maxAgeMillis), (sample) => {
      const { replies } = sample;
      replies.v2 ??= v2JsonPayload(codec.write(sample));
      return replies.v2;
    });
  }

  #processes({ maxAgeMillis, isFull, ...want }: V2Request, position: ProcessPosition): Promise<V2Payload> {
    const { processes } = this.#from.samples;
    processes.noteWant(want);
    processes.noteRowsWanted();
    const maxAge = this.#from.samples.maxAgeMicros('processes', maxAgeMillis);
    return processes.cache.read(maxAge, (sample) => {
      const base = isFull ? 0 : position.sequence;
      const payload = processes.encoder.payload(sample, base);
      position.sequence = processes.changes.sequence;
      return payload;
    });
  }

  async #process(pid: number): Promise<V2Payload> {
    return v2JsonPayload(this.#sections.processDetail.write(await this.#from.details.look(pid)));
  }

  async #journal(pid: number): Promise<V2Payload> {
    return v2JsonPayload(this.#sections.journal.write(await this.#from.journal(pid)));
  }

  async #alerts(): Promise<V2Payload> {
    return v2JsonPayload(this.#sections.alerts.write(this.#from.alerts()));
  }

  #network(maxAgeMillis: number | undefined): Promise<V2Payload> {
    const { network } = this.#from.samples;
    const maxAge = this.#from.samples.maxAgeMicros('network', maxAgeMillis);
    return network.read(maxAge, REQUEST_LEASE_MILLIS, (sample) => network.payload(sample));
  }
}

/** An error as an answer to a request, or to what was none. */
export function errorPayload(thrown: unknown, request?: Pick<V2Request, 'request' | 'pid'>): V2Payload {
  const { code, message }: OpError = toOpError('answer', thrown);
  return v2ErrorPayload({ error: message, request: request?.request, pid: request?.pid, code });
}

/** Asking what each tier can do opens sockets; what it can does not change from minute to minute. */
const REPORTS_KEPT_MICROS = 60e6;

/** What the agent says of itself. */
export interface AgentIdentity {
  readonly version: string;
  /** `linux`, ... */
  readonly platformName: string;
}

/** The reply to `get_capabilities`. */
export class CapabilityAnswers {
  readonly #platform: Platform;
  readonly #identity: AgentIdentity;
  readonly #options: SampleOptions;
  readonly #from: AnswerSource;
  readonly #history: string | undefined;
  #reports: readonly TierReport[] = [];
  #reportedMicros = Number.NEGATIVE_INFINITY;

  /** `historyObstacle`: why the agent serves no history; undefined: it does. */
  constructor(
    platform: Platform,
    identity: AgentIdentity,
    options: SampleOptions,
    from: AnswerSource,
    historyObstacle?: string,
  ) {
    this.#history = historyObstacle;
    this.#platform = platform;
    this.#identity = identity;
    this.#options = options;
    this.#from = from;
  }

  async payload(): Promise<V2Payload> {
    const { samples } = this.#from;
    // What is missing of sensors and GPUs is known once they have been looked for.
    await samples.machine.cache.read(Number.POSITIVE_INFINITY, () => undefined);
    await this.#platform.load?.('tiers');
    return v2JsonPayload(capabilities.write(this.#capabilities()));
  }

  #capabilities(): Capabilities {
    const now = this.#platform.monotonicMicros();
    if (now - this.#reportedMicros > REPORTS_KEPT_MICROS) {
      this.#reports = this.#platform.tierReports();
      this.#reportedMicros = now;
    }
    const inForce = this.#from.samples.network.cache.latest?.section;
    const networkTier = inForce?.tier ?? this.#reports.find(({ isAvailable }) => isAvailable)?.tier;
    const { metricsTtlMillis, processesTtlMillis, disksTtlMillis } = this.#options;
    return {
      version: this.#identity.version,
      platform: this.#identity.platformName,
      pid: process.pid,
      requests: V2_REQUESTS,
      networkTier,
      counted: inForce?.counted ?? (networkTier === undefined ? undefined : COUNTED_BY[networkTier]),
      tiers: this.#reports,
      missing: this.#missing(),
      hasToken: this.#from.hasToken,
      ...{ metricsTtlMillis, processesTtlMillis, disksTtlMillis },
      notice: undefined,
    };
  }

  #missing(): MissingCapability[] {
    const { gpus, temperatures } = this.#options;
    const section = this.#from.samples.machine.cache.latest?.section;
    const missing: MissingCapability[] = [];
    if (section?.sensors.value?.cpu === undefined) {
      const why = section?.sensors.error?.message ?? 'no such sensor';
      missing.push({
        what: 'cpu_temperature',
        why: temperatures ? why : 'switched off by SOCKTOP_AGENT_TEMP=0',
      });
    }
    if ((section?.gpus.value ?? []).length === 0) {
      const why = section?.gpus.error?.message ?? 'not found';
      missing.push({ what: 'gpu', why: gpus ? why : 'switched off by SOCKTOP_AGENT_GPU=0' });
    }
    if (!this.#from.hasToken) missing.push({ what: 'journal', why: 'the agent has no token' });
    if (this.#history !== undefined) missing.push({ what: 'history', why: this.#history });
    return missing;
  }
}

/** `period`: totals are asked for. */
type HistoryRequest = Pick<V2Request, 'period' | 'before' | 'segment' | 'from' | 'length'>;

/** Waiting for the disk. */
const WAITING_LIMIT = 16;

/**
 * The replies to `get_history` and `get_totals`. One piece is read at a time, for all clients: a disk that hangs holds
 * one of the runtime's threads, and no more.
 */
export class HistoryAnswers {
  readonly #folder: PrivateFolder | undefined;
  readonly #hasToken: boolean;
  readonly #missing: string;
  readonly #turns = new Turns(WAITING_LIMIT);

  /** `folder`: undefined where there is no history, `missing` says why. */
  constructor(
    folder: PrivateFolder | undefined,
    hasToken: boolean,
    missing = 'no history is kept; start the agent with --history',
  ) {
    this.#folder = folder;
    this.#hasToken = hasToken;
    this.#missing = missing;
  }

  /** Why there is none for a client; undefined: there is one. */
  get obstacle(): string | undefined {
    if (this.#folder === undefined) return this.#missing;
    return this.#hasToken
      ? undefined
      : 'no history is served without a token; start the agent with SOCKTOP_TOKEN or --token-file';
  }

  /** Rejects with OpError: `NO_HISTORY`, `NO_TOKEN`, `BUSY`, `GONE`, and what the file system says. */
  async payload(request: HistoryRequest): Promise<V2Payload> {
    const { obstacle } = this;
    const folder = this.#folder;
    if (folder === undefined || obstacle !== undefined) {
      const code = folder === undefined ? 'NO_HISTORY' : 'NO_TOKEN';
      throw new OpError({ op: 'history', code, ...(obstacle === undefined ? {} : { message: obstacle }) });
    }
    return this.#turns.take(() => read(folder, request));
  }
}

async function read(
  folder: PrivateFolder,
  { period, before, segment, from = 0, length }: HistoryRequest,
): Promise<V2Payload> {
  if (period !== undefined) {
    return v2JsonPayload(totalsPage.write(await totalsPagesOf(folder)(period, before)));
  }
  const pieces = new HistoryPieces(folder);
  if (segment === undefined) return v2JsonPayload(historyParts.write(await pieces.parts()));
  if (length === undefined) return v2JsonPayload(historyHeaders.write(await pieces.headers(segment, from)));
  return v2Bytes(await pieces.piece(segment, from, length));
}
