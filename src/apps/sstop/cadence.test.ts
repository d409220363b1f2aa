import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { nextDue } from './cadence.ts';

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
