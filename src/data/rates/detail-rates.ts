import type { ProcessDetailSection } from '../sample/process-detail-section.ts';
import { SampleHistory } from './histories.ts';

/** One process in depth over time: CPU, memory, storage I/O, and the CPU of its threads. */
export class DetailRates {
  /** Share of one core, percent: two busy threads are 200. */
  readonly cpu = new SampleHistory();
  /** Resident bytes. */
  readonly memory = new SampleHistory();
  /** Bytes per second; NaN unknown. */
  readonly reads = new SampleHistory();
  readonly writes = new SampleHistory();
  #pid = 0;
  #startTicks = Number.NaN;
  #lastMicros = Number.NaN;
  #lastCpuNanos = Number.NaN;
  #lastRead = Number.NaN;
  #lastWritten = Number.NaN;
  /** By tid: ticks as they were, and the share of a core since. */
  #lastTicks = new Map<number, number>();
  #threadPercent = new Map<number, number>();

  /** Takes a sample; another process begins anew. */
  update(section: ProcessDetailSection, ticksPerSecond: number): void {
    const { process, monotonicMicros } = section;
    if (process.pid !== this.#pid || process.startTicks !== this.#startTicks) this.clear();
    this.#pid = process.pid;
    this.#startTicks = process.startTicks;
    const seconds = (monotonicMicros - this.#lastMicros) / 1e6;
    this.#lastMicros = monotonicMicros;
    this.cpu.push(rateOf(this.#lastCpuNanos, process.cpuNanos, seconds) / 1e7);
    this.memory.push(process.residentBytes);
    const { readBytes = Number.NaN, writtenBytes = Number.NaN } = process;
    this.reads.push(rateOf(this.#lastRead, readBytes, seconds));
    this.writes.push(rateOf(this.#lastWritten, writtenBytes, seconds));
    this.#lastCpuNanos = process.cpuNanos;
    this.#lastRead = readBytes;
    this.#lastWritten = writtenBytes;
    this.#updateThreads(section, seconds * ticksPerSecond);
  }

  /** Share of one core, percent; NaN unknown. */
  threadPercentOf(tid: number): number {
    return this.#threadPercent.get(tid) ?? Number.NaN;
  }

  /** Nothing is known of any process. */
  clear(): void {
    for (const history of [this.cpu, this.memory, this.reads, this.writes]) history.clear();
    this.#pid = 0;
    this.rebase();
  }

  /** The next sample is the first again; the past stays. */
  rebase(): void {
    this.#lastMicros = Number.NaN;
    this.#lastTicks.clear();
    this.#threadPercent.clear();
  }

  #updateThreads(section: ProcessDetailSection, ticks: number): void {
    const now = new Map<number, number>();
    this.#threadPercent.clear();
    for (const { tid, userTicks, systemTicks } of section.threads) {
      const used = userTicks + systemTicks;
      const was = this.#lastTicks.get(tid);
      now.set(tid, used);
      if (was !== undefined && ticks > 0)
        this.#threadPercent.set(tid, Math.max(0, (used - was) / ticks) * 100);
    }
    this.#lastTicks = now;
  }
}

/** NaN where either is unknown. */
function rateOf(last: number, now: number, seconds: number): number {
  return seconds > 0 ? Math.max(0, now - last) / seconds : Number.NaN;
}
