import { describe, expect, test } from 'bun:test';
import { type BenchRow, compare, comparedRow, inProcess, measure, quantile, summary } from './harness.ts';
import { barsTable, benchTable, meetsBar } from './report.ts';

const row = (ratio: number | undefined, bar: number | undefined): BenchRow => ({
  name: 'a row',
  oursMicros: 12_345,
  floorMicros: undefined,
  ratio,
  bar,
  spread: 0.041,
  note: '',
});

describe('figures', () => {
  test('quantiles interpolate and do not change their input', () => {
    const values = [4, 1, 3, 2];
    expect(quantile(values, 0.5)).toBe(2.5);
    expect(quantile(values, 0)).toBe(1);
    expect(quantile(values, 1)).toBe(4);
    expect(quantile([], 0.5)).toBeNaN();
    expect(values).toEqual([4, 1, 3, 2]);
  });

  test('spread is the distance between the quartiles over the median', () => {
    expect(summary([10, 8, 12, 9, 11])).toEqual({ micros: 10, spread: 0.2 });
  });
});

describe('runs', () => {
  test('warm-up runs are not counted, and there are never fewer than five that are', async () => {
    let runs = 0;
    const measured = await measure(() => (++runs <= 3 ? 1000 : 7), { runs: 1 });
    expect(runs).toBe(8);
    expect(measured.micros).toBe(7);
  });

  test('pairs change their order, and the ratio is that of pairs', async () => {
    let order = '';
    const ours = (): number => {
      order += 'o';
      return 3;
    };
    const floor = (): number => {
      order += 'f';
      return 4;
    };
    const compared = await compare(ours, floor, { runs: 5, warmupRuns: 0 });
    expect(order).toBe('offooffoof');
    expect(compared.ratio).toBe(0.75);
    expect(comparedRow('x', compared, 1)).toMatchObject({ oursMicros: 3, floorMicros: 4, ratio: 0.75 });
  });

  test('work in this process is measured by its CPU time, per iteration, and sleep is none', async () => {
    // On a busy machine five milliseconds may pass with hardly any of them for this process.
    const spin = (): void => {
      const started = process.cpuUsage();
      let used = 0;
      while (used < 5000) {
        const { user, system } = process.cpuUsage(started);
        used = user + system;
      }
    };
    expect(await inProcess(spin, 4)()).toBeGreaterThan(2_000);
    expect(await inProcess(() => Bun.sleep(20))()).toBeLessThan(15_000);
  });
});

describe('tables', () => {
  test('a bar without a ratio is missed, no bar is always met', () => {
    expect(meetsBar(row(0.25, 0.25))).toBe(true);
    expect(meetsBar(row(0.26, 0.25))).toBe(false);
    expect(meetsBar(row(undefined, 0.25))).toBe(false);
    expect(meetsBar(row(Number.NaN, 0.25))).toBe(false);
    expect(meetsBar(row(undefined, undefined))).toBe(true);
  });

  test('line up and say what was missed or did not run', () => {
    expect(benchTable({ title: 'title', rows: [row(0.5, 1)] })).toContain(
      'a row  12.3 ms      -   0.50  1.00     4 %',
    );
    const bars = barsTable([row(0.5, 1), row(2, 1), row(undefined, undefined)], ['x.bench.ts']);
    expect(bars.trimEnd().split('\n')).toEqual([
      'bars        ratio   bar',
      'a row        0.50  1.00  pass',
      'a row        2.00  1.00  MISSED',
      'x.bench.ts      -     -  DID NOT RUN',
    ]);
  });
});
