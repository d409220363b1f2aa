import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SOCKTOP } from './testing/executables.ts';
import { PtyProgram } from './testing/pty.ts';

const WAIT_MILLIS = 20_000;

let folder = '';
let home = '';
const programs: PtyProgram[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'socktop-prompts-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  for (const program of programs.splice(0)) await program.close();
});

/** A configuration of its own for each test, with these profiles. */
function configure(name: string, profiles?: Record<string, unknown>): string {
  home = join(folder, name);
  mkdirSync(join(home, 'socktop'), { recursive: true });
  const path = join(home, 'socktop/profiles.json');
  if (profiles !== undefined) writeFileSync(path, JSON.stringify({ profiles, version: 0 }));
  return path;
}

/** socktop on a terminal; --dry-run shows what it would connect to. */
function start(...argv: readonly string[]): PtyProgram {
  return startWith({}, ...argv);
}

function startWith(environment: Record<string, string>, ...argv: readonly string[]): PtyProgram {
  const program = new PtyProgram([SOCKTOP, '--dry-run', ...argv], {
    columns: 120,
    environment: { XDG_CONFIG_HOME: home, ...environment },
  });
  programs.push(program);
  return program;
}

function shown(program: PtyProgram, pattern: RegExp): Promise<string> {
  return program.waitFor(pattern, WAIT_MILLIS);
}

function saved(path: string): Record<string, unknown> {
  return (JSON.parse(readFileSync(path, 'utf8')) as { profiles: Record<string, unknown> }).profiles;
}

describe('a profile', () => {
  test('is saved under a new name without a question, and used by it', async () => {
    const path = configure('new');
    const saving = start('--profile', 'prod', '--metrics-interval-ms', '750', 'ws://prod-host:3000/ws');
    expect(await saving.exited()).toBe(0);
    expect(saved(path)).toEqual({ prod: { url: 'ws://prod-host:3000/ws', metrics_interval_ms: 750 } });
    const using = start('-P', 'prod');
    expect(await using.exited()).toBe(0);
    expect(using.text()).toContain('prod: ws://prod-host:3000/ws');
  });

  test('is overwritten on a yes alone, and without a question by --save', async () => {
    const path = configure('overwrite', { prod: { url: 'ws://old/ws', note: 'kept' } });
    const refusing = start('--profile', 'prod', 'ws://new-host:3000/ws');
    await shown(refusing, /Overwrite existing profile 'prod'\? \[y\/N\]: /);
    refusing.key('\r');
    expect(await refusing.exited()).toBe(0);
    expect(refusing.text()).toContain("Profile 'prod' was not changed.");
    expect(refusing.text()).toContain('prod: ws://new-host:3000/ws');
    expect(saved(path)).toMatchObject({ prod: { url: 'ws://old/ws' } });
    const agreeing = start('--profile', 'prod', 'ws://new-host:3000/ws');
    await shown(agreeing, /\[y\/N\]: /);
    agreeing.key('y\r');
    expect(await agreeing.exited()).toBe(0);
    expect(saved(path)).toEqual({ prod: { url: 'ws://new-host:3000/ws', note: 'kept' } });
    const forced = start('--profile', 'prod', '--save', 'ws://third/ws');
    expect(await forced.exited()).toBe(0);
    expect(forced.text()).not.toContain('Overwrite');
    expect(saved(path)).toMatchObject({ prod: { url: 'ws://third/ws' } });
  });

  test('is picked by its number from a list with the demo at its end', async () => {
    configure('pick', { 'prod-tls': { url: 'wss://two/ws' }, prod: { url: 'ws://one/ws' } });
    const picking = start();
    const screen = await shown(picking, /Enter number \(or blank to abort\): /);
    expect(screen).toContain('Select profile:\n  1. prod\n  2. prod-tls\n  3. demo\n');
    picking.key('9\r');
    await shown(picking, /no number 9/);
    picking.key('2\r');
    expect(await picking.exited()).toBe(0);
    expect(picking.text()).toContain('prod-tls: wss://two/ws');
    const aborting = start();
    await shown(aborting, /Enter number/);
    aborting.key('\r');
    expect(await aborting.exited()).toBe(0);
    expect(aborting.text()).not.toContain('ws://');
    const demo = start();
    await shown(demo, /Enter number/);
    demo.key('3\r');
    expect(await demo.exited()).toBe(0);
    expect(demo.text()).toContain('an agent inside this program');
  });
});

describe('the first run', () => {
  test('offers the demo, and names what there is else', async () => {
    configure('first');
    const agreeing = start();
    const screen = await shown(agreeing, /\[Y\/n\]: /);
    expect(screen).toContain('Welcome');
    expect(screen).toContain('--local');
    expect(screen).toContain('--help');
    agreeing.key('\r');
    expect(await agreeing.exited()).toBe(0);
    expect(agreeing.text()).toContain('an agent inside this program');
    for (const answer of ['n\r', '\x04']) {
      const refusing = start();
      await shown(refusing, /\[Y\/n\]: /);
      refusing.key(answer);
      expect(await refusing.exited()).toBe(0);
      expect(refusing.text()).not.toContain('inside this program?\n');
    }
    const interrupted = start();
    await shown(interrupted, /\[Y\/n\]: /);
    interrupted.key('\x03');
    expect(await interrupted.exited()).toBe(130);
  });
});

describe('a file of profiles', () => {
  test('that is damaged is told of, and stays as it is', async () => {
    const path = configure('damaged');
    writeFileSync(path, '{"profiles":');
    for (const argv of [[], ['-P', 'prod'], ['-P', 'prod', '--save', 'ws://h/ws']]) {
      const program = start(...argv);
      expect(await program.exited()).toBe(2);
      expect(program.text()).toContain('not valid JSON; the file is not changed');
    }
    expect(readFileSync(path, 'utf8')).toBe('{"profiles":');
    const other = start('ws://h:1/ws');
    expect(await other.exited()).toBe(0);
  });

  test.if(Bun.which('setpriv') !== null && process.getuid?.() === 0)(
    'that may not be read is told of, and nothing is lost (needs root and setpriv)',
    async () => {
      const path = configure('closed', { prod: { url: 'ws://old/ws' } });
      const program = new PtyProgram(
        [
          'setpriv',
          '--reuid=65534',
          '--regid=65534',
          '--clear-groups',
          SOCKTOP,
          '--dry-run',
          '-P',
          'new',
          'ws://h/ws',
        ],
        { columns: 200, environment: { XDG_CONFIG_HOME: home } },
      );
      programs.push(program);
      expect(await program.exited()).toBe(2);
      expect(program.text()).toMatch(/socktop: .*cannot be read \(EACCES\); the file is not changed/);
      expect(saved(path)).toEqual({ prod: { url: 'ws://old/ws' } });
    },
  );
});

test('a token is never shown', async () => {
  configure('token');
  const program = start('ws://h:3000/ws?token=very-secret');
  expect(await program.exited()).toBe(0);
  expect(program.text()).toContain('h: ws://h:3000/ws, no TLS, with a token');
  expect(program.text()).not.toContain('very-secret');
});

test('a token that cannot be sent, and a URL with a password, are one line without it', async () => {
  configure('unfit');
  for (const program of [
    startWith({ SOCKTOP_TOKEN: 'a\r\nX: very-secret' }, 'ws://h:3000/ws'),
    start('ws://h:3000/ws?token=very-secret%0d%0aX'),
    start('ws:\\\\user:very-se@very-secret@h/ws'),
  ]) {
    expect(await program.exited()).toBe(2);
    expect(program.text()).toMatch(/^socktop: [^\n]+\n*$/);
    expect(program.text()).not.toContain('very-se');
  }
});
