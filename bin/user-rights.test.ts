import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SOCKTOP, SOCKTOP_AGENT, SSTOP } from './testing/executables.ts';
import { PtyProgram } from './testing/pty.ts';

/** Files that the user names, by every option there is for one, and executables that may do more than he may. */

const NOBODY = 65534;
const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--'];
const CAPABILITIES = 'cap_dac_override,cap_dac_read_search,cap_fowner,cap_sys_ptrace=ep';
const canGive = process.geteuid?.() === 0 && Bun.which('setcap') !== null && Bun.which('setpriv') !== null;
const SECRET = 'hush-4711';

let folder = '';
/** Root's, and nobody else's. */
let closed = '';
const at = (...names: readonly string[]): string => join(folder, ...names);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'user-rights-'));
  chmodSync(folder, 0o755);
  closed = at('closed');
  mkdirSync(closed, { mode: 0o700 });
  for (const name of ['secret', 'token', 'ca.pem', 'day.gz', 'db.mmdb']) {
    writeFileSync(join(closed, name), `${SECRET}\n`, { mode: 0o600 });
  }
  if (!canGive) return;
  for (const path of [SSTOP, SOCKTOP, SOCKTOP_AGENT]) {
    const copy = at(path.slice(path.lastIndexOf('/') + 1));
    copyFileSync(path, copy);
    chmodSync(copy, 0o755);
    expect(Bun.spawnSync(['setcap', CAPABILITIES, copy]).success).toBe(true);
  }
  mkdirSync(at('config', 'socktop'), { recursive: true });
  symlinkSync(join(closed, 'secret'), at('config', 'socktop', 'config.yaml'));
  symlinkSync(join(closed, 'secret'), at('config', 'socktop', 'profiles.json'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(program: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...AS_NOBODY, at(program), ...args], {
    env: { PATH: '/usr/bin:/bin', HOME: folder, ...environment },
    stdin: 'ignore',
    timeout: 20_000,
  });
  return { exitCode, text: `${stdout}${stderr}` };
}

const url = 'ws://127.0.0.1:1/ws';
const ONCE = ['--once', '--interval', '100ms'];
const READ: readonly (readonly [
  program: string,
  option: string,
  args: (path: string) => readonly string[],
])[] = [
  ['sstop', '--playback', (path) => ['--json', '--playback', path]],
  ['sstop', '--geoip', (path) => [...ONCE, '--geoip', path]],
  ['sstop', '--token-file', (path) => [...ONCE, '--token-file', path, url]],
  ['sstop', '--tls-ca', (path) => [...ONCE, '--tls-ca', path, 'wss://127.0.0.1:1/ws']],
  ['socktop', '--playback', (path) => ['--json', '--playback', path]],
  ['socktop', '--token-file', (path) => ['--once', '--token-file', path, url]],
  ['socktop', '--tls-ca', (path) => ['--once', '--tls-ca', path, 'wss://127.0.0.1:1/ws']],
  ['socktop-agent', '--token-file', (path) => ['--port', '0', '--bind', '127.0.0.1', '--token-file', path]],
];
const WRITTEN: typeof READ = [
  ['sstop', '--log', (path) => [...ONCE, '--log', path]],
  ['sstop', '--record', (path) => [...ONCE, '--record', path]],
  ['socktop', '--record', (path) => ['--local', '--once', '--record', path]],
];

describe.skipIf(!canGive)('an executable that may read and write everything (needs root and setcap)', () => {
  test.each(READ)('%s %s reads no file that its user may not read', (program, _option, args) => {
    const { exitCode, text } = run(program, args(join(closed, 'secret')));
    expect({ exitCode, text }).toEqual({ exitCode: 2, text: expect.stringMatching(/permission|EACCES/) });
    expect(text).not.toContain(SECRET);
  });

  test('nor do the configuration and the profiles lead to one', () => {
    const environment = { XDG_CONFIG_HOME: at('config') };
    const configured = run('sstop', ONCE, environment);
    expect(configured.exitCode).toBe(0);
    expect(configured.text).toContain('permission denied');
    const profile = run('socktop', ['--once', '-P', 'any'], environment);
    expect([profile.exitCode === 0, /EACCES/.test(profile.text)]).toEqual([false, true]);
    expect(configured.text + profile.text).not.toContain(SECRET);
  });

  test.each(WRITTEN)('%s %s makes none where its user may not', (program, _option, args) => {
    const { exitCode, text } = run(program, args(join(closed, 'made')));
    expect({ exitCode, text }).toEqual({
      exitCode: 2,
      text: expect.stringContaining('permission denied'),
    });
    expect(existsSync(join(closed, 'made'))).toBe(false);
  });

  test('nor does a profile that is saved', () => {
    mkdirSync(at('foreign'), { mode: 0o755 });
    const { exitCode, text } = run('socktop', ['--once', '-P', 'any', '--save', url], {
      XDG_CONFIG_HOME: at('foreign'),
    });
    expect({ exitCode, text }).toEqual({ exitCode: 1, text: expect.stringContaining('EACCES') });
    expect(readdirSync(at('foreign'))).toEqual([]);
  });

  test('its screen exports to no folder that its user may not write to', async () => {
    mkdirSync(at('foreign-work'), { mode: 0o755 });
    mkdirSync(at('own-work'));
    chownSync(at('own-work'), NOBODY, NOBODY);
    for (const [work, said, count] of [
      ['foreign-work', /EACCES/, 0],
      ['own-work', /Wrote /, 1],
    ] as const) {
      const pty = new PtyProgram([...AS_NOBODY, at('sstop'), '--no-dns'], {
        directory: at(work),
        columns: 160,
      });
      try {
        await pty.waitFor(/\d processes/);
        pty.key('e');
        await pty.waitFor(said);
        pty.key('q');
        expect(await pty.exited()).toBe(0);
      } finally {
        await pty.close();
      }
      expect(readdirSync(at(work))).toHaveLength(count);
    }
  });
});

describe.skipIf(process.geteuid?.() !== 0)('root (needs root)', () => {
  test('follows no link of another user with --log', () => {
    const shared = at('shared');
    mkdirSync(shared);
    chmodSync(shared, 0o1777);
    writeFileSync(at('victim'), 'keep');
    const link = join(shared, 'log');
    symlinkSync(at('victim'), link);
    lchownSync(link, NOBODY, NOBODY);
    const { exitCode, stderr } = Bun.spawnSync([SSTOP, ...ONCE, '--log', link], { stdin: 'ignore' });
    expect([exitCode, String(stderr)]).toEqual([
      2,
      `sstop: cannot log to '${link}': symbolic link owned by another user\n`,
    ]);
    expect(readFileSync(at('victim'), 'utf8')).toBe('keep');
  });
});

describe('what is not a regular file is refused at once, by every option that reads one', () => {
  test.each(READ)('%s %s', async (program, _option, args) => {
    Bun.spawnSync(['mkfifo', at('pipe')]);
    const executable = new Map([
      ['sstop', SSTOP],
      ['socktop', SOCKTOP],
      ['socktop-agent', SOCKTOP_AGENT],
    ]).get(program)!;
    for (const path of ['/dev/zero', at('pipe')]) {
      const child = Bun.spawn([executable, ...args(path)], { stdio: ['ignore', 'ignore', 'pipe'] });
      const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
      const stderr = await new Response(child.stderr).text();
      const code = await child.exited;
      clearTimeout(timer);
      expect({ path, code, stderr }).toEqual({
        path,
        code: 2,
        stderr: expect.stringMatching(/^[^\n]*(no|not a) regular file[^\n]*\n$/),
      });
    }
  });
});
