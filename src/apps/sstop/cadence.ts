/** The first rates are shown this soon, whatever the interval: nobody likes an empty screen. */
export const FIRST_RATES_MILLIS = 250;
/** Disks change slowly, and asking each file system may wake one up. */
export const DISKS_MILLIS = 5000;

/**
 * When the next sample is due: on the grid `start + n * interval`, so that delays do not add up; points of the
 * grid that have passed are skipped. All times in the same unit, any origin.
 */
export function nextDue(start: number, interval: number, now: number): number {
  const passed = Math.floor((now - start) / interval);
  return start + (Math.max(passed, -1) + 1) * interval;
}
