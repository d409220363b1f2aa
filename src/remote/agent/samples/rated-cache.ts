import { SampleCache, type TimedSample } from './sample-cache.ts';

/** A share over a longer time than this says nothing of now. */
export const RATE_BASE_LIMIT_MICROS = 10e6;
/** Between the two samples that a first share is made of. */
export const RATE_WAIT_MILLIS = 250;

/** Samples whose shares are those since the sample before. */
export class RatedCache<T extends TimedSample> extends SampleCache<T> {
  readonly #isRated: (sample: T) => boolean;
  #warming: Promise<void> | undefined;

  /** `isRated`: whether the sample's shares are known, because there was another one not long before. */
  constructor(collect: () => T | Promise<T>, nowMicros: () => number, isRated: (sample: T) => boolean) {
    super(collect, nowMicros);
    this.#isRated = isRated;
  }

  /** Like `read`, but with CPU shares: takes two samples if there is no previous one. */
  async readRated<R>(maxAgeMicros: number, use: (sample: T) => R): Promise<R> {
    const isRated = this.latest !== undefined && this.#isRated(this.latest);
    if (!isRated || this.ageMicros() > RATE_BASE_LIMIT_MICROS) {
      this.#warming ??= this.#warm().finally(() => {
        this.#warming = undefined;
      });
      await this.#warming;
    }
    return this.read(maxAgeMicros, use);
  }

  async #warm(): Promise<void> {
    if (this.ageMicros() > RATE_BASE_LIMIT_MICROS) await this.read(0, () => undefined);
    await Bun.sleep(RATE_WAIT_MILLIS);
    await this.read(0, () => undefined);
  }
}
