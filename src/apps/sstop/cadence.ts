/**
 * When the next sample is due: on the grid `start + n * interval`, so that delays do not add up; points of the
 * grid that have passed are skipped. All times in the same unit, any origin.
 */
export function nextDue(start: number, interval: number, now: number): number {
  const passed = Math.floor((now - start) / interval);
  return start + (Math.max(passed, -1) + 1) * interval;
}
