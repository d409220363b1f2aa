/** `Stop.orEnd` has waited long enough. */
export const ENDED = Symbol('ended');

/** setTimeout takes 32 bits. */
const LONGEST_MILLIS = 0x7fff_ffff;

/**
 * The wish to end: a signal, or the end of the time that was asked for. Whatever a stream waits for (a reply, a reader, a
 * disk) it waits for by `orEnd`, so that nothing outside holds up its end.
 */
export class Stop {
  /** The first signal that came. */
  signal: NodeJS.Signals | undefined;
  readonly #signals: readonly NodeJS.Signals[];
  readonly #wished = Promise.withResolvers<void>();
  /** Called once the wish comes. */
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

  /** Whether the wish has come. */
  get isWished(): boolean {
    return this.#isWished;
  }

  /** Resolves as soon as the wish comes. */
  get wished(): Promise<void> {
    return this.#wished.promise;
  }

  /** From now on the wish comes by itself after so long; infinity: it does not. Replaces what was said before. */
  endAfter(millis: number): void {
    clearTimeout(this.#timer);
    if (millis === Number.POSITIVE_INFINITY) return;
    const now = Math.min(Math.max(0, millis), LONGEST_MILLIS);
    this.#timer = setTimeout(() => (millis > now ? this.endAfter(millis - now) : this.#wish()), now);
  }

  /** Resolves after the time, or as soon as the wish comes. */
  async sleep(millis: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.max(0, millis));
    await this.orEnd(promise);
    clearTimeout(timer);
  }

  /**
   * What the work resolves to, or `ENDED` where the wish came `graceMillis` ago and it is not done; what comes of it later,
   * an error too, is nobody's any more.
   */
  async orEnd<T>(work: Promise<T>, graceMillis = 0): Promise<T | typeof ENDED> {
    const { promise, resolve } = Promise.withResolvers<typeof ENDED>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onWish = (): void => {
      timer = setTimeout(() => resolve(ENDED), graceMillis);
    };
    if (this.#isWished) onWish();
    // Not the promise of the wish: it lives as long as the stream does, and would keep every race with it.
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

/**
 * How long the last sample of `--duration` may come after it: an ordinary one takes a tenth of that, and one that does not
 * come at all must not be waited for.
 */
export const LAST_SAMPLE_MILLIS = 600;

/** How long a hung disk may hold up the end: a log and a recording, one after the other, make a second at most. */
const CLOSE_WAIT_MILLIS = 450;

/** Whether closing something that goes to a disk was done in time; what is not done then is left to itself. */
export async function closedInTime(closing: Promise<void>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), CLOSE_WAIT_MILLIS);
  try {
    return await Promise.race([closing.then(() => true), promise]);
  } finally {
    clearTimeout(timer);
  }
}
