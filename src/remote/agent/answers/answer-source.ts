import type { ToldSection } from '../../../data/codec/record-json.ts';
import { machinePercent } from '../../../data/rates/process-rates.ts';
import type { AlertsSection } from '../../../data/schema/alerts-section.ts';
import type { JournalSection } from '../../../data/schema/journal-section.ts';
import { OpError } from '../../../kit/errors/op-error.ts';
import type { AgentSamples } from '../samples/agent-samples.ts';
import { ProcessDetails } from '../samples/process-details.ts';
import { SingleAnswers } from '../samples/single-answers.ts';

/** Timeout for a journal, including the time in the queue. */
const JOURNAL_DEADLINE_MILLIS = 2000;
const JOURNAL_KEPT_MILLIS = 1000;

/** What both protocols answer from: samples, single processes, journals. */
export class AnswerSource {
  readonly samples: AgentSamples;
  readonly hasToken: boolean;
  readonly details: ProcessDetails;
  readonly #journals: SingleAnswers<ToldSection<JournalSection>>;

  constructor(samples: AgentSamples, hasToken: boolean) {
    this.samples = samples;
    this.hasToken = hasToken;
    const { source } = samples;
    this.details = new ProcessDetails(source);
    this.#journals = new SingleAnswers(() => source.nowMicros(), JOURNAL_KEPT_MILLIS);
  }

  /** Set where the agent watches the machine. */
  watch: (() => AlertsSection) | undefined;

  /** How the agent's own rules stand. Throws OpError `NO_ALERTS` where it watches by none. */
  alerts(): ToldSection<AlertsSection> {
    const section = this.watch?.();
    if (section !== undefined)
      return { header: this.samples.source.header(section.monotonicMicros), section };
    const message = 'no rules are watched; start the agent with --alerts';
    throw new OpError({ op: 'alerts', code: 'NO_ALERTS', message });
  }

  /** Share of the whole machine of a share of one core, percent. */
  machineShare(corePercent: number): number {
    return machinePercent(corePercent, this.samples.processes.cache.latest?.coreCount ?? this.#coreCount());
  }

  /** Share of the whole machine as the last list of processes has it; NaN unknown. */
  shareOf(pid: number, startTicks: number): number {
    const { list, cpuPercent } = this.samples.processes.changes;
    return cpuPercent[list.find(pid, startTicks)] ?? Number.NaN;
  }

  /** Rejects with OpError: `NO_TOKEN` where the agent has none, `DEADLINE`, and what the collector says. */
  async journal(pid: number): Promise<ToldSection<JournalSection>> {
    if (!this.hasToken) {
      const message =
        'the agent serves no journals without a token: start it with SOCKTOP_TOKEN or --token-file';
      throw new OpError({ op: 'journal', code: 'NO_TOKEN', message });
    }
    const { source } = this.samples;
    const answer = this.#journals.get(String(pid), async () => {
      const section = await source.section('journal', pid);
      return { header: source.header(section.monotonicMicros), section };
    });
    const { promise, reject } = Promise.withResolvers<never>();
    const late = new OpError({
      op: 'journal',
      code: 'DEADLINE',
      message: 'timeout while reading the journal',
    });
    const timer = setTimeout(() => reject(late), JOURNAL_DEADLINE_MILLIS);
    try {
      return await Promise.race([answer, promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #coreCount(): number {
    return this.samples.machine.cache.latest?.section.cpu.value?.onlineCount ?? navigator.hardwareConcurrency;
  }
}
