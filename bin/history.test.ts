import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import {
  HistoryWorld,
  type Trouble,
  WEB_SERVICE,
  writeHistory,
} from '../src/data/recording/history-world.fixture.ts';
import { AgentProcess } from './testing/agent-process.ts';
import { SOCKTOP, SOCKTOP_AGENT, SSTOP } from './testing/executables.ts';
import { PtyProgram } from './testing/pty.ts';

const LONG_MILLIS = 90_000;
const START = Date.UTC(2026, 10, 28, 3);
const HOUR_SAMPLES = 360;
/** Each lasts three minutes; ten minutes pass between two. */
const TROUBLES: readonly Trouble[] = [
  { kind: 'fork storm', fromSeconds: 600, toSeconds: 780 },
  { kind: 'memory hog', fromSeconds: 1200, toSeconds: 1380 },
  { kind: 'disk hog', fromSeconds: 1800, toSeconds: 1980 },
  { kind: 'upload', fromSeconds: 2400, toSeconds: 2580 },
];
const TOKEN = 'a-token-for-tests';
const ENVIRONMENT = { TZ: 'UTC', SOCKTOP_TOKEN: TOKEN };

let folder = '';
let made = '';
const open: { close(): unknown }[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'history-e2e-'));
  made = join(folder, 'made');
  await writeHistory(made, new HistoryWorld(START, TROUBLES), HOUR_SAMPLES);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

function run(
  program: string,
  ...argv: readonly string[]
): { readonly out: string; readonly err: string; readonly code: number } {
  const child = Bun.spawnSync([program, ...argv], {
    env: { ...process.env, ...ENVIRONMENT, XDG_CONFIG_HOME: folder, XDG_STATE_HOME: '/dev/null' },
    stdin: 'ignore',
    timeout: LONG_MILLIS,
  });
  return { out: child.stdout.toString(), err: child.stderr.toString(), code: child.exitCode };
}

function screen(program: string, ...argv: readonly string[]): PtyProgram {
  const environment = { ...ENVIRONMENT, XDG_CONFIG_HOME: folder };
  const started = new PtyProgram([program, ...argv], { columns: 130, rows: 40, environment });
  open.push(started);
  return started;
}

async function agent(
  path: string,
  environment: Readonly<Record<string, string>> = ENVIRONMENT,
): Promise<string> {
  const started = await AgentProcess.start({ args: ['--history', path], environment });
  open.push(started);
  return `ws://127.0.0.1:${started.port}/ws`;
}

/** Resolves when so many lines have been written to the segments of a folder, one by one. */
async function grown(path: string, times: number): Promise<void> {
  let known = 0;
  for (let count = 0; count < times; ) {
    await Bun.sleep(50);
    const names = readdirSync(path).filter((name) => name.endsWith('.sstop'));
    const bytes = names.reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
    if (bytes > known) count++;
    known = bytes;
  }
}

/** The first lines of each table of `--top`. */
function culprits(text: string): Record<string, string> {
  return Object.fromEntries(
    Array.from(text.matchAll(/^Most (\w+)\n.*\n(.*)$/gm), ([, what, first]) => [what!, first!.trim()]),
  );
}

describe('a look back', () => {
  test.each([
    ['2026-11-28T03:11:30', /forkbomb/, 'cpu'],
    ['2026-11-28T03:22', /leaker/, 'memory'],
  ])('--at %s --once names who was busy', (at, name, by) => {
    const { out, code } = run(SOCKTOP, '--history', made, '--at', at, '--once');
    expect(code).toBe(0);
    expect(out).toContain(new Date(`${at.padEnd(19, ':00')}Z`).toISOString());
    const rows = out.split('\n').slice(4);
    const column = by === 'cpu' ? rows[0]! : rows.find((row) => row.includes('9.0 GB'))!;
    expect(column).toMatch(name);
  });

  test.each([
    ['03:11:30', '', /▾CPU .*\n.* 9001 user-1 forkbomb /],
    ['03:22', 'MEM', /▾MEM .*\n.* 9002 user-2 leaker /],
    ['03:32', 'W/s', /▾W\/s .*\n.* 9003 user-0 dumper /],
    ['03:42', 'n', /PROCESS.*▾.*\n.* 9004 user-1 uploader /],
  ])(
    '--at %s has the culprit in its first row on the screen',
    async (at, by, first) => {
      const socktop = screen(SOCKTOP, '--history', made, '--at', `2026-11-28T${at}`);
      await socktop.waitFor(/Processes \d+ (.*\n)*.* CPU %/);
      // The order by a column is asked for on its title.
      const y = socktop.lines().findIndex((line) => line.includes(' PID USER '));
      if (by.length > 1) socktop.key(`\x1b[<0;${socktop.line(y).indexOf(` ${by}`) + 2};${y + 1}M`);
      else socktop.key(by);
      await socktop.waitFor(first);
    },
    LONG_MILLIS,
  );

  test(
    'W twice shows what control groups waited for',
    async () => {
      const socktop = screen(SOCKTOP, '--history', made, '--at', '2026-11-28T03:11:30');
      await socktop.waitFor(/9001 user-1 forkbomb/);
      socktop.key('WW');
      await socktop.waitFor(/Control groups \d+(.*\n)*.*web\.service.*throttled 50 % of the time/);
      socktop.key('H');
      await socktop.waitFor(/─ 2026-11-28 03:11:30 {2}CPU/);
      socktop.key('/03:20\r');
      await socktop.waitFor(/─ 2026-11-28 03:20:00/);
      socktop.key('\r');
      await socktop.waitUntil(
        () => /web\.service/.test(socktop.text()) && !socktop.text().includes('throttled 50 %'),
        'none is throttled',
      );
    },
    LONG_MILLIS,
  );

  test('--json from one time to another, with rates from the first line on', () => {
    const span = ['--at', '2026-11-28T03:31', '--until', '2026-11-28T03:32'];
    const { out } = run(SOCKTOP, '--history', made, ...span, '--json');
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ timestamp }) => timestamp.slice(11, 19))).toEqual([
      '03:31:00',
      '03:31:10',
      '03:31:20',
      '03:31:30',
      '03:31:40',
      '03:31:50',
      '03:32:00',
    ]);
    for (const { processes } of lines) {
      const dumper = processes.find(({ name }: { name: string }) => name === 'dumper');
      expect(dumper.write_rate).toBe(200e6);
    }
  });

  test('--json has the control groups of each moment, with rates from the first line on', () => {
    const span = ['--at', '2026-11-28T03:12:50', '--until', '2026-11-28T03:13:50'];
    const { out } = run(SOCKTOP, '--history', made, ...span, '--json');
    const moments = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .map(({ timestamp, control_groups: groups }) => {
        const web = groups.find(({ path }: { path: string }) => path === WEB_SERVICE);
        return [timestamp.slice(11, 19), groups[0].path, web.throttled_percent, web.trouble];
      });
    // They are read in every third sample; the storm ends at 03:13:00, in the middle between two.
    const half = [WEB_SERVICE, 50, 'throttled 50 % of the time'];
    const third = [WEB_SERVICE, 33.333, 'throttled 33 % of the time'];
    const rest = ['/system.slice/cron.service', 0, null];
    expect(moments).toEqual([
      ['03:12:50', ...half],
      ['03:13:00', ...half],
      ['03:13:10', ...third],
      ['03:13:20', ...third],
      ['03:13:30', ...third],
      ['03:13:40', ...rest],
      ['03:13:50', ...rest],
    ]);
    const limits = { memory_bytes: 9e6, memory_limit_bytes: 1e7, cpu_limit: null };
    const [first] = out.split('\n', 1).map((line) => JSON.parse(line));
    expect(first.control_groups[0]).toMatchObject({ name: 'web.service', ...limits });
  });

  test('of the network, as JSON and CSV', () => {
    const span = ['--at', '2026-11-28T03:41', '--until', '2026-11-28T03:41:30'];
    const json = run(SSTOP, '--history', made, ...span, '--json')
      .out.trimEnd()
      .split('\n');
    expect(json).toHaveLength(4);
    for (const line of json) expect(JSON.parse(line).processes[0]).toMatchObject({ name: 'uploader' });
    const csv = run(SSTOP, '--history', made, ...span, '--csv').out;
    expect(csv.match(/uploader/g)).toHaveLength(4);
  });

  test.each([SOCKTOP, SSTOP])(
    'a time before the first sample shows that one, and a line says so: %s',
    (program) => {
      const { out, err, code } = run(program, '--history', made, '--at', '2026-11-20T00:00', '--once');
      const first = /^\S+ {2}(\S+)Z/.exec(out)?.[1]?.slice(0, 19).replace('T', ' ');
      expect({ err, code }).toEqual({
        err: `${basename(program)}: the history begins later, at ${first}\n`,
        code: 0,
      });
    },
  );

  test('--top names each culprit in its span, and none of the others', () => {
    const top = (from: string, to: string) => {
      const span = ['--at', `2026-11-28T${from}`, '--until', `2026-11-28T${to}`];
      const text = run(SOCKTOP, '--history', made, ...span, '--top');
      expect(text.code).toBe(0);
      return culprits(text.out);
    };
    expect(top('03:09', '03:14')['CPU']).toMatch(/ s .*\d{4} +user-1 +forkbomb$/);
    expect(top('03:19', '03:24')['memory']).toMatch(/^9\.0 GB +pid 9002 +user-2 +leaker$/);
    expect(top('03:29', '03:34')['disk']).toMatch(/^0 B +33\.5 GB +pid 9003 +user-0 +dumper$/);
    expect(top('03:39', '03:44')['network']).toMatch(/^6\.7 GB .*pid 9004 +user-1 +uploader$/);
    const whole = run(SSTOP, '--history', made, '--at', '2026-11-28T03:00', '--top', '--json');
    const { cpu, disk, network, memory } = JSON.parse(whole.out);
    expect([cpu[0], memory[0], disk[0], network[0]].map(({ name }) => name)).toEqual([
      'forkbomb',
      'leaker',
      'dumper',
      'uploader',
    ]);
    // Eighteen samples of 200 processes each, and the one that made them.
    expect(cpu[0].processes).toBe(3601);
  });

  test.each([
    [['--at', '0312'], 2, "Did you mean '03:12'?"],
    [['--at', 'soon'], 2, "Accepted: 03:12, 'yesterday 03:12', 2026-11-28T03:12, '3 minutes ago'"],
    [['--at', '2126-01-01'], 2, 'in the future'],
    [['--until', '03:12'], 2, '--until needs --at'],
    [['--top'], 2, '--top needs --at'],
    [['--at', '03:12', '--once', '--history', '/nowhere'], 2, "cannot use '/nowhere': folder not found"],
    [['--at', '03:12', '--once'], 2, 'add --history <folder>, or the URL of an agent'],
    [['--history-size', '5M', '--at', '03:12'], 2, '--history-size needs --history'],
    [['--at', '03:12', '--once', '--history', '/x', 'wss://h'], 2, 'an agent keeps its own history'],
    [['--once', '--history', '~/x', 'ssh://h'], 2, 'accepted: an absolute path of letters, digits'],
    [['--history', '/x', '--history-age', '1d', 'ssh://h'], 2, '--history-age is for a history of this'],
    [['--history', '/tmp', '--history-size', '7', '--local'], 2, 'Accepted: 1M to 1T'],
  ] as const)('%p is refused in one line', (argv, code, words) => {
    const refused = run(SOCKTOP, ...argv);
    expect(refused.err.trimEnd().split('\n')).toHaveLength(1);
    expect(refused.err).toContain(words);
    expect(refused.code).toBe(code);
  });
});

describe('totals', () => {
  const of = (...argv: readonly string[]) => run(SSTOP, '--history', made, '--totals', ...argv);

  test('of a folder, by every kind of sum', () => {
    const day = JSON.parse(of('--json').out);
    expect(day).toMatchObject({ schema: 1, period: 'day', time: '2026-11-28', by: 'program' });
    expect(day.totals[0].name).toBe('/usr/bin/program-9004');
    expect(day.totals[0].bytes_sent).toBe(180 * 40e6);
    expect(of('hour', '--by', 'network').out).toMatch(/^2026-11-28T03 +6\.7 GB .*198\.51\.100\.0\/24$/m);
    expect(of('month', '--by', 'unit').out).toMatch(/^2026-11 +6\.7 GB .*unit-2\.service$/m);
  });

  test(
    'on the screen, by the keys that choose what they are by',
    async () => {
      const socktop = screen(SOCKTOP, '--history', made, '--at', '2026-11-28T03:11');
      await socktop.waitFor(/9001 user-1 forkbomb/);
      socktop.key('T');
      await socktop.waitFor(/Totals by day \(Tab\) and program \(p\).*(.*\n)*.*6\.7G up.*program-9004/);
      socktop.key('p');
      await socktop.waitFor(/Totals by day \(Tab\) and user.*(.*\n)*.*6\.7G up.* user-1/);
      socktop.key('\t');
      await socktop.waitFor(/Totals by month .*(.*\n)*.*2026-11\b/);
      socktop.key('T');
      await socktop.waitUntil(() => !socktop.text().includes('Totals'), 'closed');
      socktop.key('nT');
      await socktop.waitFor(/Totals by day/);
      socktop.key('\x1b');
      await socktop.waitUntil(() => !socktop.text().includes('Totals'), 'closed');
      expect(socktop.text()).toMatch(/^ sstop /m);
    },
    LONG_MILLIS,
  );
});

describe('the time line', () => {
  /** The whole of it: a frame may come in pieces, from its first line to its last. */
  const TITLE = /─ 2026-11-28 03:\d\d:\d\d {2}CPU(?:.*\n)+.*one sample/;

  test(
    'leads to each culprit, in every view, and back',
    async () => {
      const socktop = screen(SOCKTOP, '--history', made, '--at', '2026-11-28T03:11');
      await socktop.waitFor(/2026-11-28 03:11:00 .*paused/);
      await socktop.waitFor(/9001 user-1 forkbomb/);
      socktop.key('H');
      const shown = await socktop.waitFor(TITLE);
      // Storm, leak and dump in turn, and the upload, each where it was.
      const strip = (label: string): string =>
        new RegExp(`^ ${label} +(.*)$`, 'm').exec(shown)![1]!.trimEnd();
      expect(strip('CPU')).toMatch(/^▁+█+▁+$/);
      expect(strip('Memory')).toMatch(/^▃+▇+▃+$/);
      expect(strip('Pressure')).toMatch(/^▁+▅+▁+▅+▁+▅+▁+$/);
      expect(strip('Network')).toMatch(/^▁+█+▁+$/);
      expect(strip('CPU').indexOf('█') / strip('CPU').length).toBeCloseTo(1 / 6, 1);
      socktop.key('/');
      await socktop.waitFor(/go to/);
      socktop.key('03:22\r');
      await socktop.waitFor(/─ 2026-11-28 03:22:00 .*memory 81.5 %/);
      // By memory the leak is on top.
      socktop.key('\r');
      await socktop.waitUntil(() => !TITLE.test(socktop.text()), 'the time line closed');
      socktop.key('2');
      await socktop.waitFor(/▾MEM .*\n.* 9002 user-2 leaker .* 9\.0 GB/);
      socktop.key('H');
      await socktop.waitFor(TITLE);
      socktop.key('/03:32\r');
      await socktop.waitFor(/─ 2026-11-28 03:32:00 .*pressure 60.0 %/);
      socktop.key('\r');
      await socktop.waitUntil(() => !TITLE.test(socktop.text()), 'the time line closed');
      socktop.key('/dumper\r');
      await socktop.waitFor(/ 9003 user-0 dumper .* 190\.7M/);
      socktop.key('\x1b');
      await socktop.waitFor(/Processes 44 ─/);
      socktop.key('H');
      await socktop.waitFor(TITLE);
      socktop.key('/03:42\r');
      await socktop.waitFor(
        /─ 2026-11-28 03:42:00 .*network 39\.1 MB|─ 2026-11-28 03:42:00 .*network 3\d\.\d MB/,
      );
      socktop.key('\rn');
      await socktop.waitFor(/9004 user-1 uploader .* 38\.1M/);
      // No process of the past can be sent a signal.
      socktop.key('K');
      socktop.key('H');
      await socktop.waitFor(TITLE);
      expect(socktop.text()).not.toContain('Kill ');
      socktop.key('/x\r');
      await socktop.waitFor(/Accepted: 03:12/);
      socktop.key('\x1b');
      await socktop.waitFor(/\[ \] one sample/);
      socktop.key('[');
      await socktop.waitFor(/─ 2026-11-28 03:41:50/);
      socktop.key(']]');
      await socktop.waitFor(/─ 2026-11-28 03:42:10/);
      // The first column of the strips.
      socktop.key('\x1b[<0;11;35M\x1b[<0;11;35m');
      await socktop.waitFor(/─ 2026-11-28 03:00:\d\d/);
      socktop.key('0');
      await socktop.waitFor(/2026-11-28 04:00:00 .*end/);
      socktop.key('q');
      expect(await socktop.exited()).toBe(0);
    },
    LONG_MILLIS,
  );

  test(
    'over a machine that is watched, whose history is kept: into the past and back to now',
    async () => {
      const path = join(folder, 'kept');
      const sstop = screen(SSTOP, '--history', path, '--history-interval', '1s');
      await sstop.waitFor(/\d processes/);
      // It is made before anything is in it.
      const isWritten = (name: string): boolean =>
        name.endsWith('.sstop') && statSync(join(path, name)).size > 0;
      await sstop.waitUntil(() => readdirSync(path).some(isWritten), 'a sample in a segment');
      sstop.key('H');
      await sstop.waitFor(/─ \d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}CPU/);
      sstop.key('[');
      await sstop.waitFor(/(paused|end) +history/);
      sstop.key('0');
      await sstop.waitUntil(() => !/(paused|end) +history/.test(sstop.text()), 'now');
      expect(sstop.text()).not.toContain('Time line');
      sstop.key('q');
      expect(await sstop.exited()).toBe(0);
      expect(statSync(path).mode & 0o777).toBe(0o700);
      const later = run(SSTOP, '--history', path, '--at', '1 hour ago', '--json');
      expect(later.out.split('\n').length).toBeGreaterThan(1);
    },
    LONG_MILLIS,
  );
});

describe('an agent with a history', () => {
  test(
    'serves it to who has the token',
    async () => {
      const path = join(folder, 'served');
      await writeHistory(path, new HistoryWorld(START, TROUBLES), HOUR_SAMPLES, { ageMillis: 1e12 });
      const url = await agent(path);
      const span = ['--at', '2026-11-28T03:09', '--until', '2026-11-28T03:14'];
      expect(culprits(run(SOCKTOP, url, ...span, '--top').out)['CPU']).toMatch(/forkbomb$/);
      const lines = run(
        SSTOP,
        url,
        '--at',
        '2026-11-28T03:41',
        '--until',
        '2026-11-28T03:41:10',
        '--json',
      ).out;
      expect(JSON.parse(lines.split('\n')[0]!).processes[0]).toMatchObject({ name: 'uploader' });
      // One mechanism here and there: the same lines, but for what the agent adds of today.
      for (const by of ['program', 'user', 'unit', 'network']) {
        const lineOf = (...from: readonly string[]): string | undefined =>
          run(SSTOP, ...from, '--totals', 'hour', '--by', by, '--json')
            .out.split('\n')
            .find((line) => line.includes('2026-11-28T03'));
        expect(lineOf(url)).toBe(lineOf('--history', path)!);
        expect(lineOf(url)).toContain('7200000000');
      }
      const sstop = screen(SSTOP, url);
      await sstop.waitFor(/\d processes/);
      sstop.key('T');
      await sstop.waitFor(/Totals by day.*(.*\n)*.*program-9004/);
      const socktop = screen(SOCKTOP, url);
      await socktop.waitFor(/Processes \d+/);
      socktop.key('T');
      await socktop.waitFor(/Totals by day.*(.*\n)*.*program-9004/);
      socktop.key('T');
      socktop.key('H');
      await socktop.waitFor(/─ \d{4}-.* {2}CPU/);
      socktop.key('/2026-11-28T03:11\r');
      await socktop.waitFor(/9001 user-1 forkbomb/);
      socktop.key('0');
      await socktop.waitUntil(() => !/forkbomb|paused/.test(socktop.text()), 'now');
    },
    LONG_MILLIS,
  );

  test(
    'serves none without a token, and none where it keeps none; its clients say why',
    async () => {
      const path = join(folder, 'open');
      const url = await agent(path, { TZ: 'UTC', SOCKTOP_TOKEN: '' }).catch(() => undefined);
      // An empty token is refused at the start: so it is left out.
      expect(url).toBeUndefined();
      const { SOCKTOP_TOKEN: _token, ...rest } = process.env;
      const child = await AgentProcess.start({
        args: ['--history', path],
        prefix: ['env', '-u', 'SOCKTOP_TOKEN'],
        environment: rest as Record<string, string>,
      });
      open.push(child);
      const refused = run(SOCKTOP, `ws://127.0.0.1:${child.port}/ws`, '--at', '03:12', '--once');
      expect(refused.err).toContain('no history is served without a token');
      expect(refused.code).not.toBe(0);
      const noTotals = run(SSTOP, `ws://127.0.0.1:${child.port}/ws`, '--totals');
      expect(noTotals.err).toContain('no history is served without a token');
      expect(noTotals.code).toBe(1);
      const plain = await AgentProcess.start({ environment: ENVIRONMENT });
      open.push(plain);
      const none = run(SOCKTOP, `ws://127.0.0.1:${plain.port}/ws`, '--at', '03:12', '--once');
      expect(none.err).toContain('no history is kept; start the agent with --history');
    },
    LONG_MILLIS,
  );

  test(
    'is alone in its folder',
    async () => {
      const path = join(folder, 'alone');
      await agent(path);
      for (const command of [
        [SOCKTOP_AGENT, '--port', '0', '--history', path],
        [SSTOP, '--history', path, '--json'],
        [SOCKTOP, '--local', '--history', path, '--json'],
      ]) {
        const [program, ...argv] = command;
        const second = run(program!, ...argv);
        expect(second.err).toBe(
          `${program!.split('/').at(-1)}: cannot write a history to '${path}': another program keeps its history there\n`,
        );
        expect(second.code).not.toBe(0);
      }
    },
    LONG_MILLIS,
  );

  test.skipIf(process.geteuid?.() !== 0)(
    'goes on where its disk is full, with one line (needs root)',
    async () => {
      const mount = join(folder, 'small');
      mkdirSync(mount);
      Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', mount]);
      try {
        writeFileSync(join(mount, 'filler'), Buffer.alloc(60 << 10));
        const args = ['--history', join(mount, 'history'), '--history-interval', '1s'];
        const started = await AgentProcess.start({ args, environment: ENVIRONMENT });
        const ended = (): readonly string[] => started.lines.filter((line) => line.includes('history-ended'));
        while (ended().length === 0) await Bun.sleep(50);
        expect(ended()[0]).toContain('no space left on device');
        // Another sample has been due since.
        await Bun.sleep(1500);
        expect(ended()).toHaveLength(1);
        const answer = await started.fetch('/metrics', { authorization: `Bearer ${TOKEN}` });
        expect(answer.status).toBe(200);
        expect(await started.close()).toBe(0);
      } finally {
        Bun.spawnSync(['umount', '-l', mount]);
      }
    },
    LONG_MILLIS,
  );

  test(
    'that is killed leaves all but its last sample',
    async () => {
      const path = join(folder, 'killed');
      const started = await AgentProcess.start({
        args: ['--history', path, '--history-interval', '1s'],
        environment: ENVIRONMENT,
      });
      await grown(path, 4);
      started.kill('SIGKILL');
      await started.close();
      const lines = run(SSTOP, '--history', path, '--at', '1 hour ago', '--json').out.trimEnd().split('\n');
      expect(lines.length).toBeGreaterThanOrEqual(3);
      // Its lock went with it.
      const next = await AgentProcess.start({ args: ['--history', path], environment: ENVIRONMENT });
      expect(await next.close()).toBe(0);
    },
    LONG_MILLIS,
  );
});
