import type { ToldSection } from '../../../data/codec/record-json.ts';
import { machinePercent } from '../../../data/rates/process-rates.ts';
import type { ProcessDetailSection } from '../../../data/sample/process-detail-section.ts';
import type { AlertsSection } from '../../../data/schema/alerts-section.ts';
import type { JournalSection } from '../../../data/schema/process-detail.ts';
import type { LocalSource } from '../../../data/source/local-source.ts';
import { OpError } from '../../../kit/errors/op-error.ts';
import { setNewest } from '../../../kit/limits/bounds.ts';
import type { AgentSamples } from '../samples/agent-samples.ts';
import { RATE_BASE_LIMIT_MICROS, RATE_WAIT_MILLIS, SingleAnswers } from '../samples/sample-cache.ts';

/** A look at one process, with the name of its user. */
interface ProcessLook extends ToldSection<ProcessDetailSection> {
  /** Share of one core since the look before, percent; NaN unknown. */
  readonly corePercent: number;
}

interface Measured {
  readonly startTicks: number;
  readonly cpuNanos: number;
  readonly monotonicMicros: number;
}

/** One process in depth is as fresh as the machine's figures. */
const KEPT_MILLIS = 250;
const MEASURED_LIMIT = 64;

/** Processes in depth, for all clients. */
class ProcessDetails {
  readonly #source: LocalSource;
  readonly #looks: SingleAnswers<ProcessLook>;
  /** What processes had used when they were last looked at, by pid; the oldest first. */
  readonly #measured = new Map<number, Measured>();

  constructor(source: LocalSource) {
    this.#source = source;
    this.#looks = new SingleAnswers(() => source.nowMicros(), KEPT_MILLIS);
  }

  /** Rejects with OpError: `ESRCH` no such process, `BUSY`. */
  look(pid: number): Promise<ProcessLook> {
    return this.#looks.get(String(pid), () => this.#look(pid));
  }

  /** A look whose share of CPU is known: a second one where there was none not long before. */
  async lookRated(pid: number): Promise<ProcessLook> {
    const first = await this.look(pid);
    if (!Number.isNaN(first.corePercent)) return first;
    await Bun.sleep(RATE_WAIT_MILLIS + 1);
    return this.look(pid);
  }

  async #look(pid: number): Promise<ProcessLook> {
    const section = await this.#source.section('processDetail', pid);
    const { startTicks, cpuNanos } = section.process;
    const { monotonicMicros } = section;
    const before = this.#measured.get(pid);
    setNewest(this.#measured, pid, { startTicks, cpuNanos, monotonicMicros }, MEASURED_LIMIT);
    const micros = monotonicMicros - (before?.monotonicMicros ?? Number.NaN);
    const isKnown = before?.startTicks === startTicks && micros > 0 && micros <= RATE_BASE_LIMIT_MICROS;
    const corePercent = isKnown
      ? (Math.max(0, cpuNanos - before.cpuNanos) / (micros * 1000)) * 100
      : Number.NaN;
    return { header: this.#source.header(monotonicMicros), section: this.#withUser(section), corePercent };
  }

  #withUser(section: ProcessDetailSection): ProcessDetailSection {
    const { effectiveUid } = section.process;
    const userName = effectiveUid === undefined ? undefined : this.#source.userName(effectiveUid);
    return { ...section, process: { ...section.process, userName } };
  }
}

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
    const { processes, machine } = this.samples;
    const onlineCount = machine.cache.latest?.section.cpu.value?.onlineCount;
    const coreCount = processes.cache.latest?.coreCount ?? onlineCount ?? navigator.hardwareConcurrency;
    return machinePercent(corePercent, coreCount);
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
    const message = 'timeout while reading the journal';
    const late = new OpError({ op: 'journal', code: 'DEADLINE', message });
    const timer = setTimeout(() => reject(late), JOURNAL_DEADLINE_MILLIS);
    try {
      return await Promise.race([answer, promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
