import { describe, expect, test } from 'bun:test';
import { CpuTable } from '../schema/cpu-sample.ts';
import { CpuUsage } from './cpu-rates.ts';

const COLUMNS = ['nice', 'system', 'iowait', 'irq', 'softirq', 'steal'] as const;

function tableOf(...cores: readonly (readonly [busy: number, idle: number])[]): CpuTable {
  const table = new CpuTable();
  for (const [i, [busy, idle]] of [[0, 0] as const, ...cores].entries()) {
    const row = i === 0 ? 0 : table.rowOf(i - 1);
    for (const column of [table.nice, table.system, table.iowait, table.irq, table.softirq, table.steal]) {
      column[row] = 0;
    }
    table.user[row] = busy;
    table.idle[row] = idle;
  }
  table.user[0] = cores.reduce((sum, [busy]) => sum + busy, 0);
  table.idle[0] = cores.reduce((sum, [, idle]) => sum + idle, 0);
  return table;
}

describe('CPU use', () => {
  test('is unknown in the first sample, and the share of busy ticks from the second on', () => {
    const usage = new CpuUsage();
    usage.update(tableOf([100, 100], [0, 200]));
    expect(usage.total).toBeNaN();
    usage.update(tableOf([150, 150], [0, 300]));
    expect([...usage.percent]).toEqual([25, 50, 0]);
    expect(usage.total).toBe(25);
  });

  test('of a core that went away and came back with other counters is unknown once', () => {
    const usage = new CpuUsage();
    usage.update(tableOf([500, 500]));
    usage.update(tableOf([10, 10]));
    expect(usage.percent[1]).toBeNaN();
    usage.update(tableOf([20, 20]));
    expect(usage.percent[1]).toBe(50);
  });

  test('of cores that appear later begins when they do', () => {
    const usage = new CpuUsage();
    usage.update(tableOf([0, 0]));
    usage.update(tableOf([0, 10], [5, 5]));
    expect(usage.percent[2]).toBeNaN();
    usage.update(tableOf([0, 20], [10, 10]));
    expect(usage.percent[2]).toBe(50);
  });

  // A core that does next to nothing would be at 100 %, and at next to nothing when its idle time is back.
  test.each([1098, 900, 2 ** 64 - 16, Number.NaN])('is unknown once where idle time steps to %p', (idle) => {
    const usage = new CpuUsage();
    const shareOf = (busy: number, now: number): number => {
      usage.update(tableOf([busy, now]));
      expect(usage.percent[1]).toBe(usage.total);
      return usage.total;
    };
    expect([shareOf(100, 1010), shareOf(110, 1100)]).toEqual([Number.NaN, 10]);
    expect([shareOf(120, idle), shareOf(130, 1280), shareOf(140, 1370)]).toEqual([Number.NaN, 10, 10]);
  });

  test('begins anew where idle time steps back far', () => {
    const usage = new CpuUsage();
    for (const [busy, idle] of [[100, 1000] as const, [110, 90] as const])
      usage.update(tableOf([busy, idle]));
    expect(usage.total).toBeNaN();
    usage.update(tableOf([120, 180]));
    expect(usage.total).toBe(10);
    // Work of the core that came back counts from its own beginning.
    for (const [busy, idle] of [[200, 1000] as const, [1, 10] as const, [11, 100] as const])
      usage.update(tableOf([busy, idle]));
    expect(usage.total).toBe(10);
  });

  test('is all of the time where idle time rests', () => {
    const usage = new CpuUsage();
    for (const busy of [0, 10]) usage.update(tableOf([busy, 100]));
    expect(usage.total).toBe(100);
  });

  // Columns that fell on real machines: steal after a live migration, iowait, and steal below zero.
  test.each([
    ['steal', -40],
    ['steal', -500],
    ['steal', 2 ** 64],
    ['steal', Number.NaN],
    ['iowait', -60],
    ['nice', -7],
  ] as const)('is that of the other columns where %s steps by %p', (name, step) => {
    const usage = new CpuUsage();
    const table = tableOf([1000, 9000]);
    for (const row of [0, 1]) for (const column of COLUMNS) table[column][row]! += 500;
    usage.update(table);
    const work = (user: number, idle: number) => {
      for (const row of [0, 1]) {
        table.user[row]! += user;
        table.idle[row]! += idle;
      }
      usage.update(table);
      return Math.round(usage.total);
    };
    expect(work(30, 70)).toBe(30);
    for (const row of [0, 1]) table[name][row]! += step;
    expect(work(30, 70)).toBe(30);
    expect(work(30, 70)).toBe(30);
    for (const row of [0, 1]) table[name][row] = 0;
    expect(work(30, 70)).toBe(30);
  });

  test.each(['steal', 'iowait', 'nice'] as const)('counts %s that steps back and returns once', (name) => {
    const usage = new CpuUsage();
    const table = tableOf([1000, 9000]);
    const totals: number[] = [];
    for (const step of [200, 0, -60, 60, 0]) {
      for (const row of [0, 1]) {
        table.user[row]! += 30;
        table.idle[row]! += 70;
        table[name][row]! += step;
      }
      usage.update(table);
      totals.push(Math.round(usage.total));
    }
    expect(totals.slice(1)).toEqual([30, 30, 30, 30]);
  });
});
