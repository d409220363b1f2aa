import { edenGC } from 'bun:jsc';
import { Allowance } from '../../kit/limits/bounds.ts';
import type { PressureWatch } from '../sample/platform.ts';
import type { ProcessesWant } from '../sample/snapshot.ts';
import type { HistoryLine, HistoryLines } from './history-line.ts';
import type { HistoryWriter } from './history-writer.ts';

/** Why samples are taken faster for a while. */
type RaiseReason = 'pressure' | 'alert';

interface RecorderOptions {
  readonly intervalMillis: number;
  /** Takes a sample and makes a line of it while it is borrowed; asks `needsWhole` once. Undefined: nothing came. */
  readonly sample: (
    lines: HistoryLines,
    needsWhole: HistoryWriter['needsWhole'],
  ) => Promise<{ readonly line: HistoryLine | undefined; readonly isWhole: boolean }>;
  /** Tells of trouble between two samples; undefined: nobody does. */
  readonly watchPressure?: (onTrouble: () => void) => PressureWatch | undefined;
  /** CLOCK_MONOTONIC or any clock that only grows. */
  readonly nowMillis: () => number;
  /** For who rests between two samples. */
  readonly memory?: RestingMemory;
}

/** Memory that only work needs, and that can be had again. */
export interface RestingMemory {
  /** Work is about to begin. */
  expect(): void;
  /** Nothing is to be done for a second at least. */
  giveBack(): void;
}

/** In trouble a sample every second, for a minute after the last sign of it. */
const RAISED_INTERVAL_MILLIS = 1000;
const RAISED_FOR_MILLIS = 60_000;
/** A machine that is never without pressure must not be sampled every second for ever: so many raises, then one each. */
const PRESSURE_BURST = 3;
const PRESSURE_REFILL_MILLIS = 600_000;
/**
 * Garbage is collected after so many samples: by itself the engine lets it grow to several times what is alive, and this
 * program runs for months. Most collections look at young garbage only, which is nearly all of it.
 */
const COLLECTED_SAMPLES = 8;
const WHOLLY_COLLECTED_SAMPLES = 48;
/** The first rates need two samples. */
const FIRST_MILLIS = 1000;

/** Free space changes slowly, and asking for it keeps a process beside. */
export const SPACE_MAX_AGE_MILLIS = 600_000;
/** Control groups cost as much as all else of the processes, and a process seldom leaves its own. */
const CGROUP_SAMPLES = 60;
/**
 * What control groups wait for costs ten files of each: asked for in every fifth sample, or where the last time is long
 * ago. From one time to the next it is less than the minute for which kills are remembered (control-group-rates.ts).
 */
const GROUPS_SAMPLES = 5;
const GROUPS_MAX_AGE_MILLIS = 45_000;
/** A program that writes over its command line again and again is not read each time. */
const TEXT_MAX_AGE_MILLIS = 60_000;

/** What a history wants of one sample after the other. */
export class HistoryWants {
  #count = 0;
  #samplesWithoutGroups = GROUPS_SAMPLES;
  #groupsMillis = Number.NEGATIVE_INFINITY;

  /** Whether the next sample is to tell what control groups wait for. */
  controlGroups(nowMillis: number): boolean {
    const isDue =
      ++this.#samplesWithoutGroups >= GROUPS_SAMPLES ||
      nowMillis - this.#groupsMillis >= GROUPS_MAX_AGE_MILLIS;
    if (!isDue) return false;
    this.#samplesWithoutGroups = 0;
    this.#groupsMillis = nowMillis;
    return true;
  }

  /** Of all processes in the next sample. */
  ofProcesses(): Omit<ProcessesWant, 'visiblePids' | 'columns'> {
    return {
      // The culprits of a busy disk.
      columnsOfAll: ['readBytes', 'writtenBytes'],
      allCommandLines: true,
      cgroups: this.#count++ % CGROUP_SAMPLES === 0,
      textMaxAgeMillis: TEXT_MAX_AGE_MILLIS,
    };
  }
}

/** Samples a machine for its history, faster while there is trouble, and not while the disk has the one before. */
export class HistoryRecorder {
  readonly #writer: HistoryWriter;
  readonly #lines: HistoryLines;
  readonly #options: RecorderOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watch: PressureWatch | undefined;
  readonly #pressure = new Allowance(PRESSURE_BURST, PRESSURE_REFILL_MILLIS);
  #raisedUntilMillis = Number.NEGATIVE_INFINITY;
  #lastMillis = Number.NEGATIVE_INFINITY;
  #count = 0;
  #sampling: Promise<void> | undefined;
  #isStopped = false;

  constructor(writer: HistoryWriter, lines: HistoryLines, options: RecorderOptions) {
    this.#writer = writer;
    this.#lines = lines;
    this.#options = options;
  }

  start(): void {
    this.#watch = this.#options.watchPressure?.(() => this.raiseRate('pressure'));
    this.#schedule(0);
  }

  /** A sample at once, and then every second for a minute: something begins that should be on record. */
  raiseRate(reason: RaiseReason): void {
    if (this.#isStopped) return;
    const now = this.#options.nowMillis();
    if (reason === 'pressure' && !this.#pressure.take(now)) return;
    const isNews = now >= this.#raisedUntilMillis;
    this.#raisedUntilMillis = now + RAISED_FOR_MILLIS;
    if (isNews && this.#sampling === undefined) this.#schedule(this.#waitMillis(now));
  }

  /** Writes what was taken, and closes the history. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#watch?.close();
    await this.#sampling;
    await this.#writer.close();
  }

  #schedule(afterMillis: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#sampling = this.#sample().finally(() => {
        this.#sampling = undefined;
      });
    }, afterMillis);
  }

  async #sample(): Promise<void> {
    const { nowMillis } = this.#options;
    this.#lastMillis = nowMillis();
    try {
      if (!this.#writer.isBusy) await this.#take();
    } finally {
      const isOver = this.#isStopped || this.#writer.error !== undefined;
      if (!isOver) this.#schedule(this.#waitMillis(nowMillis()));
      this.#options.memory?.giveBack();
    }
  }

  async #take(): Promise<void> {
    this.#options.memory?.expect();
    const { line, isWhole } = await this.#options
      .sample(this.#lines, (header) => this.#writer.needsWhole(header))
      // The next one may succeed.
      .catch(() => ({ line: undefined, isWhole: false }));
    this.#count++;
    this.#writer.write(line, isWhole);
    await this.#writer.flushed();
    if (this.#count % WHOLLY_COLLECTED_SAMPLES === 0) Bun.gc(true);
    else if (this.#count % COLLECTED_SAMPLES === 0) edenGC();
  }

  /** From the last sample on, so that a slow one does not shift those after it. */
  #waitMillis(nowMillis: number): number {
    const { intervalMillis } = this.#options;
    const isRaised = nowMillis < this.#raisedUntilMillis;
    const raised = Math.min(intervalMillis, RAISED_INTERVAL_MILLIS);
    const interval =
      this.#count === 1 ? Math.min(intervalMillis, FIRST_MILLIS) : isRaised ? raised : intervalMillis;
    return Math.max(0, this.#lastMillis + interval - nowMillis);
  }
}
