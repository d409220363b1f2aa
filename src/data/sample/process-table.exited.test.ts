import { expect, test } from 'bun:test';
import { ExitedTable } from './process-table.ts';

test('a process is found by its pid and its start, start ticks beyond 32 bits too', () => {
  const table = new ExitedTable();
  const late = 2 ** 33 + 5;
  const slot = table.add(7, late);
  expect(table.add(7, late)).toBe(slot);
  expect(table.find(7, late)).toBe(slot);
  expect(table.find(7, 5)).toBe(-1);
  expect(table.startTicks[slot]).toBe(late);
  expect([table.uid[slot], table.ppid[slot], table.cpuNanos[slot]]).toEqual([-1, 0, Number.NaN]);
});

test('of several processes with one pid the one that started last is the latest', () => {
  const table = new ExitedTable();
  const second = table.add(7, 200);
  table.add(7, 100);
  expect(table.latestOf(7)).toBe(second);
  expect(table.latestOf(8)).toBe(-1);
  table.clear();
  expect(table.latestOf(7)).toBe(-1);
  expect(table.find(7, 200)).toBe(-1);
});

test('columns keep their values when the table grows', () => {
  const table = new ExitedTable();
  for (let pid = 1; pid <= 500; pid++) {
    const slot = table.add(pid, pid * 10);
    table.uid[slot] = pid;
  }
  for (let pid = 1; pid <= 500; pid++) expect(table.uid[table.latestOf(pid)]).toBe(pid);
});
