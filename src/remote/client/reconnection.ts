const FIRST_MILLIS = 500;
const LONGEST_MILLIS = 30_000;
/** Whoever was connected for so long begins with short delays again. */
const STEADY_MILLIS = 10_000;

/** Delays between tries: they double up to half a minute, each shortened by chance so that clients do not come in step. */
export class Backoff {
  #tries = 0;
  readonly #random: () => number;

  /** `random` gives 0 to 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** How long to wait now, 50 to 100 % of the delay that it is the turn of. */
  nextMillis(): number {
    const longest = Math.min(LONGEST_MILLIS, FIRST_MILLIS * 2 ** Math.min(this.#tries++, 16));
    return Math.round(longest * (0.5 + this.#random() / 2));
  }

  reset(): void {
    this.#tries = 0;
  }

  /** A connection that lasted so long has ended. */
  ended(lastedMillis: number): void {
    if (lastedMillis >= STEADY_MILLIS) this.reset();
  }
}

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
