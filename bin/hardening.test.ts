import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  chmodSync,
  copyFileSync,
  existsSync,
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
import { fileURLToPath } from 'node:url';
import { build } from './dev/build.ts';
import { RUNTIME_FAMILIES } from './dev/entry-stub/entry-policy.ts';
import { keptPort } from './testing/agent-process.ts';

/**
 * A privileged executable must not be a door: whoever may start it must not get it to run other code. Every attack
 * is first made on an executable of the same Bun compiled without precautions, where it has to succeed, or it would
 * prove nothing.
 */

const PAGE = fileURLToPath(new URL('../docs/decisions/runtime-variables.md', import.meta.url));
/** What is attacked; the tests of a release name the file of an archive. */
const RELEASE = process.env['SSTOP_ATTACKED'] ?? fileURLToPath(new URL('../dist/sstop', import.meta.url));
const NOBODY = '65534';
const CAPABILITIES = 'cap_net_admin,cap_net_raw,cap_dac_read_search=ep';
const TIME_LIMIT_MILLIS = 60_000;
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
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
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
  writeFileSync(
    source,
    `import { dlopen } from 'bun:ffi';
    if (process.argv[2]?.startsWith('lib')) dlopen(process.argv[2], { attack: { args: [], returns: 'void' } });
    setTimeout(() => {}, 50);\n`,
  );
  const path = join(folder, 'control');
  const run = Bun.spawnSync([process.execPath, 'build', '--compile', source, '--outfile', path], {
    cwd: folder,
  });
  expect(run.exitCode).toBe(0);
  return path;
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
  inspectorPort = keptPort();
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
});

/** Bounds of the shell's `ulimit`, the first ones of a kind that leave the engine without memory for compiled code. */
const LIMITS: readonly (readonly [option: string, values: readonly number[]])[] = [
  ['v', [600_000, 1_000_000, 2_000_000, 4_000_000, 8_000_000]],
  ['n', [6, 10, 18, 40]],
  ['s', [256, 2048]],
  ['d', [100_000, 1_000_000]],
  ['u', [1, 20]],
  ['l', [0]],
  ['f', [0]],
  ['c', [0]],
];

describe.skipIf(gcc === null)('a C library in the working directory (needs gcc)', () => {
  const names = [
    'libc.so.6',
    'libc.musl-x86_64.so.1',
    'libc.musl-aarch64.so.1',
    'libc.so',
    'libnvidia-ml.so.1',
  ];

  beforeAll(() => {
    const source = join(folder, 'library.c');
    writeFileSync(
      source,
      `#include <fcntl.h>
      __attribute__((constructor)) void attack(void) { open(${JSON.stringify(marker)}, O_CREAT | O_WRONLY, 0644); }`,
    );
    for (const name of names) {
      expect(Bun.spawnSync([gcc ?? '', '-shared', '-o', join(folder, name), source]).exitCode).toBe(0);
    }
  });

  afterAll(() => {
    for (const name of names) rmSync(join(folder, name), { force: true });
  });

  test('is loaded by an executable that opens it by a bare name', () => {
    rmSync(marker, { force: true });
    Bun.spawnSync([...asUser(), control, 'libc.musl-x86_64.so.1'], { cwd: folder });
    expect(existsSync(marker)).toBe(true);
  });

  const args = ['--once', '--json', '--interval', '100ms'];
  test.each([{}, { BUN_JSC_useJIT: '0' }])(
    'is not loaded with %p',
    async (variables) => {
      const attack = { name: 'library', args, environment: () => variables as Record<string, string> };
      expect(await succeeds(attack, target)).toBe(false);
    },
    TIME_LIMIT_MILLIS,
  );

  test.each(LIMITS.flatMap(([option, values]) => values.map((value) => [option, value] as const)))(
    'is not loaded with ulimit -%s %d',
    (option, value) => {
      rmSync(marker, { force: true });
      const script = `ulimit -${option} ${value}; exec "$@"`;
      const run = Bun.spawnSync([...asUser(), 'bash', '-c', script, '-', target, ...args], {
        cwd: folder,
        env: { PATH: '/usr/bin:/bin' },
        timeout: 10_000,
      });
      expect(existsSync(marker)).toBe(false);
      const said = run.stderr.toString();
      if ((option === 'v' && value <= 2_000_000) || (option === 'd' && value === 1_000_000)) {
        expect([run.exitCode, run.stdout.toString()]).toEqual([1, '']);
        expect(said).toMatch(/^sstop: cannot reserve memory for compiled code; raise [^\n]*\n$/);
        expect(said).toContain(`ulimit -${option}`);
      }
    },
    TIME_LIMIT_MILLIS,
  );
});

describe('the variables of the runtime', () => {
  const secret = (): string => join(folder, 'secret.txt');
  const names = (): string[] => {
    const page = readFileSync(PAGE, 'utf8');
    const list = page.slice(page.indexOf('## Names in the images'));
    return [...list.matchAll(/`(\w+)`/g)].flatMap(([, name]) =>
      name!.startsWith('JSC_') ? [name!, `BUN_${name}`] : [name!],
    );
  };
  const run = (executable: string, environment: Record<string, string>, args: readonly string[]) =>
    Bun.spawnSync([...asUser(), executable, ...args], { cwd: folder, env: environment, timeout: 10_000 });

  beforeAll(() => {
    writeFileSync(secret(), 'hush-4711\n');
    symlinkSync(secret(), join(folder, 'secret.yaml'));
  });

  test('make an executable without precautions print a line of a file, and write one', () => {
    const read = run(control, { BUN_JSC_functionOverrides: secret() }, []);
    expect(`${read.stdout}${read.stderr}`).toContain('hush-4711');
    const written = join(folder, 'written');
    run(control, { BUN_BYTECODE_DIGEST_OUT: written }, []);
    expect(existsSync(written)).toBe(true);
    rmSync(written, { force: true });
  });

  test('are many, and each begins as a family does', () => {
    expect(names().length).toBeGreaterThan(800);
    const isOfFamily = (name: string): boolean => RUNTIME_FAMILIES.some((family) => name.startsWith(family));
    const strange = names().filter((name) => !isOfFamily(name) && !/^npm_|^NPM_/.test(name));
    expect(strange).toEqual([]);
  });

  const values: readonly (readonly [string, () => string])[] = [
    ['0', () => '0'],
    ['1', () => '1'],
    ['true', () => 'true'],
    ['a file that only others may read', secret],
    ['a link to it', () => join(folder, 'secret.yaml')],
    ['a script', script],
    ['a file to be made', () => join(folder, 'made')],
    ['nothing', () => ''],
  ];
  test.each(values)(
    'all at once, with %s, change nothing in sstop',
    (_, value) => {
      rmSync(marker, { force: true });
      chmodSync(secret(), 0o600);
      const before = readdirSync(folder).sort();
      const environment = Object.fromEntries(names().map((name) => [name, value()]));
      for (const args of [['--version'], ['--once', '--csv', '--interval', '100ms']]) {
        const plain = run(target, {}, args);
        const attacked = run(target, environment, args);
        expect([attacked.exitCode, attacked.stderr.toString()]).toEqual([0, plain.stderr.toString()]);
        expect(attacked.stdout.toString().split('\n')[0]).toBe(plain.stdout.toString().split('\n')[0]);
        expect(attacked.stdout.toString()).not.toContain('hush-4711');
      }
      expect(readdirSync(folder).sort()).toEqual(before);
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
