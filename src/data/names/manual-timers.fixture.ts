import type { Timers } from './reverse-dns.ts';

/** A clock that stands still until a test moves it. */
export class ManualTimers implements Timers {
  #nowMillis = 1_000;
  #due: { atMillis: number; run: () => void }[] = [];

  /** Timers that have not run. */
  get count(): number {
    return this.#due.length;
  }

  nowMillis(): number {
    return this.#nowMillis;
  }

  after(millis: number, run: () => void): () => void {
    const timer = { atMillis: this.#nowMillis + millis, run };
    this.#due.push(timer);
    return () => {
      this.#due = this.#due.filter((other) => other !== timer);
    };
  }

  /** Moves on, runs what is due in its order, and lets promises settle after each. */
  async advance(millis: number): Promise<void> {
    const end = this.#nowMillis + millis;
    for (;;) {
      await settled();
      const next = this.#due
        .filter(({ atMillis }) => atMillis <= end)
        .sort((a, b) => a.atMillis - b.atMillis)[0];
      if (next === undefined) break;
      this.#nowMillis = Math.max(this.#nowMillis, next.atMillis);
      this.#due = this.#due.filter((timer) => timer !== next);
      next.run();
    }
    this.#nowMillis = end;
  }
}

async function settled(): Promise<void> {
  for (let i = 0; i < 100; i++) await Promise.resolve();
}
