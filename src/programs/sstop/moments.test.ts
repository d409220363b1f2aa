import { beforeEach, describe, expect, test } from 'bun:test';
import { backgroundAt } from '../../screen/buffer/buffer-look.fixture.ts';
import { TOKYO_NIGHT } from '../../screen/style/theme.ts';
import { Bench } from './bench.fixture.ts';
import { stateOf } from './sstop-model.ts';

let bench: Bench;

beforeEach(() => {
  bench = new Bench();
});

/** As while a collection is under way. */
function unsettle(): void {
  const { live } = bench.model;
  if (live === undefined) throw new TypeError('no sample yet');
  const unstable = { ...live, isStable: false };
  bench.model = { ...bench.model, live: unstable, shown: unstable };
}

describe('alert', () => {
  test('a row stands out when it crosses, then keeps a sign until it is over', () => {
    bench.type('A4K\r');
    bench.sample(0, 0, 0, 0, 900_000);
    const y = bench.lines().findIndex((line) => line.includes('process-15'));
    expect([backgroundAt(bench.screen(), 10, y), bench.lines()[y]?.[0]]).toEqual([
      TOKYO_NIGHT.alert.background,
      '!',
    ]);
    bench.send({ kind: 'settled', round: 1 });
    expect(backgroundAt(bench.screen(), 10, y)).not.toBe(TOKYO_NIGHT.alert.background);
    expect(bench.lines()[y]?.[0]).toBe('!');
    bench.sample(0, 0, 0, 0, 900_000);
    expect(backgroundAt(bench.screen(), 10, y)).not.toBe(TOKYO_NIGHT.alert.background);
    for (let i = 0; i < 3; i++) bench.sample(0, 0, 0, 0, 0);
    expect(bench.lines().some((line) => line.startsWith('!'))).toBe(false);
    bench.sample(0, 0, 0, 0, 900_000);
    const again = bench.lines().findIndex((line) => line.includes('process-15'));
    expect(backgroundAt(bench.screen(), 10, again)).toBe(TOKYO_NIGHT.alert.background);
  });
});

describe('the chart of a process', () => {
  test('has its past when it is opened, and stands still while paused', () => {
    for (let i = 1; i <= 5; i++) bench.sample(0, 0, 0, 0, 1000 * i);
    bench.type('j\r');
    const { histories } = bench.model.workspace;
    expect(histories.shown.count).toBe(6);
    bench.type(' ');
    bench.sample(0, 0, 0, 0, 9000);
    expect(histories.shown.count).toBe(6);
    bench.type(' ');
    expect(histories.shown.count).toBe(7);
  });

  test('of one that has been silent begins now', () => {
    bench.sample(0, 0, 0, 0, 0);
    bench.world.addProcess(20);
    bench.world.addSocket({ pid: 20 });
    bench.sample(0, 0, 0, 0, 0);
    bench.type('4Gk\x1b4G\r');
    expect(bench.lines()[3]).toContain('process-20');
    bench.sample(0, 0, 0, 0, 0);
    expect(bench.model.workspace.histories.shown.count).toBe(1);
  });
});

describe('while a collection is under way', () => {
  test('cumulative mode has its own columns and orders at once', () => {
    unsettle();
    bench.type('c2');
    expect(stateOf(bench.model).sort.key).toBe('download-total');
    expect(bench.lines().join('\n')).toContain('DN TOTAL');
    bench.type('c3');
    expect(stateOf(bench.model).sort.key).toBe('upload');
  });
});

test('a cursor whose rows all vanish is back with its own', () => {
  bench.type('jj');
  expect(bench.selectedPid()).toBe(14);
  bench.model = { ...bench.model, scope: { ...bench.model.scope, interfaceIndex: 77 } };
  bench.sample(0, 0, 0, 0, 0);
  expect(bench.pids()).toEqual([]);
  expect(bench.selectedPid()).toBeUndefined();
  bench.model = { ...bench.model, scope: { ...bench.model.scope, interfaceIndex: undefined } };
  bench.sample(0, 0, 0, 0, 0);
  expect(bench.selectedPid()).toBe(14);
});

describe('the kill overlay on ten lines', () => {
  test('keeps its note, and its list scrolls', () => {
    bench.send(bench.program.resized(bench.model, 40, 10));
    bench.type('jK');
    expect(bench.lines().join('\n')).toContain('Enter sends, Esc closes');
    bench.type('jjjjjjj');
    const text = bench.lines().join('\n');
    expect(text).toContain('SIGUSR2');
    expect(text).not.toContain('SIGTERM');
    expect(text).toContain('Enter sends, Esc closes');
    bench.type('\r');
    bench.send({ kind: 'signalled', outcome: 'identity-changed' });
    const told = bench
      .lines()
      .join(' ')
      .replaceAll(/[│\s]+/g, ' ');
    expect(told).toContain('SIGUSR2 not sent: the PID was reused.');
  });

  test('a click hits the signal that is shown there', () => {
    bench.send(bench.program.resized(bench.model, 40, 10));
    bench.type('jKjjjjjjj');
    const y = bench.lines().findIndex((line) => line.includes('SIGCONT')) + 1;
    bench.type(`\x1b[<0;10;${y}M`);
    expect(bench.model.kill?.selected).toBe(5);
  });
});
