import { expect, test } from 'bun:test';
import { fasterThan, INTERVAL_STEPS_MILLIS, slowerThan } from './interval.ts';

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
