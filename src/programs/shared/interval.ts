/** Delay of the first rates, for any interval, so that the screen is not empty for long. */
export const FIRST_RATES_MILLIS = 250;
/** Disks change slowly, and asking each file system may wake one up. */
export const DISKS_MILLIS = 5000;
/** An agent judges its rules every 1 to 10 s. */
export const ALERTS_MILLIS = 2000;

/**
 * When the next sample is due: on the grid `start + n * interval`, so that delays do not add up; points of the
 * grid that have passed are skipped. All times in the same unit, any origin.
 */
export function nextDue(start: number, interval: number, now: number): number {
  const passed = Math.floor((now - start) / interval);
  return start + (Math.max(passed, -1) + 1) * interval;
}

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
