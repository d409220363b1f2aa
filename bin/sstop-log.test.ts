import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { OpError } from '../src/kit/errors/op-error.ts';
import { EventLog, exceptionFields, logLine } from '../src/programs/shared/event-log.ts';
import { VERSION } from './executable.ts';
import { SSTOP, SSTOP_TEST_BUILD } from './testing/executables.ts';
import { PtyProgram } from './testing/pty.ts';
import { streamLines } from './testing/streamed.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(`${tmpdir()}/sstop-log-`);
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Lines as objects of strings; a value in quotes is read as JSON. */
function linesOf(path: string): Record<string, string>[] {
  const text = readFileSync(path, 'utf8');
  expect(text).toEndWith('\n');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const pairs = line.matchAll(/([a-zA-Z_]+)=("(?:[^"\\]|\\.)*"|\S+)(?: |$)/g);
      return Object.fromEntries(
        Array.from(pairs, ([, key = '', value = '']) => [
          key,
          value.startsWith('"') ? JSON.parse(value) : value,
        ]),
      );
    });
}

describe('a line', () => {
  test('is one line of pairs, whatever the values hold', () => {
    const line = logLine(0, 'info', 'start', { name: 'a b="c"\n\x1b[2J', count: 3, missing: undefined });
    expect(line).toBe(
      'time=1970-01-01T00:00:00.000Z level=info event=start name="a b=\\"c\\"··[2J" count=3\n',
    );
  });

  test('holds no token, and no value without end', () => {
    const line = logLine(0, 'info', 'x', { url: 'wss://h/ws?token=secret&a=1', text: 'y'.repeat(5000) });
    expect(line).not.toContain('secret');
    expect(line).toContain('token=***&a=1');
    expect(line.length).toBeLessThan(1300);
  });

  test('tells where an exception comes from', () => {
    const fields = exceptionFields(new OpError({ op: 'a', code: 'B', cause: new RangeError('deep') }));
    expect(fields).toMatchObject({ op: 'a', code: 'B' });
    expect(fields['stack']).toContain('RangeError: deep');
  });
});

describe('the file', () => {
  test('is created for its user alone and appended to; what was left out is counted', async () => {
    const path = `${directory}/appended`;
    for (let run = 0; run < 2; run++) {
      const log = EventLog.open(path, false);
      for (let i = 0; i < 50; i++) log.event('info', 'e', { run, i });
      await log.close();
    }
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const lines = linesOf(path);
    expect(lines.map(({ run }) => run)).toEqual(Array.from({ length: 80 }, (_, i) => (i < 40 ? '0' : '1')));
  });

  test('keeps the rights it has', async () => {
    const path = `${directory}/kept`;
    writeFileSync(path, 'before\n', { mode: 0o640 });
    const log = EventLog.open(path, false);
    log.event('info', 'e');
    await log.close();
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readFileSync(path, 'utf8')).toStartWith('before\ntime=');
  });

  test.each([
    ['nowhere/log', /directory not found/],
    ['.', /is a directory/],
  ])('%s is refused in one line', (name, reason) => {
    expect(() => EventLog.open(`${directory}/${name}`, false)).toThrow(reason);
  });

  test('that is full stops nothing, and says so at the end', async () => {
    const log = EventLog.open('/dev/full', false);
    log.event('info', 'e');
    await log.close();
    expect(log.error).toMatchObject({
      ...{ code: 'ENOSPC', message: 'the log is not complete: no space left on device' },
    });
  });
});

async function run(program: string, ...argv: string[]) {
  const child = Bun.spawn([program, ...argv], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const [exitCode, stderr] = await Promise.all([
    child.exited,
    new Response(child.stderr).text(),
    new Response(child.stdout).text(),
  ]);
  return { exitCode, stderr };
}

describe('the program', () => {
  test('logs its start, its tier, a recording and its end, and no samples', async () => {
    const path = `${directory}/stream`;
    const argv = ['--json', '--record', `${directory}/r.gz`, '--log', path];
    expect(await streamLines(6, argv)).toMatchObject({ code: 143, stderr: '' });
    const lines = linesOf(path);
    expect(lines.map(({ event }) => event)).toEqual([
      ...['start', 'recording-opened', 'tier', 'signal', 'recording-ended', 'exit'],
    ]);
    expect(lines[0]).toMatchObject({ version: VERSION, output: 'json', interval: '100ms', dns: 'true' });
    expect(lines[2]?.['tier']).toMatch(/^(ebpf|netlink|packet|proc)$/);
    expect(lines[3]).toMatchObject({ signal: 'SIGTERM' });
    expect(Number(lines[4]?.['snapshots'])).toBeGreaterThan(2);
    expect(lines[5]).toMatchObject({ code: '143', level: 'info' });
  });

  test('takes a log that cannot be written to for a mistake of the command line', async () => {
    for (const path of [directory, `${directory}/nowhere/log`]) {
      const { exitCode, stderr } = await run(SSTOP, '--once', '--log', path);
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(/^sstop: cannot log to '.*': .*\n$/);
    }
  });

  test('logs signals and failures', async () => {
    const path = `${directory}/signal`;
    const child = Bun.spawn([SSTOP, '--json', '--interval', '100ms', '--log', path], { stdout: 'pipe' });
    await child.stdout.getReader().read();
    child.kill('SIGTERM');
    expect(await child.exited).toBe(143);
    const lines = linesOf(path);
    expect(lines.slice(-2)).toMatchObject([
      { event: 'signal', signal: 'SIGTERM' },
      { event: 'exit', code: '143' },
    ]);
    expect((await run(SSTOP, '--json', '--playback', `${directory}/none.gz`, '--log', path)).exitCode).toBe(
      2,
    );
    expect(linesOf(path).slice(lines.length)).toMatchObject([
      { event: 'start', playback: `${directory}/none.gz` },
      { event: 'failed', code: 'ENOENT', level: 'error' },
      { event: 'exit', code: '2' },
    ]);
  });

  test('of a screen logs a crash with its place, and no terminal takes its lines', async () => {
    const path = `${directory}/screen`;
    const screen = new PtyProgram([SSTOP_TEST_BUILD, '--log', path], {
      environment: { SSTOP_FAULT: 'view' },
    });
    try {
      await screen.waitFor(/\d processes/);
      screen.key('?');
      expect(await screen.exited()).toBe(1);
      // The list that comes first is of a tier that counts nothing; the one that counts has come by then, or has not.
      const lines = linesOf(path).filter(
        ({ event }, at, all) => event !== 'tier' || all[at - 1]?.['event'] !== 'tier',
      );
      expect(lines.map(({ event }) => event)).toEqual(['start', 'tier', 'exception', 'exit']);
      expect(lines[2]).toMatchObject({ level: 'error', op: 'view', code: 'INJECTED' });
    } finally {
      await screen.close();
    }
    const refused = new PtyProgram([SSTOP, '--log', '/dev/tty']);
    try {
      expect(await refused.exited()).toBe(2);
      expect(refused.text()).toContain("cannot log to '/dev/tty': is a terminal; use a file");
    } finally {
      await refused.close();
    }
  });

  test.skipIf(process.getuid?.() !== 0)(
    'opens the log with the rights of its user, whatever the executable may do (needs root)',
    () => {
      const place = mkdtempSync(`${tmpdir()}/sstop-log-rights-`);
      const privileged = `${place}/sstop`;
      try {
        chmodSync(place, 0o755);
        copyFileSync(SSTOP, privileged);
        expect(Bun.spawnSync(['setcap', 'cap_dac_override=ep', privileged]).success).toBe(true);
        const user = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
        const { exitCode, stderr } = Bun.spawnSync(
          [...user, privileged, '--once', '--interval', '100ms', '--log', `${place}/log`],
          { env: { PATH: '/usr/bin:/bin' }, stdin: 'ignore' },
        );
        expect([exitCode, String(stderr)]).toEqual([
          2,
          `sstop: cannot log to '${place}/log': permission denied\n`,
        ]);
      } finally {
        rmSync(place, { recursive: true });
      }
    },
  );
});
