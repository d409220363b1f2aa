import { beforeEach, describe, expect, test } from 'bun:test';
import { OwnerBasis } from '../../data/sample/socket-table.ts';
import { Bench } from './bench.fixture.ts';

let bench: Bench;

beforeEach(() => {
  bench = new Bench();
});

const header = (): string => bench.lines()[0]!;
const footer = (): string => bench.lines().at(-1)!;
const rule = (): string => bench.lines().at(-2)!;

describe('modes', () => {
  test.each([
    ['t', 'tree'],
    ['c', 'totals'],
    ['L', 'loopback'],
    ['F', 'following'],
    ['A1M\r', 'alert>1.0M'],
    [' ', 'PAUSED'],
    ['hd', 'DNS'],
    ['p', 'by program'],
    ['pp', 'by user'],
    ['ppp', 'by container'],
    ['pppp', 'by unit'],
    ['pc', 'by program  totals'],
  ])('%j leaves a sign in the header while it is on', (keys, sign) => {
    expect(header()).not.toContain(sign);
    bench.type(keys);
    expect(header()).toContain(sign);
  });

  test('with loopback the totals say what they cover', () => {
    bench.type('L');
    bench.send(bench.program.resized(bench.model, 110, 24));
    expect(header()).toMatch(/ uplinks {2}▲ 0 B\/s {2}▼ 0 B\/s → {2}lo 0 B\/s$/);
  });
});

describe('a key that changes nothing says why', () => {
  test.each([
    ['hp', 'Only in the process table'],
    ['pt', 'The tree does not work while rows are summed: Esc shows processes.'],
    ['p4', 'This list cannot be sorted by pid.'],
    ['hc', 'Only in the process table'],
    ['lt', 'Only in the process table'],
    ['z', 'Works only in the tree'],
    ['tz', 'Select a process with children'],
    ['l1', 'This list cannot be sorted by rate.'],
    ['F', 'Following the row that you select next.'],
    ['d', 'DNS names on: hosts (h) and details show them.'],
    ['\tL', 'Loopback has no effect'],
    ['-'.repeat(12), '10s is the longest interval.'],
    ['+'.repeat(12), '100ms is the shortest interval.'],
  ])('%j', (keys, text) => {
    bench.type(keys);
    expect(footer()).toContain(text);
  });
});

describe('the picker of interfaces', () => {
  const screen = (): string => bench.lines().join('\n');

  test('has all first, takes letters and arrows, Enter chooses, Escape leaves all as it was', () => {
    bench.type('i');
    expect(screen()).toMatch(/▸all .*\n.* lo .*\n.* eth0 /);
    bench.type('eth');
    expect(screen()).toMatch(/Interface: eth/);
    expect(screen()).not.toMatch(/│.* lo /);
    bench.type('\r');
    expect([bench.model.scope.interfaceIndex, bench.model.picker]).toEqual([2, undefined]);
    bench.type('i');
    expect(screen()).toMatch(/▸eth0 /);
    bench.type('\x1b');
    expect([bench.model.scope.interfaceIndex, bench.model.picker]).toEqual([2, undefined]);
    bench.type('i\x1b[A\x1b[A\r');
    expect(bench.model.scope.interfaceIndex).toBeUndefined();
    bench.type('ix');
    expect(screen()).toMatch(/Interface ─/);
  });

  test('its own key goes round the interfaces', () => {
    for (const [presses, chosen] of [
      ['ii', 1],
      ['ii', 2],
      ['ii', undefined],
    ] as const) {
      bench.type(`${presses}\r`);
      expect(bench.model.scope.interfaceIndex).toBe(chosen);
    }
  });

  test('a click chooses, beside it closes', () => {
    bench.type('i');
    const y = bench.lines().findIndex((line) => line.includes('│ lo'));
    bench.type(`\x1b[<0;30;${y + 1}M`);
    expect(bench.model.scope.interfaceIndex).toBe(1);
    bench.type('i\x1b[<0;1;1M');
    expect(bench.model.picker).toBeUndefined();
  });
});

describe('the tree', () => {
  test('marks sums, shows what the process itself moves, and folds', () => {
    bench.world.processes.ppid[bench.world.processes.find(15)] = 14;
    bench.sample(1000, 2000, 3000, 4000, 5000);
    bench.type('t');
    bench.send(bench.program.resized(bench.model, 110, 24));
    const row = () => bench.lines().find((line) => line.includes('process-14'))!;
    expect(row()).toMatch(/process-14 \(sum of 2\).* 3\.\dK .* 8\.\dK/);
    expect(bench.lines().join('\n')).toContain('└─process-15');
    bench.type('gz');
    expect(row()).toMatch(/process-14 \(\+1 folded\).* 3\.\dK .* 8\.\dK/);
    expect(bench.lines().join('\n')).not.toContain('└─process-15');
    bench.type('z');
    expect(bench.lines().join('\n')).toContain('└─process-15');
  });
});

describe('what is hidden', () => {
  test('is said in one line as long as it is, with what shows it, at every size', () => {
    expect(bench.lines().join('\n')).not.toContain('hidden');
    bench.world.addSocket({ localPort: 45_000, basis: OwnerBasis.HIDDEN, uid: 33 });
    bench.sample(0, 0, 0, 0, 0);
    expect(rule()).toContain(" Other users' processes are hidden: sudo sstop ");
    bench.type('j');
    expect(rule()).toContain('sudo sstop');
    bench.send(bench.program.resized(bench.model, 40, 10));
    expect(rule()).toContain(' Others hidden: sudo sstop ');
  });

  test('named and counted are told apart', () => {
    bench.send(bench.program.resized(bench.model, 110, 24));
    const slot = bench.world.addSocket({ localPort: 45_000, basis: OwnerBasis.HIDDEN, uid: 33 });
    const eth0 = bench.world.interfaces.slots.find(2, 0, 0, 0);
    for (let i = 0; i < 3; i++) {
      bench.world.grow(slot, 30_000, 0);
      bench.world.interfaces.txBytes[eth0]! += 40_000;
      bench.sample(10_000, 0, 0, 0, 0);
    }
    expect(header()).toMatch(/named 3\d %, counted 100 %/);
  });
});

test('every list says which row of how many', () => {
  expect(rule()).toEndWith(' -/5 ─');
  bench.type('jj');
  expect(rule()).toEndWith(' 2/5 ─');
  bench.type('/process-15\r');
  expect(rule()).toEndWith('/1 of 5 ─');
  bench.send(bench.program.resized(bench.model, 40, 10));
  expect(footer()).toEndWith('/1 of 5');
});

describe('units', () => {
  test('b shows bits, remembered, and filters and alerts stay bytes', () => {
    bench.sample(5000, 2000, 3000, 4000, 125_000);
    bench.send(bench.program.resized(bench.model, 110, 24));
    bench.type('b');
    expect(bench.effects).toContainEqual({ kind: 'remember-units', units: 'bits' });
    expect(bench.lines().join('\n')).toMatch(/▾UP bit\/s +▾DOWN bit\/s/);
    expect(header()).toContain('bit/s');
    bench.type('/up>20K\r');
    expect(bench.pids()).toEqual([15]);
    bench.type('b');
    expect(bench.lines().join('\n')).toMatch(/▾UPLOAD\/s/);
  });
});

test('an error of a filter stands whole beside what is typed, on any width', () => {
  for (const width of [40, 80, 200]) {
    bench.send(bench.program.resized(bench.model, width, 24));
    bench.type('/!user:root up>fast');
    const text = bench
      .lines()
      .slice(-6)
      .join(' ')
      .replace(/[\s─]+/g, ' ');
    expect(text).toContain('!user:root up>fast');
    expect(text).toContain('up takes a rate with B, K, M, G or T, or bits: up>1M, up<=500K, up>10Mbit');
    bench.type('\x1b');
  }
});

test('a recording has its keys in the footer', () => {
  bench.send({
    kind: 'played',
    playback: {
      fileName: 'day.gz',
      progress: {
        ...{ positionMillis: 0, durationMillis: 1000, isDurationExact: true, speed: 1 },
        ...{ isPaused: false, isAtEnd: false, isSeeking: false, endsEarly: false, damage: undefined },
      },
    },
  });
  bench.send(bench.program.resized(bench.model, 110, 24));
  expect(footer()).toContain(' ← slower  → faster  [ 10 s back  ] 10 s forward ');
});
