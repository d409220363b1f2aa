import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SOCKTOP } from './testing/executables.ts';
import { inOwnNetwork } from './testing/own-network.ts';
import { PtyProgram } from './testing/pty.ts';

const WAIT_MILLIS = 30_000;
const LONG_MILLIS = 60_000;
const STOPPED = /Stopped demo agent on port 3231/;

let home = '';
const programs: PtyProgram[] = [];

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'socktop-demo-'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));
afterEach(async () => {
  for (const program of programs.splice(0)) await program.close();
});

function start(command: readonly string[]): PtyProgram {
  const program = new PtyProgram(inOwnNetwork(command), {
    ...{ columns: 100, rows: 30, environment: { XDG_CONFIG_HOME: home } },
  });
  programs.push(program);
  return program;
}

/** The demo with its first figures. */
async function demo(): Promise<PtyProgram> {
  const program = start([SOCKTOP, '--demo']);
  await program.waitFor(/CPU.*Memory.*PID/s, WAIT_MILLIS);
  return program;
}

describe('the demo', () => {
  test.each([
    ['q', (program: PtyProgram) => program.key('q'), 0],
    ['Ctrl-C', (program: PtyProgram) => program.key('\x03'), undefined],
    ['SIGINT', (program: PtyProgram) => program.signal('SIGINT'), 130],
    ['SIGTERM', (program: PtyProgram) => program.signal('SIGTERM'), 143],
    ['SIGHUP', (program: PtyProgram) => program.signal('SIGHUP'), 129],
  ])(
    'shows this machine by an agent of its own, and is stopped by %s',
    async (_, leave, code) => {
      const program = await demo();
      expect(program.text()).toContain('demo');
      leave(program);
      const exitCode = await program.exited();
      if (code !== undefined) expect(exitCode).toBe(code);
      expect(program.text()).toMatch(STOPPED);
      expect(program.isAlternateScreen).toBe(false);
      expect(program.isCursorVisible).toBe(true);
    },
    LONG_MILLIS,
  );

  test(
    'ends when its terminal is gone',
    async () => {
      const program = await demo();
      program.hangUp();
      expect(await program.process.exited).toBe(129);
    },
    LONG_MILLIS,
  );

  test(
    'says in one line that its port is taken',
    async () => {
      const holder = `require('node:net').createServer().listen(3231, '127.0.0.1', () => require('node:child_process').spawn('${SOCKTOP}', ['--demo'], { stdio: 'inherit' }).on('exit', (code) => process.exit(code)))`;
      const program = start([process.execPath, '-e', holder]);
      expect(await program.exited()).toBe(1);
      expect(program.text()).toMatch(/^socktop: port 3231 is in use/m);
      expect(program.text()).not.toMatch(STOPPED);
    },
    LONG_MILLIS,
  );

  test(
    'is what a first run offers',
    async () => {
      const program = start([SOCKTOP]);
      await program.waitFor(/\[Y\/n\]: /, WAIT_MILLIS);
      program.key('y\r');
      await program.waitFor(/Memory.*PID/s, WAIT_MILLIS);
      program.key('q');
      expect(await program.exited()).toBe(0);
      expect(program.text()).toMatch(STOPPED);
    },
    LONG_MILLIS,
  );

  test(
    'is no screen where it is a stream',
    async () => {
      const child = Bun.spawn(inOwnNetwork([SOCKTOP, '--demo', '--json', '--once']), {
        stdin: 'ignore',
        stdout: 'pipe',
        stderr: 'pipe',
      });
      const text = await new Response(child.stdout).text();
      expect(await child.exited).toBe(0);
      expect(JSON.parse(text)).toMatchObject({ schema: 1 });
      expect(await new Response(child.stderr).text()).toMatch(STOPPED);
    },
    LONG_MILLIS,
  );
});
