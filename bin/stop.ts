/** The wish to end, by signal, and sleeping until then. */
export class Stop {
  /** The first signal that came. */
  signal: NodeJS.Signals | undefined;
  readonly #signals: readonly NodeJS.Signals[];
  readonly #wished = Promise.withResolvers<void>();
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this.signal ??= signal;
    this.#wished.resolve();
  };

  constructor(signals: readonly NodeJS.Signals[]) {
    this.#signals = signals;
    for (const signal of signals) process.on(signal, this.#onSignal);
  }

  /** Resolves as soon as the wish comes. */
  get wished(): Promise<void> {
    return this.#wished.promise;
  }

  /** Resolves after the time, or as soon as the wish comes. */
  async sleep(millis: number): Promise<void> {
    if (this.signal !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.max(0, millis));
    await Promise.race([promise, this.#wished.promise]);
    clearTimeout(timer);
  }

  release(): void {
    for (const signal of this.#signals) process.off(signal, this.#onSignal);
  }
}
