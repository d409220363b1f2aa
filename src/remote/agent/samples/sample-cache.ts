import { OpError } from '../../../kit/errors/op-error.ts';
import { setNewest } from '../../../kit/limits/bounds.ts';

/** What a cache needs to know of a sample: when its counters were read. */
interface TimedSample {
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

/** Work of one kind, done one after the other: more than `limit` that wait would only be late. */
export class Turns {
  readonly #limit: number;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Throws `BUSY` at once where too many wait; rejects with what `work` threw. */
  take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= this.#limit) {
      throw new OpError({ op: 'answer', code: 'BUSY', message: 'too many pending requests of this kind' });
    }
    this.#waiting++;
    const outcome = this.#last.then(work);
    const end = (): void => {
      this.#waiting--;
    };
    this.#last = outcome.then(end, end);
    return outcome;
  }
}

interface Entry<T> {
  readonly answer: Promise<T>;
  /** Undefined while it is being made. */
  madeMicros: number | undefined;
}

/** Answers that are kept: of processes that clients look at in depth, not of all that they could. */
const KEPT_LIMIT = 32;
/** Waiting for their turn. */
const WAITING_LIMIT = 16;

/**
 * Answers about one thing each (a process, its journal), made one after the other, since their collector does not
 * overlap itself; the same question gets the same answer while it is young enough.
 */
export class SingleAnswers<T> {
  readonly #nowMicros: () => number;
  readonly #keptMicros: number;
  readonly #entries = new Map<string, Entry<T>>();
  readonly #turns = new Turns(WAITING_LIMIT);

  constructor(nowMicros: () => number, keptMillis: number) {
    this.#nowMicros = nowMicros;
    this.#keptMicros = keptMillis * 1000;
  }

  /** Rejects with what `make` threw, or `BUSY` where too many wait. */
  async get(key: string, make: () => Promise<T>): Promise<T> {
    const known = this.#entries.get(key);
    const isFresh =
      known !== undefined &&
      (known.madeMicros === undefined || this.#nowMicros() - known.madeMicros <= this.#keptMicros);
    if (known !== undefined && isFresh) return known.answer;
    const answer = this.#turns.take(make);
    const entry: Entry<T> = { answer, madeMicros: undefined };
    setNewest(this.#entries, key, entry, KEPT_LIMIT);
    answer.then(
      () => {
        entry.madeMicros = this.#nowMicros();
      },
      () => {
        if (this.#entries.get(key) === entry) this.#entries.delete(key);
      },
    );
    return answer;
  }
}
