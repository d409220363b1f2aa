import { afterAll, describe, expect, test } from 'bun:test';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { badPages } from './dev/macho/macho-signature.ts';
import { rolesFor } from './dev/release/packed-image.ts';
import { TARGETS } from './dev/target.ts';
import { RELEASE, released, sumsIn } from './testing/released.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
/** A second release takes about three minutes on two processors that do nothing else. */
const LIMIT_MILLIS = 900_000;

const folder = mkdtempSync(`${tmpdir()}/release-`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(command: readonly string[], cwd = folder): string {
  const done = Bun.spawnSync([...command], { cwd, stdout: 'pipe', stderr: 'pipe' });
  expect([command.join(' '), done.exitCode, done.stderr.toString()]).toEqual([command.join(' '), 0, '']);
  return done.stdout.toString();
}

describe('what is released', () => {
  test('is all that SHA256SUMS names, with these sums', () => {
    const names = readdirSync(RELEASE, { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 'SHA256SUMS')
      .map(({ name }) => name);
    expect([...sumsIn(RELEASE).keys()].sort()).toEqual(names.sort());
    run(['sha256sum', '--check', '--quiet', 'SHA256SUMS'], RELEASE);
  });

  const archives = TARGETS.flatMap((target) =>
    rolesFor(target).map((role) => ({ role, target, name: `${role}-${target.name}` })),
  );
  test.each(archives)('$name is one file, called as the program', ({ role, target, name }) => {
    if (target.system === 'windows') {
      expect(run(['unzip', '-Z1', released(`${name}.zip`)])).toBe(`${role}.exe\n`);
      return;
    }
    const line = run(['tar', '-tvzf', released(`${name}.tar.gz`)]);
    expect(line).toMatch(new RegExp(`^-rwxr-xr-x root/root +\\d+ \\S+ \\S+ ${role}\\n$`));
  });

  test.skipIf(Bun.which('xz') === null)(
    'is in the .tar.xz files byte for byte what is in the .tar.gz files (needs xz)',
    () => {
      const sum = (archive: string, flag: string): string =>
        run(['sh', '-c', `tar -xO${flag}f ${released(archive)} | sha256sum`]);
      for (const name of ['sstop-linux-amd64', 'socktop-darwin-arm64']) {
        expect(sum(`${name}.tar.xz`, 'J')).toBe(sum(`${name}.tar.gz`, 'z'));
      }
    },
    LIMIT_MILLIS,
  );

  test('has a bill of materials with every package of the lock file that is in the program, and licences', () => {
    const name = readdirSync(RELEASE).find((one) => one.endsWith('.cdx.json')) ?? '';
    const { components, specVersion } = JSON.parse(readFileSync(released(name), 'utf8'));
    const names: string[] = components.map((component: { name: string }) => component.name);
    expect(specVersion).toBe('1.6');
    expect(names).toEqual(
      expect.arrayContaining(['commander', 'yaml', '@peculiar/x509', '@oven/bun-linux-x64']),
    );
    expect(names).not.toContain('typescript');
    const licenses = readFileSync(released('LICENSES.txt'), 'utf8');
    for (const word of ['JavaScriptCore', 'commander', 'yaml', 'LGPL-2']) expect(licenses).toContain(word);
  });
});

describe('Mach-O files', () => {
  test.each(['darwin-amd64', 'darwin-arm64'])(
    'of %s have a right signature, and one flipped byte is found',
    (name) => {
      const archive = released(`sstop-${name}.tar.gz`);
      const image = Bun.spawnSync(['tar', '-xzOf', archive, 'sstop'], { stdout: 'pipe' }).stdout;
      expect(image.length).toBeGreaterThan(50e6);
      expect(badPages(image)).toEqual([]);
      const page = 4242;
      image[page * 4096 + 17]! ^= 1;
      expect(badPages(image)).toEqual([page]);
    },
  );
});

test(
  'a second release, in another folder, language and time zone, has the same sums',
  () => {
    const copy = `${folder}/another folder/with a longer name`;
    mkdirSync(copy, { recursive: true });
    run(['git', 'clone', '--quiet', ROOT, copy]);
    // What is not committed yet belongs to both.
    const changed = run(
      ['git', 'ls-files', '-z', '--modified', '--others', '--exclude-standard'],
      ROOT,
    ).split('\0');
    for (const path of changed.filter((path) => path !== '' && existsSync(`${ROOT}${path}`))) {
      cpSync(`${ROOT}${path}`, `${copy}/${path}`);
    }
    cpSync(`${ROOT}node_modules`, `${copy}/node_modules`, { recursive: true, verbatimSymlinks: true });
    cpSync(`${ROOT}.cache/runtimes`, `${copy}/.cache/runtimes`, { recursive: true });
    const done = Bun.spawnSync(['npm', 'run', '--silent', 'release', '--', '--no-xz'], {
      cwd: copy,
      env: { ...process.env, TZ: 'Asia/Tokyo', LC_ALL: 'C', HOME: folder },
      stderr: 'pipe',
    });
    expect([done.exitCode, done.stderr.toString()]).toEqual([0, '']);
    const first = sumsIn(RELEASE);
    const second = sumsIn(`${copy}/dist/release`);
    // xz would take most of the time again, and gets the same bytes.
    expect(second.size).toBeGreaterThan(20);
    for (const [name, sum] of second) expect([name, sum]).toEqual([name, first.get(name) ?? '']);
  },
  LIMIT_MILLIS,
);
