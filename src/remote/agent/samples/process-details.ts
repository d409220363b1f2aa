import type { ToldSection } from '../../../data/codec/record-json.ts';
import type { ProcessDetailSection } from '../../../data/sample/process-detail-section.ts';
import type { LocalSource } from '../../../data/source/local-source.ts';
import { RATE_BASE_LIMIT_MICROS, RATE_WAIT_MILLIS, SingleAnswers } from './sample-cache.ts';

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
export class ProcessDetails {
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
    this.#measured.delete(pid);
    this.#measured.set(pid, { startTicks, cpuNanos, monotonicMicros });
    for (const oldest of this.#measured.keys()) {
      if (this.#measured.size <= MEASURED_LIMIT) break;
      this.#measured.delete(oldest);
    }
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
