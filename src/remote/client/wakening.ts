const LOOK_MILLIS = 1000;
/** The wall clock is ahead of where the other one would have it: the machine slept, or the clock was set. */
const LEAP_MILLIS = 3000;

/** Notices that the machine has slept: monotonic time stands still then, and so does every timer. */
export class Wakening {
  readonly #woke: () => void;
  #timer: ReturnType<typeof setInterval> | undefined;
  #offsetMillis = 0;

  constructor(woke: () => void) {
    this.#woke = woke;
  }

  start(): void {
    this.#offsetMillis = offset();
    this.#timer ??= setInterval(() => this.#look(), LOOK_MILLIS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const before = this.#offsetMillis;
    this.#offsetMillis = offset();
    if (this.#offsetMillis - before > LEAP_MILLIS) this.#woke();
  }
}

function offset(): number {
  return Date.now() - performance.now();
}
