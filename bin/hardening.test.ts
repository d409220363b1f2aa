import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './dev/build.ts';

/**
 * A privileged executable must not be a door: whoever may start it must not get it to run other code. Every attack
 * is first made on an executable of the same Bun compiled without precautions, where it has to succeed, or it would
 * prove nothing.
 */

/** What is attacked; the tests of a release name the file of an archive. */
const RELEASE = process.env['SSTOP_ATTACKED'] ?? fileURLToPath(new URL('../dist/sstop', import.meta.url));
const NOBODY = '65534';
const CAPABILITIES = 'cap_net_admin,cap_net_raw=ep';
const TIME_LIMIT_MILLIS = 30_000;
const isRoot = process.geteuid?.() === 0;
const gcc = Bun.which('gcc');

let folder = '';
let marker = '';
/** The release executable's copy, with capabilities where this machine lets us give them. */
let target = '';
let control = '';

interface Attack {
  readonly name: string;
  readonly args?: readonly string[];
  readonly environment?: () => Record<string, string>;
  /** Files in the working directory. */
  readonly files?: () => Record<string, string>;
  /** Done while the program runs. */
  readonly meanwhile?: (child: Bun.Subprocess) => Promise<void>;
}

const code = (): string => `require('node:fs').writeFileSync(${JSON.stringify(marker)}, 'code ran')`;
const script = (): string => join(folder, 'attack.js');
let inspectorPort = 0;
const inspector = (): string => `ws://127.0.0.1:${inspectorPort}/attack`;

/** Attacks that succeed on an executable without precautions. */
const ATTACKS: readonly Attack[] = [
  { name: 'BUN_BE_BUN and -e', args: ['-e', 'CODE'], environment: () => ({ BUN_BE_BUN: '1' }) },
  { name: 'BUN_OPTIONS=--preload', environment: () => ({ BUN_OPTIONS: `--preload=${script()}` }) },
  { name: 'a bunfig.toml in the working directory', files: () => ({ 'bunfig.toml': bunfig() }) },
  {
    name: 'BUN_INSPECT and a debugger that evaluates',
    environment: () => ({ BUN_INSPECT: `${inspector()}?wait=1` }),
    meanwhile: evaluateInInspector,
  },
];

/** Attacks on other runtimes and on habits of this one; they must not begin to work. */
const STRAY_ATTACKS: readonly Attack[] = [
  { name: 'a .env with BUN_OPTIONS', files: () => ({ '.env': `BUN_OPTIONS=--preload=${script()}\n` }) },
  { name: 'NODE_OPTIONS=--require', environment: () => ({ NODE_OPTIONS: `--require=${script()}` }) },
  { name: 'BUN_INSPECT_PRELOAD', environment: () => ({ BUN_INSPECT_PRELOAD: script() }) },
  {
    name: 'BUN_CONFIG_PRELOAD and a bunfig.toml at home',
    environment: () => ({ HOME: folder, XDG_CONFIG_HOME: folder, BUN_CONFIG_PRELOAD: script() }),
    files: () => ({ '.bunfig.toml': bunfig() }),
  },
];

const bunfig = (): string => `preload = [${JSON.stringify(script())}]\n`;

/** Connects to the inspector for as long as the program lives, and has it evaluate the attack's code. */
async function evaluateInInspector(child: Bun.Subprocess): Promise<void> {
  while (child.exitCode === null && child.signalCode === null && !existsSync(marker)) {
    const socket = new WebSocket(inspector());
    await new Promise<void>((resolve) => {
      socket.onerror = () => resolve();
      socket.onclose = () => resolve();
      socket.onmessage = () => resolve();
      socket.onopen = () => {
        const expression = code().replace('require', 'globalThis.process.getBuiltinModule');
        for (const [at, method] of [
          'Inspector.enable',
          'Runtime.enable',
          'Inspector.initialized',
        ].entries()) {
          socket.send(JSON.stringify({ id: at + 1, method }));
        }
        socket.send(JSON.stringify({ id: 9, method: 'Runtime.evaluate', params: { expression } }));
      };
    });
    await Bun.sleep(20);
    socket.close();
  }
  child.kill('SIGKILL');
}

/** Runs an attack as an unprivileged user; resolves to whether its code ran. */
async function succeeds(attack: Attack, executable: string): Promise<boolean> {
  rmSync(marker, { force: true });
  const files = attack.files?.() ?? {};
  for (const [name, contents] of Object.entries(files)) writeFileSync(join(folder, name), contents);
  const args = (attack.args ?? ['--version']).map((arg) => (arg === 'CODE' ? code() : arg));
  const child = Bun.spawn([...asUser(), executable, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', TERM: 'dumb', ...attack.environment?.() },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await attack.meanwhile?.(child);
  await child.exited;
  clearTimeout(timer);
  for (const name of Object.keys(files)) rmSync(join(folder, name));
  return existsSync(marker);
}

const asUser = (): string[] =>
  isRoot ? ['setpriv', '--reuid', NOBODY, '--regid', NOBODY, '--clear-groups', '--'] : [];

const startsAsUser = (): boolean => Bun.spawnSync([...asUser(), target, '--version']).exitCode === 0;

/** Where the machine's own bounds refuse to start a file with capabilities, it is attacked without. */
function giveCapabilities(): void {
  if (!isRoot || Bun.which('setcap') === null) return;
  Bun.spawnSync(['setcap', CAPABILITIES, target]);
  if (!startsAsUser()) Bun.spawnSync(['setcap', '-r', target]);
}

function compileControl(): string {
  const source = join(folder, 'control.ts');
  writeFileSync(source, 'setTimeout(() => {}, 50);\n');
  const path = join(folder, 'control');
  const run = Bun.spawnSync([process.execPath, 'build', '--compile', source, '--outfile', path], {
    cwd: folder,
  });
  expect(run.exitCode).toBe(0);
  return path;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

beforeAll(async () => {
  build('release');
  folder = mkdtempSync(join(tmpdir(), 'sstop-hardening-'));
  chmodSync(folder, 0o777);
  marker = join(folder, 'marker');
  target = join(folder, 'sstop');
  copyFileSync(RELEASE, target);
  giveCapabilities();
  control = compileControl();
  writeFileSync(script(), `${code()};\n`);
  inspectorPort = await freePort();
}, TIME_LIMIT_MILLIS);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('code from outside', () => {
  test('sstop itself starts as an ordinary user', () => {
    expect(startsAsUser()).toBe(true);
  });

  test.each([...ATTACKS])(
    '$name runs in an executable without precautions',
    async (attack) => {
      expect(await succeeds(attack, control)).toBe(true);
    },
    TIME_LIMIT_MILLIS,
  );

  test.each([...ATTACKS, ...STRAY_ATTACKS])(
    '$name does not run in sstop',
    async (attack) => {
      expect(await succeeds(attack, target)).toBe(false);
    },
    TIME_LIMIT_MILLIS,
  );

  test.skipIf(gcc === null)(
    'a C library in the working directory is not loaded (needs gcc)',
    async () => {
      const source = join(folder, 'library.c');
      writeFileSync(
        source,
        `#include <fcntl.h>
      __attribute__((constructor)) void attack(void) { open(${JSON.stringify(marker)}, O_CREAT | O_WRONLY, 0644); }`,
      );
      for (const name of ['libc.so.6', 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1']) {
        expect(Bun.spawnSync([gcc ?? '', '-shared', '-o', join(folder, name), source]).exitCode).toBe(0);
      }
      expect(
        await succeeds({ name: 'library', args: ['--once', '--json', '--interval', '100ms'] }, target),
      ).toBe(false);
    },
    TIME_LIMIT_MILLIS,
  );
});

describe.skipIf(!isRoot)('files that the user names (needs root)', () => {
  test('are opened with the user’s own rights, whatever the executable may do', async () => {
    const place = mkdtempSync(join(tmpdir(), 'sstop-rights-'));
    const privileged = join(place, 'sstop');
    const secret = join(place, 'secret');
    try {
      chmodSync(place, 0o755);
      copyFileSync(RELEASE, privileged);
      chmodSync(privileged, 0o755);
      const given = Bun.spawnSync(['setcap', 'cap_dac_read_search,cap_sys_ptrace=ep', privileged]);
      expect(given.success).toBe(true);
      writeFileSync(secret, 'hush: 42\n', { mode: 0o600 });
      mkdirSync(join(place, 'socktop'));
      symlinkSync(secret, join(place, 'socktop', 'config.yaml'));
      const nobody = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
      const run = (...args: string[]) =>
        Bun.spawnSync([...nobody, privileged, ...args], {
          env: { PATH: '/usr/bin:/bin', XDG_CONFIG_HOME: place },
          stdin: 'ignore',
        });
      const ordinary = run('--once', '--interval', '100ms');
      expect(ordinary.exitCode).toBe(0);
      expect(String(ordinary.stderr)).toContain('permission');
      expect(String(ordinary.stderr)).not.toContain('hush');
      const played = run('--json', '--playback', secret);
      expect(played.exitCode).toBe(2);
      expect(String(played.stderr)).toMatch(/permission|denied|may not/i);
      // What the capabilities are for still works: whose root's sockets are.
      expect(String(ordinary.stdout)).toMatch(/PID +USER/);
    } finally {
      rmSync(place, { recursive: true });
    }
  });
});
