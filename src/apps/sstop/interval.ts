/** The refresh intervals that the keys step through, milliseconds. */
export const INTERVAL_STEPS_MILLIS = [100, 200, 500, 1000, 2000, 5000, 10_000] as const;

/** The next shorter interval, or the same at the end. */
export function fasterThan(intervalMillis: number): number {
  return INTERVAL_STEPS_MILLIS.findLast((step) => step < intervalMillis) ?? intervalMillis;
}

/** The next longer interval, or the same at the end. */
export function slowerThan(intervalMillis: number): number {
  return INTERVAL_STEPS_MILLIS.find((step) => step > intervalMillis) ?? intervalMillis;
}

/** `500ms`, `1s`. */
export function durationLabel(intervalMillis: number): string {
  return intervalMillis < 1000 ? `${intervalMillis}ms` : `${intervalMillis / 1000}s`;
}
