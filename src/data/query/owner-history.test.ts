import { expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { OwnerHistory } from './owner-history.ts';

test('keeps the last samples of each direction, oldest first', () => {
  const rate = fc.float({ noNaN: true, min: 0 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.array(fc.tuple(rate, rate), { maxLength: 30 }),
      (capacity, rates) => {
        const history = new OwnerHistory(capacity);
        history.follow(3, 1);
        for (const [up, down] of rates) history.push(up, down);
        const kept = rates.slice(-capacity);
        expect(history.count).toBe(kept.length);
        const shown = kept.map((_, i) => [history.up(i), history.down(i)] as const);
        expect(shown).toEqual(kept);
        expect([history.up(-1), history.down(kept.length)]).toEqual([Number.NaN, Number.NaN]);
      },
    ),
  );
});

test('another owner, and another one in the same slot, start anew; the same goes on', () => {
  const history = new OwnerHistory(4);
  history.follow(3, 1);
  history.push(1, 2);
  history.follow(3, 1);
  expect(history.count).toBe(1);
  const copy = history.copy();
  history.follow(3, 2);
  expect([history.count, copy.count, copy.up(0)]).toEqual([0, 1, 1]);
  history.push(Number.NaN, 5);
  expect([history.up(0), history.down(0)]).toEqual([Number.NaN, 5]);
  history.follow(4, 2);
  expect(history.count).toBe(0);
});
