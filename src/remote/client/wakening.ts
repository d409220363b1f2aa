const LOOK_MILLIS = 1000;
/** The wall clock is ahead of where the other one would have it: the machine slept, or the clock was set. */
const LEAP_MILLIS = 3000;

/** Notices that the machine has slept: monotonic time stands still then, and so does every timer. */
export class Wakening {
  readonly #woke: () => void;
  readonly #offset: () => number;
  #timer: ReturnType<typeof setInterval> | undefined;
  #offsetMillis = 0;

  /** `offset` is how far the wall clock is ahead of the monotonic one, milliseconds. */
  constructor(woke: () => void, offset: () => number = offsetNow) {
    this.#woke = woke;
    this.#offset = offset;
  }

  start(): void {
    this.#offsetMillis = this.#offset();
    this.#timer ??= setInterval(() => this.#look(), LOOK_MILLIS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const before = this.#offsetMillis;
    this.#offsetMillis = this.#offset();
    if (this.#offsetMillis - before > LEAP_MILLIS) this.#woke();
  }
}

function offsetNow(): number {
  return Date.now() - performance.now();
}
