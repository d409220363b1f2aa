import { describe, expect, test } from 'bun:test';
import { CpuTable } from '../sample/cpu-sample.ts';
import { CpuUsage } from './cpu-usage.ts';

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

  test('stays within bounds where idle time steps back', () => {
    const usage = new CpuUsage();
    usage.update(tableOf([0, 100]));
    usage.update(tableOf([10, 98]));
    expect(usage.percent[1]).toBe(100);
  });
});
