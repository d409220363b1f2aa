import { describe, expect, test } from 'bun:test';
import type { RemoteStatus } from '../../data/sample/remote-status.ts';
import { SystemWorld } from '../../data/sample/system-world.fixture.ts';
import { Buffer } from '../../screen/buffer/buffer.ts';
import { foregroundAt, linesOf } from '../../screen/buffer/buffer-look.fixture.ts';
import { ClusterTable } from '../../screen/buffer/cell.ts';
import { TOKYO_NIGHT } from '../../screen/style/theme.ts';
import { LOCAL, NOW_MILLIS, SocktopBench } from './bench.fixture.ts';
import { demandOf } from './demand.ts';
import { hostOf } from './socktop-model.ts';

const SIZES = [
  [0, 0],
  [1, 1],
  [5, 3],
  [39, 10],
  [40, 10],
  [61, 17],
  [80, 24],
  [100, 30],
  [160, 45],
  [200, 60],
  [500, 9],
] as const;
const LIVE: RemoteStatus = {
  ...{ phase: 'live', hostName: 'web-1', isEncrypted: true, hasToken: true, latencyMicros: 12_000 },
  ...{ protocol: 'socktop.v2' },
  answeredMillis: NOW_MILLIS - 12_000,
  ...{ nextTryMillis: undefined, reason: undefined },
};
const LOST: RemoteStatus = {
  ...LIVE,
  ...{ phase: 'lost', nextTryMillis: NOW_MILLIS + 4000 },
  reason: 'connection refused',
};

function remote(link: RemoteStatus, name = 'web-1') {
  return { ...LOCAL, name, link, canSignal: false };
}

function benchOf(...links: readonly RemoteStatus[]): SocktopBench {
  const world = new SystemWorld();
  world.addProcess(7, { name: 'postgres' });
  return new SocktopBench({ hosts: links.map((link, i) => remote(link, `web-${i + 1}`)) }, world);
}

describe('every size of every view', () => {
  test.each([false, true])('is painted without a word, ASCII: %p', (ascii) => {
    const world = new SystemWorld(3);
    world.addProcess(7, { name: '\x1b]0;evil\x07\u{1f680}\u202e\u0301' });
    for (const views of ['', 'j\r', 'n', '?', 'jt', '/e', 'c', 'I', 'N8']) {
      const bench = new SocktopBench({ hosts: [LOCAL], ascii }, world);
      for (const hasData of [false, true]) {
        if (hasData) {
          bench.sample();
          bench.type(views);
        }
        for (const [width, height] of SIZES) {
          bench.resize(width, height);
          for (const line of bench.lines()) {
            expect(line).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/);
            if (ascii) expect(line).toMatch(/^[ -~]*$/);
          }
        }
      }
    }
  });

  test('of several hosts too', () => {
    const bench = benchOf(LIVE, LOST, LIVE);
    bench.sample(0);
    for (const [width, height] of SIZES) {
      bench.resize(width, height);
      expect(() => bench.lines()).not.toThrow();
    }
  });
});

describe('the table of processes', () => {
  test('is drawn anew after whatever changes it, and else as it was', () => {
    const world = new SystemWorld();
    for (let pid = 7; pid < 90; pid++) world.addProcess(pid, { name: `worker-${pid % 5}` });
    const bench = new SocktopBench({}, world);
    // Frames of one screen share their clusters; one that does not is drawn without a look at the last.
    const clusters = new ClusterTable();
    const frame = (): Buffer => {
      const buffer = new Buffer(bench.model.width, bench.model.height, clusters);
      bench.program.view(bench.model, buffer);
      return buffer;
    };
    const steps: readonly (() => void)[] = [
      ...[() => bench.sample(), () => world.addProcess(99, { name: 'new' }), () => bench.sample()],
      ...[
        's',
        's',
        'I',
        'j',
        'j',
        'G',
        '/work\r',
        '\x1b',
        'i',
        'T',
        'T',
        'g',
        'j',
        '\r',
        '\x1b',
        'w',
        'w',
        'w',
        'b',
      ].map((keys) => () => bench.type(keys)),
      ...[() => bench.resize(200, 60), () => world.pass(2, 0.5), () => bench.sample()],
    ];
    for (const [at, step] of steps.entries()) {
      frame();
      step();
      const seen = frame();
      const anew = bench.screen();
      expect([at, linesOf(seen)]).toEqual([at, linesOf(anew)]);
      expect(seen.words).toEqual(anew.words);
      frame();
      expect(frame().words).toEqual(anew.words);
    }
  });
});

describe('a host over the network', () => {
  test('says how it is reached and how long answers take', () => {
    const bench = benchOf(LIVE);
    bench.sample();
    expect(bench.lines()[0]).toMatch(
      /^ web-1 {2}wss {2}token .* load 0\.42 0\.38 0\.30 .* 12 ms .*metrics 500 ms · processes 2 s/,
    );
    const { x, y } = bench.find('wss');
    expect(foregroundAt(bench.screen(), x, y)).toBe(TOKYO_NIGHT.good.foreground);
  });

  test('that is lost keeps its last figures, in grey, with their age', () => {
    const bench = benchOf(LIVE);
    bench.sample();
    bench.world.pass(1, 0.5);
    bench.sample();
    bench.send({ kind: 'linked', host: 0, status: LOST, nowMillis: NOW_MILLIS });
    expect(bench.lines()[0]).toContain(
      'web-1  ✖ lost, data 12 s old, next try in 4 s  r now  connection refused',
    );
    expect(bench.text()).toContain('CPU 50.0 %');
    const { header } = bench.world.snapshot({});
    const errors = [{ op: 'connection', code: 'LOST', message: 'connection refused' }];
    bench.send({ kind: 'sampled', host: 0, snapshot: { header, errors } });
    expect(bench.text()).toContain('CPU 50.0 %');
    const { x, y } = bench.find('CPU 50.0');
    expect(foregroundAt(bench.screen(), x, y)).toBe(TOKYO_NIGHT.dim.foreground);
    bench.send({ kind: 'ticked', nowMillis: NOW_MILLIS + 3000 });
    expect(bench.lines()[0]).toContain('lost, data 15 s old, next try in 1 s');
    bench.type('r');
    expect(bench.effects.at(-1)).toEqual({ kind: 'retry', host: 0 });
  });

  test('that is lost has a sample that was on its way', () => {
    const bench = benchOf(LIVE);
    bench.sample();
    bench.send({ kind: 'linked', host: 0, status: LOST, nowMillis: NOW_MILLIS });
    bench.world.pass(1, 0.5);
    bench.sample();
    expect(bench.text()).toContain('CPU 50.0 %');
  });

  test('that comes back does not continue what was before', () => {
    const bench = benchOf(LIVE);
    bench.sample();
    bench.send({ kind: 'linked', host: 0, status: LOST, nowMillis: NOW_MILLIS });
    bench.send({
      kind: 'linked',
      host: 0,
      status: { ...LIVE, notice: 'the agent is older' },
      nowMillis: NOW_MILLIS,
    });
    expect(bench.lines().at(-1)).toContain('the agent is older');
    bench.world.pass(500, 1);
    bench.sample();
    expect(bench.text()).toContain('CPU - ');
  });
});

describe('several hosts', () => {
  test('are called by their addresses whole, at 80 columns too', () => {
    const names = ['192.168.178.123', '127.0.0.1:65535'];
    const bench = new SocktopBench({ hosts: names.map((name) => remote(LIVE, name)) });
    bench.sample(0);
    bench.resize(80, 24);
    for (const name of names) expect(bench.text()).toContain(`${name} `);
  });

  test('are a row each, one that is lost says so', () => {
    const neverReached = { ...LOST, protocol: undefined };
    const bench = benchOf(LIVE, LOST, { ...LIVE, phase: 'connecting' }, neverReached);
    bench.sample(0);
    bench.world.pass(2, 0.25);
    bench.world.use(7, 1);
    bench.sample(0);
    const lines = bench.lines();
    expect(lines[0]).toContain('4 hosts  2 lost');
    expect(lines[2]).toMatch(/web-1 .* 25\.0 .* 25\.0 .* postgres 12\.5 % +12 ms/);
    expect(lines[3]).toMatch(/web-2 +✖ lost, data 12 s old, next try in 4 s {2}connection refused/);
    expect(lines[4]).toMatch(/web-3 +connecting/);
    expect(lines[5]).toMatch(/web-4 +✖ connection refused, next try in 4 s/);
  });

  test('are asked for a summary; the one that is opened for everything', () => {
    const bench = benchOf(LIVE, LIVE);
    expect(demandOf(bench.model, 0)).toMatchObject({ metricsMillis: 2000, processesMillis: 5000 });
    bench.type('j\r');
    expect(demandOf(bench.model, 1)).toMatchObject({
      metricsMillis: 500,
      processesMillis: 2000,
      disksMillis: 5000,
    });
    expect(demandOf(bench.model, 0)).toMatchObject({
      metricsMillis: 2000,
      disksMillis: Number.POSITIVE_INFINITY,
    });
    bench.type('\t');
    expect([bench.model.view, bench.model.current]).toEqual(['dashboard', 0]);
    bench.type('\x1b[Z');
    expect(bench.model.current).toBe(1);
    bench.type('\x1b');
    expect([bench.model.view, bench.hasQuit]).toEqual(['hosts', false]);
    bench.type('\x1b');
    expect(bench.hasQuit).toBe(true);
  });
});

describe('a hundred hosts', () => {
  const links = Array.from({ length: 100 }, () => LIVE);
  const many = (): SocktopBench => {
    const bench = benchOf(...links);
    // Each is busier than the one before it.
    for (let host = 0; host < 100; host++) {
      const world = new SystemWorld();
      world.hostName = `node-${host + 1}.example`;
      bench.send({ kind: 'sampled', host, snapshot: world.snapshot() });
      world.pass(2, host / 100);
      bench.send({ kind: 'sampled', host, snapshot: world.snapshot() });
    }
    return bench;
  };

  test('scroll beside a scrollbar, and are called as their agents call themselves too', () => {
    const bench = many();
    expect(bench.lines()[0]).toContain('100 hosts');
    expect(bench.lines()[2]).toMatch(/web-1 node-1\.example .*▐$/);
    bench.type('G');
    expect(bench.lines().at(-2)).toMatch(/▸web-100 node-100\.example .*▐$/);
    expect(bench.model.current).toBe(99);
  });

  test('are ordered by key and by title, the cursor on its host', () => {
    const bench = many();
    bench.type('jj1');
    expect(bench.model.current).toBe(2);
    expect(bench.text()).toMatch(/▸web-3 /);
    bench.type('g');
    expect(bench.lines()[2]).toMatch(/▸web-100 .* 99\.0/);
    bench.type('Rg');
    expect(bench.lines()[2]).toMatch(/web-1 .* 0\.0/);
    const { x, y } = bench.find('HOST');
    bench.click(x, y);
    expect(bench.lines()[3]).toContain('web-10 ');
    bench.type('\t');
    expect(bench.model.current).toBe(9);
  });

  test('are searched by either name', () => {
    const bench = many();
    bench.type('/NODE-42');
    expect(bench.lines().at(-1)).toContain('1 of 100');
    bench.type('\r');
    expect(bench.lines()[0]).toContain('1/100 hosts');
    expect(bench.lines()[2]).toContain('▸web-42');
    bench.type('\r');
    expect([bench.model.view, bench.model.current]).toEqual(['dashboard', 41]);
    bench.type('\x1b\x1b');
    expect([bench.model.view, bench.hasQuit, bench.lines()[0]]).toEqual([
      ...['hosts', false],
      expect.stringContaining(' 100 hosts'),
    ]);
    bench.type('/nowhere\r');
    expect(bench.text()).toContain('No host of that name: Esc clears the search.');
    bench.type('\r\t');
    expect(bench.model.view).toBe('hosts');
    // The cursor is on the first that another search finds.
    bench.type('/node-7.\x7f7\r');
    expect([bench.model.current, bench.lines()[2]]).toEqual([76, expect.stringContaining('▸web-77')]);
  });

  test('are scrolled, chosen and opened by the mouse', () => {
    const bench = many();
    bench.type('\x1b[<0;160;3M\x1b[<32;160;45M\x1b[<0;160;45m');
    expect(bench.lines().at(-2)).toContain(' web-100 ');
    bench.type('\x1b[<64;10;10M');
    expect(bench.lines().at(-2)).toContain(' web-97 ');
    bench.click(10, 3);
    const { current } = bench.model;
    expect(bench.lines()[3]).toContain(`▸web-${current + 1} `);
    bench.click(10, 3);
    expect([bench.model.view, bench.model.current]).toEqual(['dashboard', current]);
  });
});

test('a recording without processes says whose it is', () => {
  const bench = new SocktopBench();
  const { machine: _, machineProcesses: __, ...rest } = bench.world.snapshot();
  const progress = {
    ...{ positionMillis: 0, durationMillis: 1000, isDurationExact: true, speed: 1, isPaused: false },
    ...{ isAtEnd: false, isSeeking: false, endsEarly: false, damage: undefined },
  };
  bench.send({ kind: 'played', playback: { fileName: 'x.gz', progress } });
  expect(bench.text()).toContain('Waiting for the first sample');
  bench.send({ kind: 'sampled', host: 0, snapshot: rest });
  expect(bench.text()).toContain('play it with sstop --playback');
  bench.sample();
  expect(bench.text()).not.toContain('sstop --playback');
  // The hints stand behind the playback, and clicks find them there.
  const { x, y } = bench.find('? help');
  expect(bench.lines()[y]).toMatch(/0:00 \/ 0:01 {2}1x {2}x\.gz +.*Space pause .*\? help/);
  bench.click(x + 2, y);
  expect(bench.model.helpOffset).toBe(0);
});

describe('the columns chosen', () => {
  function choosing(...columns: string[]): SocktopBench {
    const world = new SystemWorld();
    world.addProcess(7, { name: 'postgres' });
    const bench = new SocktopBench({ columns }, world);
    bench.resize(80, 24);
    bench.sample();
    return bench;
  }

  /** The titles of the table, without the mark of the order. */
  function titles(bench: SocktopBench): string | undefined {
    const header = bench.lines().find((line) => line.includes('NAME'));
    return header
      ?.replaceAll(/[^\w% /]/g, ' ')
      .replaceAll(/ +/g, ' ')
      .trim();
  }

  test('are there in their order, and the rows can be ordered by the others still', () => {
    const bench = choosing('cpu', 'name', 'pid');
    expect(titles(bench)).toBe('CPU % NAME PID');
    bench.type('2');
    expect(bench.text()).toContain('sort: memory');
  });

  test('have context switches where they are named, and can be ordered by them there alone', () => {
    const keysOf = ({ model }: SocktopBench): readonly string[] =>
      model.list.sortKeys(hostOf(model).data.rows, false);
    const bench = choosing('name', 'context-switches');
    expect(titles(bench)).toBe('NAME CTX/s');
    expect([keysOf(bench), keysOf(choosing('name'))]).toEqual([
      expect.arrayContaining(['context-switches']),
      expect.not.arrayContaining(['context-switches']),
    ]);
    const slot = bench.world.processes.find(7);
    for (const count of [100, 350]) {
      bench.world.pass(1);
      const snapshot = bench.world.snapshot();
      bench.world.usage.contextSwitches[slot] = count;
      bench.send({ kind: 'sampled', host: 0, snapshot });
    }
    expect(bench.text()).toMatch(/postgres +250/);
    const { x, y } = bench.find('CTX/s');
    bench.click(x, y);
    const { columns, columnsOfAll } = demandOf(bench.model, 0)!.ofProcesses();
    expect([columns, columnsOfAll]).toEqual([['contextSwitches'], ['contextSwitches']]);
  });

  test('have network use while it is counted: in its place, or last where it has none', () => {
    const bench = choosing('name', 'cpu');
    bench.type('N');
    expect(titles(bench)).toBe('NAME CPU % NET');
    const placed = choosing('network', 'name');
    expect(titles(placed)).toBe('NAME');
    placed.type('N');
    expect(titles(placed)).toBe('NET NAME');
  });
});
