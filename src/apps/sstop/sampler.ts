import { NetworkRates } from '../../data/rates/network-rates.ts';
import type { Slice } from '../../data/sample/slice.ts';
import type { SectionError, Snapshot } from '../../data/sample/snapshot.ts';
import type { Source } from '../../data/source/source.ts';
import { TimeSlice } from '../../data/source/time-slice.ts';
import type { NetworkData } from '../views/network/network-data.ts';
import { FIRST_RATES_MILLIS, nextDue } from './interval.ts';

/** Who is told of what the sampler finds. */
interface SamplerEvents {
  /** Before `sampled` tells of the first sample: what would take long at once may be done in slices here. */
  prepare(data: NetworkData, slice: Slice): Promise<void>;
  /** A new sample, borrowed: its tables are written to again when the next collection begins. */
  sampled(data: NetworkData): void;
  /** Nothing could be collected this time; the sampler goes on. */
  failed(error: SectionError): void;
}

/** Asks a source for network samples at an interval and keeps their rates. */
export class Sampler {
  readonly rates = new NetworkRates();
  readonly #source: Source;
  readonly #events: SamplerEvents;
  #intervalMillis: number;
  #data: SampledData | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #gridStart = 0;
  #samples = 0;
  #isRunning = false;

  constructor(source: Source, intervalMillis: number, events: SamplerEvents) {
    this.#source = source;
    this.#intervalMillis = intervalMillis;
    this.#events = events;
  }

  /** The newest sample, if there is one. */
  get data(): NetworkData | undefined {
    return this.#data;
  }

  start(): void {
    this.#isRunning = true;
    this.#gridStart = performance.now();
    void this.#tick();
  }

  stop(): void {
    this.#isRunning = false;
    clearTimeout(this.#timer);
  }

  /** Samples at once, unless that is happening anyway. */
  sampleNow(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    void this.#tick();
  }

  /** In force from now on: the next sample comes one new interval from this moment. */
  setInterval(intervalMillis: number): void {
    this.#intervalMillis = intervalMillis;
    this.#gridStart = performance.now();
    if (this.#timer !== undefined) this.#schedule();
  }

  async #tick(): Promise<void> {
    this.#timer = undefined;
    if (this.#data !== undefined) this.#data.isStable = false;
    // A source rejects only when it was closed, and then nobody waits for this sample.
    const snapshot = await this.#source
      .sample({ network: true }, Number.POSITIVE_INFINITY)
      .catch(() => undefined);
    if (!this.#isRunning || snapshot === undefined) return;
    await this.#take(snapshot);
    if (this.#isRunning) this.#schedule();
  }

  async #take(snapshot: Snapshot): Promise<void> {
    const section = snapshot.network;
    if (section === undefined) {
      if (this.#data !== undefined) this.#data.isStable = true;
      this.#events.failed(snapshot.errors[0] ?? { op: 'collect', code: 'EMPTY', message: 'no network data' });
      return;
    }
    this.#samples++;
    const slice = new TimeSlice();
    await this.rates.updateInSlices(section, snapshot.header, slice);
    const data = { header: snapshot.header, section, rates: this.rates, isStable: true };
    if (this.#data === undefined) {
      await this.#events.prepare(data, slice);
      await slice.rest();
    }
    if (!this.#isRunning) return;
    this.#data = data;
    this.#events.sampled(data);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const now = performance.now();
    const isFirst = this.#samples === 1 && this.#intervalMillis > FIRST_RATES_MILLIS;
    const due = isFirst ? now + FIRST_RATES_MILLIS : nextDue(this.#gridStart, this.#intervalMillis, now);
    this.#timer = setTimeout(() => void this.#tick(), due - now);
  }
}

interface SampledData extends NetworkData {
  isStable: boolean;
}
