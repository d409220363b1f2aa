/** Weight of the newest second in the moving average: 0.3. */
const RETAINED_PER_SECOND = 0.7;
const SHOWN_FROM_BYTES_PER_SECOND = 1;
/** So many samples in a row without a byte end a rate at once. */
export const QUIET_SAMPLES = 2;

/** Weight of the newest sample when it covers `seconds`: 0.3 for one, so that the interval does not matter. */
export function weightOf(seconds: number): number {
  return 1 - RETAINED_PER_SECOND ** seconds;
}

/** Counts samples in a row without a byte, no further than needed; one that is unknown (NaN) was not quiet. */
export function quietAfter(quiet: number, raw: number): number {
  return raw <= 0 ? Math.min(quiet + 1, QUIET_SAMPLES) : 0;
}

/** The next value of the moving average, bytes per second; a first one (previous NaN) is the raw rate itself. */
export function smoothed(previous: number, raw: number, weight: number, quiet: number): number {
  if (quiet >= QUIET_SAMPLES) return 0;
  const next = Number.isNaN(previous) ? raw : previous + (raw - previous) * weight;
  return next < SHOWN_FROM_BYTES_PER_SECOND ? 0 : next;
}
