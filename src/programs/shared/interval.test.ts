import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { fasterThan, INTERVAL_STEPS_MILLIS, nextDue, slowerThan } from './interval.ts';

test('the keys step through the intervals and stop at both ends', () => {
  expect(fasterThan(1000)).toBe(500);
  expect(slowerThan(1000)).toBe(2000);
  expect(fasterThan(INTERVAL_STEPS_MILLIS[0])).toBe(INTERVAL_STEPS_MILLIS[0]);
  expect(slowerThan(10_000)).toBe(10_000);
});

test('an interval between two steps goes to its neighbours', () => {
  expect(fasterThan(700)).toBe(500);
  expect(slowerThan(700)).toBe(1000);
});

test('the next point is ahead, at most one interval away, and on the grid', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e9 }),
      fc.integer({ min: 100, max: 10_000 }),
      fc.nat(1e7),
      (start, interval, late) => {
        const now = start + late;
        const due = nextDue(start, interval, now);
        expect(due).toBeGreaterThan(now);
        expect(due - now).toBeLessThanOrEqual(interval);
        expect((due - start) % interval).toBe(0);
      },
    ),
  );
});

test('before the start the start itself is due', () => {
  expect(nextDue(1000, 100, 950)).toBe(1000);
});
