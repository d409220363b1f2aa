import { COUNTED_BY } from '../../../data/sample/network-sample.ts';
import type { Platform, TierReport } from '../../../data/sample/platform.ts';
import { type Capabilities, capabilities, type MissingCapability } from '../../wire/agent-capabilities.ts';
import type { V2Payload } from '../../wire/v2-frame.ts';
import { v2JsonPayload } from '../../wire/v2-reply.ts';
import { V2_REQUESTS } from '../../wire/v2-request.ts';
import type { SampleOptions } from '../samples/agent-samples.ts';
import type { AnswerSource } from './answer-source.ts';

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
