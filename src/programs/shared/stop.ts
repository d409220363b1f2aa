/** Returned by `Stop.orEnd` on timeout. */
export const ENDED = Symbol('ended');

/** setTimeout takes 32 bits. */
const LONGEST_MILLIS = 0x7fff_ffff;

/**
 * Stop request: a signal, or the end of --duration. A stream waits for everything (a reply, a reader, a disk) with
 * `orEnd`, so that nothing outside can delay its exit.
 */
export class Stop {
  /** The first signal received. */
  signal: NodeJS.Signals | undefined;
  readonly #signals: readonly NodeJS.Signals[];
  readonly #wished = Promise.withResolvers<void>();
  /** Called on the stop request. */
  readonly #waiting = new Set<() => void>();
  #isWished = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this.signal ??= signal;
    this.#wish();
  };

  constructor(signals: readonly NodeJS.Signals[]) {
    this.#signals = signals;
    for (const signal of signals) process.on(signal, this.#onSignal);
  }

  /** Whether a stop was requested. */
  get isWished(): boolean {
    return this.#isWished;
  }

  /** Resolves when a stop is requested. */
  get wished(): Promise<void> {
    return this.#wished.promise;
  }

  /** Requests the stop after `millis`; Infinity: never. Replaces the previous timer. */
  endAfter(millis: number): void {
    clearTimeout(this.#timer);
    if (millis === Number.POSITIVE_INFINITY) return;
    const now = Math.min(Math.max(0, millis), LONGEST_MILLIS);
    this.#timer = setTimeout(() => (millis > now ? this.endAfter(millis - now) : this.#wish()), now);
  }

  /** Resolves after `millis`, or when a stop is requested. */
  async sleep(millis: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.max(0, millis));
    await this.orEnd(promise);
    clearTimeout(timer);
  }

  /** The result of `work`, or `ENDED` `graceMillis` after the stop request. What comes later is ignored. */
  async orEnd<T>(work: Promise<T>, graceMillis = 0): Promise<T | typeof ENDED> {
    const { promise, resolve } = Promise.withResolvers<typeof ENDED>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onWish = (): void => {
      timer = setTimeout(() => resolve(ENDED), graceMillis);
    };
    if (this.#isWished) onWish();
    // Not the promise of the stop request itself: it lives as long as the stream and would keep every race alive.
    else this.#waiting.add(onWish);
    try {
      return await Promise.race([work, promise]);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(onWish);
    }
  }

  release(): void {
    clearTimeout(this.#timer);
    for (const signal of this.#signals) process.off(signal, this.#onSignal);
  }

  #wish(): void {
    if (this.#isWished) return;
    this.#isWished = true;
    this.#wished.resolve();
    for (const onWish of this.#waiting) onWish();
    this.#waiting.clear();
  }
}

/** For the last sample of `--duration`: ten times what one takes. One that never comes must not delay the exit. */
export const LAST_SAMPLE_MILLIS = 600;

/**
 * Maximum delay by a hung disk at exit; log and recording together take at most a second. In steps: where other programs
 * take the processors, each step is late, and so is what writes.
 */
const CLOSE_STEP_MILLIS = 10;
const CLOSE_STEPS = 45;

/** Whether closing something on a disk finished in time; otherwise it is abandoned. */
export async function closedInTime(closing: Promise<void>): Promise<boolean> {
  const closed = closing.then(() => true);
  for (let step = 0; step < CLOSE_STEPS; step++) {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), CLOSE_STEP_MILLIS);
    try {
      if (await Promise.race([closed, promise])) return true;
    } finally {
      clearTimeout(timer);
    }
  }
  return false;
}
