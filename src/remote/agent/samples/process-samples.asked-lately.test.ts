import { expect, test } from 'bun:test';
import { AskedLately } from './process-samples.ts';

test('processes are visible for some seconds after they were asked for', () => {
  const visible = new AskedLately<number>();
  visible.note([1, 2], 0);
  visible.note([2, 3], 3e6);
  expect(visible.within(5e6)).toEqual([1, 2, 3]);
  expect(visible.within(5e6 + 1)).toEqual([2, 3]);
  expect(visible.within(9e6)).toEqual([]);
});

test('of many the ones asked for last stay', () => {
  const visible = new AskedLately<number>();
  for (let pid = 0; pid < 2000; pid++) visible.note([pid], 0);
  const pids = visible.within(0);
  expect([pids.length, pids[0], pids.at(-1)]).toEqual([1024, 976, 1999]);
});
