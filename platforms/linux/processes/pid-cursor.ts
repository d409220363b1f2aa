/** A pid is given out before its task can be found: as many of the last ones are looked for once more. */
const PIDS_IN_FLIGHT = 64;

/**
 * Which pids may be new, from the pid given out last (they are given out in ascending order, starting over low at
 * the largest).
 */
export class PidCursor {
  /** Those from `first` up to the argument of `advance` may be new. */
  first = Number.NaN;
  #last = Number.NaN;
  #beforeLast = Number.NaN;

  /** How many may be new; Infinity where that cannot be said: at first, after a wrap, where `last` is NaN. */
  advance(last: number): number {
    const previous = this.#last;
    this.first = Math.max(this.#beforeLast, previous - PIDS_IN_FLIGHT) + 1;
    const isAscending = last >= previous;
    this.#last = last;
    this.#beforeLast = isAscending ? previous : last - PIDS_IN_FLIGHT;
    return isAscending ? last - this.first + 1 : Number.POSITIVE_INFINITY;
  }
}
