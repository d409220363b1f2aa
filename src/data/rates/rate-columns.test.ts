import { expect, test } from 'bun:test';
import { RateColumns } from './rate-columns.ts';

const SERIAL = 1;

/** Smooth rates after each of these counters, a second apart. */
function ratesOf(counters: readonly number[]): number[] {
  const columns = new RateColumns('from-first-value');
  return counters.map((counter, second) => {
    columns.begin(1, second === 0 ? Number.NaN : 1);
    columns.record(0, SERIAL, counter, counter);
    return columns.smoothTx[0]!;
  });
}

test('a counter that was unknown for long has a rate from its second value on, be it 0', () => {
  const unknown = Number.NaN;
  expect(ratesOf([unknown, unknown, unknown, unknown, 5, 5, 5])).toEqual([
    unknown,
    unknown,
    unknown,
    unknown,
    unknown,
    0,
    0,
  ]);
  expect(ratesOf([5, 5, 5, unknown, unknown, 5, 5, 105]).at(-1)).toBeGreaterThan(0);
});
