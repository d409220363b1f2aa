/** What a cache needs to know of a sample: when its counters were read. */
export interface TimedSample {
  readonly monotonicMicros: number;
}

/**
 * The last sample of one kind, for all clients: one that is young enough answers without a collection, and who asks
 * while one is under way gets its outcome. So a thousand clients cost as much as one.
 */
export class SampleCache<T extends TimedSample> {
  /** Undefined before the first. Borrowed like what it holds. */
  latest: T | undefined;
  readonly #collect: () => T | Promise<T>;
  readonly #nowMicros: () => number;
  #underWay: Promise<T> | undefined;

  constructor(collect: () => T | Promise<T>, nowMicros: () => number) {
    this.#collect = collect;
    this.#nowMicros = nowMicros;
  }

  /** Age of the last sample; Infinity before the first. */
  ageMicros(): number {
    return this.latest === undefined
      ? Number.POSITIVE_INFINITY
      : this.#nowMicros() - this.latest.monotonicMicros;
  }

  /**
   * What `use` makes of a sample that is no older than that. A sample borrows the collector's tables, so `use` is
   * called before the next collection can begin, and keeps nothing. Rejects with what the collection threw.
   */
  read<R>(maxAgeMicros: number, use: (sample: T) => R): Promise<R> {
    const underWay = this.#underWay;
    if (underWay !== undefined) return underWay.then(use);
    const { latest } = this;
    if (latest !== undefined && this.ageMicros() <= maxAgeMicros) return attempt(() => use(latest));
    const collected = attempt(this.#collect).then(
      (sample) => {
        this.#underWay = undefined;
        this.latest = sample;
        return sample;
      },
      (thrown: unknown) => {
        this.#underWay = undefined;
        throw thrown;
      },
    );
    this.#underWay = collected;
    return collected.then(use);
  }
}

async function attempt<R>(work: () => R | Promise<R>): Promise<R> {
  return work();
}
