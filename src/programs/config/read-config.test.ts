import { afterAll, describe, expect, test } from 'bun:test';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defaultConfig } from './config.ts';
import { problemText } from './config-problem.ts';
import { configPath, readConfig } from './read-config.ts';
import { VOCABULARY } from './vocabulary.fixture.ts';

const FOLDER = mkdtempSync(`${tmpdir()}/config-`);
const DEFAULTS = defaultConfig(VOCABULARY);
const isRoot = process.getuid?.() === 0;

afterAll(() => rmSync(FOLDER, { recursive: true }));

function read(path: string) {
  const { config, problems } = readConfig(path, VOCABULARY);
  return { config, lines: problems.map(problemText) };
}

function fileOf(name: string, content: string | Uint8Array): string {
  const path = `${FOLDER}/${name}`;
  writeFileSync(path, content);
  return path;
}

test('the file is config.yaml of the folder', () => {
  expect(configPath('/home/me/.config/socktop')).toBe('/home/me/.config/socktop/config.yaml');
});

describe('a file', () => {
  test('is read, and named in full in its problems', () => {
    const path = fileOf('good.yaml', 'theme: ansi16\nsort: x\n');
    const { config, lines } = read(path);
    expect(config).toEqual({ ...DEFAULTS, theme: 'ansi16' });
    expect(lines[0]).toStartWith(`${path}:2:7: unknown sort key 'x'. Accepted: `);
  });

  test('that is not there is no problem', () => {
    const file = fileOf('file', '');
    for (const path of [`${FOLDER}/none.yaml`, `${FOLDER}/none/config.yaml`, `${file}/config.yaml`]) {
      expect(read(path)).toEqual({ config: DEFAULTS, lines: [] });
    }
  });

  test('may be empty, or begin with a byte order mark', () => {
    expect(read(fileOf('empty.yaml', ''))).toEqual({ config: DEFAULTS, lines: [] });
    expect(read(fileOf('bom.yaml', '\ufefftheme: ansi16')).config.theme).toBe('ansi16');
  });

  test.each([
    ['of 256 KiB is read', 256 * 1024, undefined],
    ['of a byte more is not', 256 * 1024 + 1, 'longer than 256 KiB'],
    ['of 3 MiB is not', 3 * 1024 * 1024, 'longer than 256 KiB'],
  ])('%s', (_name, length, expected) => {
    const path = fileOf('long.yaml', `theme: ansi16\n#${'x'.repeat(length - 15)}`);
    const { config, lines } = read(path);
    expect(lines).toEqual(expected === undefined ? [] : [`${path}: ${expected}: nothing in it applies`]);
    expect(config.theme).toBe(expected === undefined ? 'ansi16' : 'tokyo-night');
  });
});

describe('what is no file is one problem', () => {
  const loop = `${FOLDER}/loop.yaml`;
  symlinkSync(loop, loop);
  mkdirSync(`${FOLDER}/folder.yaml`);
  Bun.spawnSync(['mkfifo', `${FOLDER}/pipe.yaml`]);
  fileOf('utf16.yaml', new Uint8Array([0xff, 0xfe, 0x74, 0x00]));
  fileOf('latin1.yaml', new Uint8Array([0x23, 0xe9]));
  const cases: readonly (readonly [string, string])[] = [
    [`${FOLDER}/folder.yaml`, 'is a directory, not a file'],
    [`${FOLDER}/pipe.yaml`, 'is not a file'],
    ['/dev/zero', 'is not a file'],
    [loop, 'is a symbolic link that leads to itself'],
    [`${FOLDER}/utf16.yaml`, 'is not UTF-8 text'],
    [`${FOLDER}/latin1.yaml`, 'is not UTF-8 text'],
    [`${FOLDER}/${'x'.repeat(300)}`, 'cannot be read (ENAMETOOLONG)'],
  ];

  test.each(cases)('%s', (path, expected) => {
    expect(read(path)).toEqual({ config: DEFAULTS, lines: [`${path}: ${expected}: nothing in it applies`] });
  });

  const reader = fileURLToPath(new URL('./read-config.fixture.ts', import.meta.url));

  test.skipIf(!isRoot)('a file without permission (needs root, to become somebody else)', () => {
    const path = fileOf('secret.yaml', 'theme: ansi16');
    chmodSync(path, 0o600);
    chmodSync(FOLDER, 0o755);
    const child = Bun.spawnSync([process.execPath, reader, path]);
    expect(child.stdout.toString()).toBe(`${path}: permission to read it denied: nothing in it applies\n`);
  });

  test('the reader makes no code from text', () => {
    const path = fileOf('plain.yaml', 'theme: ansi16\nkeys: {pause: [p, ctrl+i]}\n');
    const strict = '--disallow-code-generation-from-strings=strict';
    const child = Bun.spawnSync([process.execPath, strict, reader, path, 'stay']);
    expect(child.stdout.toString()).toBe(
      `${path}:2:19: no chord: 'ctrl+i'. For terminals that is the key 'tab'\n`,
    );
    expect(child.exitCode).toBe(0);
  });
});
