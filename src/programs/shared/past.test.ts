import { expect, test } from 'bun:test';
import type { PeriodTotals } from '../../data/recording/totals.ts';
import { shownTotals } from './past.ts';

test('a screen shows the newest periods, and says where older ones are', () => {
  const row = { name: 'x', txBytes: 2048, rxBytes: 1 };
  const rows = { program: Array.from({ length: 51 }, () => row), user: [row], unit: [], network: [] };
  const all = Array.from(
    { length: 300 },
    (_, at): PeriodTotals => ({ period: 'hour', name: String(999 - at), rows }),
  );
  const { groups } = shownTotals(all, { period: 'hour', by: 'program' });
  expect(groups.length).toBeLessThan(25);
  expect(groups[0]).toMatchObject({ title: '999', lines: { length: 51 } });
  expect(groups[0]!.lines[0]).toEqual({ keys: '  2.0K up     1B down', description: 'x' });
  expect(groups.at(-1)).toEqual({ title: 'older ones: sstop --totals hour', lines: [] });
  expect(shownTotals(all, { period: 'hour', by: 'user' }).groups).toHaveLength(300);
});
