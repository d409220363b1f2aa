import { expect, test } from 'bun:test';
import { RoundTrips } from './health-ledger.ts';

const SECOND = 1e6;

test('the 95th percentile is within an eighth, and unknown where nothing was noted', () => {
  const trips = new RoundTrips();
  trips.begin(0);
  expect(trips.percentile95(3, 1)).toBeNaN();
  for (let i = 0; i < 900; i++) trips.note(3, 1, 8, 1000);
  for (let i = 0; i < 100; i++) trips.note(3, 1, 8, 80_000);
  const known = trips.percentile95(3, 1);
  expect(known).toBeGreaterThan(80_000 * 0.87);
  expect(known).toBeLessThan(80_000 * 1.13);
  for (let i = 0; i < 5000; i++) trips.note(3, 1, 8, 1000);
  expect(trips.percentile95(3, 1)).toBeLessThan(1130);
  // Another row in the slot has none of it; a row of another slot neither.
  expect(trips.percentile95(3, 2)).toBeNaN();
  expect(trips.percentile95(4, 1)).toBeNaN();
});

test('what is older than a minute is forgotten, what is younger than half a one is not', () => {
  const trips = new RoundTrips();
  trips.begin(0);
  trips.note(0, 1, 8, 500_000);
  for (let second = 1; second <= 29; second++) trips.begin(second * SECOND);
  trips.note(0, 1, 8, 2000);
  expect(trips.percentile95(0, 1)).toBeGreaterThan(400_000);
  trips.begin(31 * SECOND);
  expect(trips.percentile95(0, 1)).toBeGreaterThan(400_000);
  trips.begin(62 * SECOND);
  expect(trips.percentile95(0, 1)).toBeNaN();
});

test('slots beyond the limit, and times that are none, are left out', () => {
  const trips = new RoundTrips();
  trips.begin(0);
  trips.note(1 << 16, 1, 1 << 17, 1000);
  expect(trips.percentile95(1 << 16, 1)).toBeNaN();
  for (const micros of [Number.NaN, 0, -1]) trips.note(0, 1, 8, micros);
  expect(trips.percentile95(0, 1)).toBeNaN();
  for (const micros of [1, 1e12]) trips.note(1, 1, 8, micros);
  expect(trips.percentile95(1, 1)).toBeGreaterThan(1e7);
});
