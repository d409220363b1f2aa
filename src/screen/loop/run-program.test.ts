import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FRESH_LOCAL_FLAGS, type PtyOptions, PtyProgram } from '../../../bin/testing/pty.ts';

const FIXTURE = join(import.meta.dir, 'run-program.fixture.ts');
const bash = Bun.which('bash');
/** A second, and the time that a busy machine takes to notice. */
const END_MILLIS = 1000 + 2000;
/** termios c_lflag bits that raw mode clears. */
const ISIG = 1;
const ICANON = 2;
const ECHO = 8;
const COOKED = ISIG | ICANON | ECHO;

let directory = '';
let log = '';
const programs: PtyProgram[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'run-program-'));
  log = join(directory, 'log');
});

afterEach(async () => {
  for (const program of programs.splice(0)) await program.close();
  rmSync(directory, { recursive: true });
});

function start(command: readonly string[], options: PtyOptions = {}): PtyProgram {
  const environment = { FIXTURE_LOG: log, ...options.environment };
  const program = new PtyProgram(command, { ...options, environment });
  programs.push(program);
  return program;
}

async function startFixture(options: PtyOptions = {}): Promise<PtyProgram> {
  const program = start([process.execPath, FIXTURE], options);
  await program.waitFor(/last nothing/);
  return program;
}

function report(): Record<string, unknown> {
  return JSON.parse(readFileSync(log, 'utf8')) as Record<string, unknown>;
}

function expectRestored(program: PtyProgram): void {
  expect(program.isAlternateScreen).toBe(false);
  expect(program.isCursorVisible).toBe(true);
  expect(program.mouseTracking).toBe('none');
  expect([7, 2004, 2026].map((mode) => program.mode(mode))).toEqual([true, false, false]);
  expect(program.localFlags & COOKED).toBe(COOKED);
}

describe('the way in and out', () => {
  test('takes the screen over and gives it back as it was', async () => {
    const program = start([process.execPath, FIXTURE]);
    await program.waitFor(/size 80x24/);
    expect(program.isAlternateScreen).toBe(true);
    expect(program.isCursorVisible).toBe(false);
    expect(program.mouseTracking).toBe('drag');
    expect([7, 1006, 2004].map((mode) => program.mode(mode))).toEqual([false, true, true]);
    expect(program.localFlags & COOKED).toBe(0);
    program.key('q');
    expect(await program.exited()).toBe(0);
    expectRestored(program);
    expect(program.localFlags).toBe(FRESH_LOCAL_FLAGS);
    expect(program.text().trim()).toBe('');
    expect(report()).toMatchObject({ kind: 'quit' });
  });

  test('Ctrl-C is a key', async () => {
    const program = await startFixture();
    program.key('\x03');
    expect(await program.exited()).toBe(0);
    expectRestored(program);
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)(
    '%s restores and is the reason',
    async (signal) => {
      const program = await startFixture();
      program.signal(signal);
      expect(await program.exited()).toBe(3);
      expectRestored(program);
      expect(report()).toMatchObject({ kind: 'signal', signal });
    },
  );

  test.each([
    ['in view', 'x', 'thrown in view'],
    ['in a timer', 't', 'thrown later'],
    ['in a promise', 'r', 'rejected'],
  ])('an error %s restores and is the reason', async (_where, key, error) => {
    const program = await startFixture();
    program.key(key);
    expect(await program.exited()).toBe(4);
    expectRestored(program);
    expect(report()).toMatchObject({ kind: 'crash', error });
  });

  test('process.exit elsewhere restores too', async () => {
    const program = await startFixture();
    program.key('e');
    expect(await program.exited()).toBe(7);
    expectRestored(program);
  });

  test('a terminal that hangs up is the end within a second', async () => {
    const program = await startFixture();
    program.key('f');
    await program.waitFor(/ticks [1-9]/);
    const hungUp = performance.now();
    program.hangUp();
    const code = await program.process.exited;
    expect(performance.now() - hungUp).toBeLessThan(END_MILLIS);
    // The signal and the end of input come at the same time.
    expect([3, 5]).toContain(code);
  });

  test('without a terminal it says so', async () => {
    const child = Bun.spawn([process.execPath, FIXTURE], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
    expect(await child.exited).toBe(1);
    expect(await child.stderr.text()).toContain('standard input is not a terminal');
  });
});

describe('input', () => {
  test('keys, a lone ESC, the mouse, a paste', async () => {
    const program = await startFixture();
    program.key('\x1b[1;5A');
    await program.waitFor(/last key ctrl\+up/);
    program.key('\x1b');
    await program.waitFor(/last key escape/);
    program.key('\x1b[<0;500;3M');
    await program.waitFor(/last mouse .*"press","button":"left","x":79,"y":2/);
    program.key('\x1b[200~q\nq\x1b[201~');
    await program.waitFor(/last paste {"text":"q q"/);
  });

  test('the mouse can be let go', async () => {
    const program = await startFixture();
    program.key('m');
    await program.waitUntil(() => program.mouseTracking === 'none', 'the mouse to be let go');
  });

  test('answers that come late do not land in the shell', async () => {
    const program = await startFixture({ answers: false });
    program.key('q');
    await program.waitUntil(() => !program.isAlternateScreen, 'the screen to be left');
    expect(program.localFlags & ECHO).toBe(0);
    program.key('\x1b[?2026;2$y\x1b[?1;2c');
    expect(await program.exited()).toBe(0);
    expectRestored(program);
    expect(program.text()).not.toContain('1;2c');
  });
});

describe('painting', () => {
  test('a new size is painted fully', async () => {
    const program = await startFixture();
    program.resize(100, 30);
    await program.waitFor(/size 100x30/);
    program.resize(40, 10);
    await program.waitFor(/size 40x10/);
    program.key('f');
    await program.waitFor(/ticks [1-9]/);
    expect(program.lines()[9]).toMatch(/^[A-Z]{40}$/);
  });

  test('the terminal own answers raise the colours and frame the updates', async () => {
    const program = await startFixture();
    await program.waitUntil(() => program.cell(0, 1).foreground === 0xff8000, 'true colour');
    program.key('a');
    await program.waitFor(/last key a/);
    expect(program.mode(2026)).toBe(false);
  });

  test('NO_COLOR is no colour, whatever the terminal answers', async () => {
    const program = await startFixture({ environment: { NO_COLOR: '1' } });
    program.key('a');
    await program.waitFor(/last key a/);
    expect(program.cell(0, 1).foreground).toBe(-1);
  });

  test('a terminal that is not read holds nothing up', async () => {
    const program = await startFixture({ columns: 200, rows: 60 });
    program.key('f');
    await program.waitFor(/ticks \d{2}/);
    program.stopOutput();
    await Bun.sleep(100);
    const stopped = performance.now();
    program.signal('SIGTERM');
    expect(await program.process.exited).toBe(3);
    expect(performance.now() - stopped).toBeLessThan(END_MILLIS);
    expect(report()).toMatchObject({ kind: 'signal', signal: 'SIGTERM' });
    expect(report()['residentBytes']).toBeLessThan(150e6);
  });

  test('once it is read again, the newest frame is what it shows', async () => {
    const program = await startFixture({ columns: 200, rows: 60 });
    program.key('f');
    await program.waitFor(/ticks \d{2}/);
    program.stopOutput();
    await Bun.sleep(100);
    program.startOutput();
    program.key('a');
    await program.waitFor(/last key a/);
    expect(program.lines().slice(2).join('').trim()).toBe('');
    program.key('q');
    expect(await program.exited()).toBe(0);
    expectRestored(program);
  });
});

describe('job control', () => {
  test.skipIf(bash === null)('Ctrl-Z stops the job, fg brings it back (needs bash)', async () => {
    const program = start([bash ?? '', '--norc', '--noprofile', '-b', '-i'], {
      environment: { PS1: 'ready> ' },
    });
    await program.waitFor(/ready>\s*$/);
    program.key(`${process.execPath} ${FIXTURE}\n`);
    await program.waitFor(/last nothing/);
    program.key('\x1a');
    await program.waitFor(/Stopped[\s\S]*ready>\s*$/);
    expect(program.isAlternateScreen).toBe(false);
    expect(program.isCursorVisible).toBe(true);
    expect(program.mouseTracking).toBe('none');
    // In the background it may not touch the terminal: it stops again, and the screen stays the shell's.
    program.key('bg\n');
    await program.waitFor(/ready> bg\s[\s\S]*Stopped/);
    expect(program.isAlternateScreen).toBe(false);
    program.resize(70, 20);
    program.key('fg\n');
    await program.waitFor(/size 70x20/);
    expect(program.isAlternateScreen).toBe(true);
    expect(program.localFlags & COOKED).toBe(0);
    program.key('a');
    await program.waitFor(/last key a/);
    program.key('q');
    await program.waitFor(/fg[\s\S]*ready>\s*$/);
    expectShellAgain(program);
  });

  test('Ctrl-Z where no shell could resume it goes on at once', async () => {
    const program = await startFixture();
    program.key('\x1a');
    await program.waitUntil(() => program.transcript.split('\x1b[?1049h').length === 3, 'the screen again');
    program.key('a');
    await program.waitFor(/last key a/);
    program.key('q');
    expect(await program.exited()).toBe(0);
    expectRestored(program);
  });

  test('stopped from outside, it repaints when continued', async () => {
    const program = await startFixture();
    program.key('a');
    await program.waitFor(/last key a/);
    program.signal('SIGSTOP');
    program.emulator.write('\x1b[?1049l\x1b[?25h\x1b[2Jgarbage');
    program.signal('SIGCONT');
    await program.waitFor(/^size 80x24 .*\nlast key a/);
    expect(program.isAlternateScreen).toBe(true);
    expect(program.localFlags & COOKED).toBe(0);
    program.key('q');
    expect(await program.exited()).toBe(0);
    expectRestored(program);
  });
});

/** bash edits its line in a mode of its own, so that only the screen can be looked at. */
function expectShellAgain(program: PtyProgram): void {
  expect(program.isAlternateScreen).toBe(false);
  expect(program.isCursorVisible).toBe(true);
  expect(program.mouseTracking).toBe('none');
}
