/** Delay of the first rates at any interval, so that the screen fills quickly. */
export const FIRST_RATES_MILLIS = 250;
/** Disks change slowly, and reading a file system may wake a disk up. */
export const DISKS_MILLIS = 5000;
/** An agent judges its rules every 1 to 10 s. */
export const ALERTS_MILLIS = 2000;

/** Next time on the grid `start + n * interval`, all in one unit: delays do not add up, and past points are skipped. */
export function nextDue(start: number, interval: number, now: number): number {
  const passed = Math.floor((now - start) / interval);
  return start + (Math.max(passed, -1) + 1) * interval;
}

/** Refresh intervals that the keys step through, milliseconds. */
export const INTERVAL_STEPS_MILLIS = [100, 200, 500, 1000, 2000, 5000, 10_000] as const;

/** The next shorter interval, or the same at the minimum. */
export function fasterThan(intervalMillis: number): number {
  return INTERVAL_STEPS_MILLIS.findLast((step) => step < intervalMillis) ?? intervalMillis;
}

/** The next longer interval, or the same at the maximum. */
export function slowerThan(intervalMillis: number): number {
  return INTERVAL_STEPS_MILLIS.find((step) => step > intervalMillis) ?? intervalMillis;
}
