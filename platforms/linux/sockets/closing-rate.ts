/** Half the buffers are left for what the rate does not foresee. */
const SHARE_OF_CAPACITY = 0.5;
/** How fast an old rate is forgotten: a burst is remembered for some seconds. */
const SMOOTHING_MICROS = 3e6;
/** Shorter gaps say little of a rate. */
const LEAST_GAP_MICROS = 1000;

/** How many sockets close a second, and so for how long the kernel's buffers hold their announcements. */
export class ClosingRate {
  #perMicro = 0;
  #lastMicros = Number.NaN;

  /** `count` announcements were waiting at `nowMicros`. */
  record(count: number, nowMicros: number): void {
    const gap = nowMicros - this.#lastMicros;
    if (gap < LEAST_GAP_MICROS) return;
    this.#lastMicros = nowMicros;
    if (Number.isNaN(gap)) return;
    const rate = count / gap;
    const weight = rate > this.#perMicro ? 1 : 1 - Math.exp(-gap / SMOOTHING_MICROS);
    this.#perMicro += (rate - this.#perMicro) * weight;
  }

  /** Milliseconds until buffers of so many announcements should be read; Infinity while nothing closes. */
  drainWithinMillis(capacity: number): number {
    if (this.#perMicro < 1e-9) return Number.POSITIVE_INFINITY;
    return (capacity * SHARE_OF_CAPACITY) / this.#perMicro / 1000;
  }
}
