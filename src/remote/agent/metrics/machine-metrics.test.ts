import { expect, test } from 'bun:test';
import { CpuTable } from '../../../data/schema/cpu-sample.ts';
import { CpuCounters } from './machine-metrics.ts';

function table(idle: number, iowait: number): CpuTable {
  const times = new CpuTable();
  const row = times.rowOf(0);
  for (const mode of ['user', 'nice', 'system', 'irq', 'softirq', 'steal'] as const) times[mode][row] = 1;
  times.idle[row] = idle;
  times.iowait[row] = iowait;
  return times;
}

function shown(counters: CpuCounters, times: CpuTable): readonly number[] {
  counters.absorb(times, 100);
  return [counters.highest.idle[1]!, counters.highest.iowait[1]!];
}

test('what the kernel takes back is kept until it is passed', () => {
  const counters = new CpuCounters();
  expect(shown(counters, table(10_000, 50))).toEqual([10_000, 50]);
  expect(shown(counters, table(9_990, 40))).toEqual([10_000, 50]);
  expect(shown(counters, table(10_005, 45))).toEqual([10_005, 50]);
  expect(shown(counters, table(10_005, 55))).toEqual([10_005, 55]);
});

test('a core that was away begins anew', () => {
  const counters = new CpuCounters();
  shown(counters, table(10_000, 50));
  expect(shown(counters, table(Number.NaN, Number.NaN))).toEqual([Number.NaN, Number.NaN]);
  expect(shown(counters, table(3, 2))).toEqual([3, 2]);
  shown(counters, table(10_000, 50));
  expect(shown(counters, table(9_000, 20))).toEqual([9_000, 20]);
});

test('a time that is no count for a while, as steal below zero, stays as it was', () => {
  const counters = new CpuCounters();
  const times = table(10_000, 50);
  for (const steal of [500, Number.NaN, 60]) {
    times.steal[1] = steal;
    shown(counters, times);
    expect(counters.highest.steal[1]).toBe(500);
  }
});
