import { expect, test } from 'bun:test';
import { SlotTable } from '../../kit/table/slot-table.ts';
import { WindowClock, WindowedGrowth } from './health-rates.ts';

function slots(rows: number): SlotTable {
  const table = new SlotTable(8, 64, () => undefined);
  for (let row = 0; row < rows; row++) table.add(row + 1, 0, 0, 0);
  return table;
}

/** Samples one second apart: the counter of slot 0 in each. */
function feed(values: readonly number[], growth = new WindowedGrowth(), clock = new WindowClock()) {
  const table = slots(1);
  for (const [second, value] of values.entries()) {
    const isFirst = second === 0;
    const isPartOver = clock.advance(second * 1e6, isFirst ? Number.NaN : (second - 1) * 1e6);
    growth.begin(table, isFirst);
    if (isPartOver) growth.rotate();
    growth.record(0, table.serial[0]!, value, isFirst);
  }
  return { growth, clock, serial: table.serial[0]! };
}

test('a counter has grown in the last ten seconds by what came in them, and no more', () => {
  const twenty = Array.from({ length: 31 }, (_, second) => second * 7);
  const { growth, clock, serial } = feed(twenty);
  expect(clock.seconds).toBeGreaterThanOrEqual(9);
  expect(clock.seconds).toBeLessThanOrEqual(12);
  expect(growth.of(0, serial)).toBe(clock.seconds * 7);
  expect(growth.partsGrown(0, serial)).toBe(5);
});

test('what it had before the first sample is no growth, and a burst is over after the window', () => {
  const { growth, serial } = feed([1000, 1000, 1000]);
  expect(growth.of(0, serial)).toBe(0);
  const burst = [0, 0, 40, ...Array.from({ length: 5 }, () => 40)];
  const after = feed(burst);
  expect(after.growth.of(0, after.serial)).toBe(40);
  expect(after.growth.partsGrown(0, after.serial)).toBe(1);
  const later = feed([...burst, ...Array.from({ length: 8 }, () => 40)]);
  expect(later.growth.of(0, later.serial)).toBe(0);
});

test('an unknown counter has no growth; one that becomes known begins there; another row is another', () => {
  const { growth, serial } = feed([Number.NaN, Number.NaN]);
  expect(growth.of(0, serial)).toBeNaN();
  expect(feed([Number.NaN, 5, 9]).growth.of(0, serial)).toBe(9);
  expect(growth.of(0, serial + 1)).toBeNaN();
  const reset = feed([50, 60, 3]);
  expect(reset.growth.of(0, reset.serial)).toBe(0);
});
