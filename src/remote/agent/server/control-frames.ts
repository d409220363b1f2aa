/** Pings and pongs that a client may send at once, and how long it takes until it may send one more. */
export const CONTROL_BURST = 40;
export const CONTROL_REFILL_MILLIS = 200;

/** How many pings and pongs a client may still send. Honest clients send one a second at most. */
export class ControlFrames {
  #left = CONTROL_BURST;
  #refilledMillis = Number.NEGATIVE_INFINITY;

  /** Takes note of one; false: it was one too many. Times are of the monotonic clock. */
  take(nowMillis: number): boolean {
    if (this.#left === CONTROL_BURST) this.#refilledMillis = nowMillis;
    const refills = Math.floor((nowMillis - this.#refilledMillis) / CONTROL_REFILL_MILLIS);
    this.#left = Math.min(CONTROL_BURST, this.#left + refills);
    this.#refilledMillis += refills * CONTROL_REFILL_MILLIS;
    this.#left--;
    return this.#left >= 0;
  }
}
