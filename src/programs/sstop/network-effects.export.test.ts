import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toOpError } from '../../kit/errors/op-error.ts';
import { exportFile } from './network-effects.ts';

/** In local time, as the clock on the screen. */
const NOW = new Date(2024, 0, 2, 3, 4, 7);
const NOBODY = 65_534;
const NAME = 'sstop-20240102-030407';

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sstop-export-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (thrown) {
    return toOpError('test', thrown).code;
  }
  return 'none';
}

/** Root may write to read-only folders; nobody else may. */
function asNobody<T>(action: () => T): T {
  if (process.getuid?.() !== 0) return action();
  process.seteuid?.(NOBODY);
  try {
    return action();
  } finally {
    process.seteuid?.(0);
  }
}

test('the file is named after the moment and holds the text', () => {
  const path = exportFile(directory, 'a,b\n1,漢\n', NOW);
  expect(path).toBe(join(directory, `${NAME}.csv`));
  expect(readFileSync(path, 'utf8')).toBe('a,b\n1,漢\n');
});

test('no file is overwritten: further ones of the second are numbered', () => {
  writeFileSync(join(directory, `${NAME}.csv`), 'mine');
  const paths = [exportFile(directory, 'two', NOW), exportFile(directory, 'three', NOW)];
  expect(paths).toEqual([join(directory, `${NAME}-2.csv`), join(directory, `${NAME}-3.csv`)]);
  expect(readFileSync(join(directory, `${NAME}.csv`), 'utf8')).toBe('mine');
  expect(paths.map((path) => readFileSync(path, 'utf8'))).toEqual(['two', 'three']);
});

test('a link that waits under the name is not followed', () => {
  const target = join(directory, 'target');
  symlinkSync(target, join(directory, `${NAME}.csv`));
  expect(exportFile(directory, 'text', NOW)).toEndWith('-2.csv');
  expect(existsSync(target)).toBe(false);
  expect(lstatSync(join(directory, `${NAME}.csv`)).isSymbolicLink()).toBe(true);
});

test.each([
  [0o022, 0o644],
  [0o077, 0o600],
  [0o000, 0o644],
])('with umask %o the mode is %o', (umask, mode) => {
  const before = process.umask(umask);
  try {
    expect(statSync(exportFile(directory, 'text', NOW)).mode & 0o777).toBe(mode);
  } finally {
    process.umask(before);
  }
});

describe('what cannot be written is an error with its code', () => {
  test('a folder that is not there', () => {
    expect(codeOf(() => exportFile(join(directory, 'none'), 'text', NOW))).toBe('ENOENT');
  });

  test('a file in place of a folder', () => {
    writeFileSync(join(directory, 'file'), '');
    expect(codeOf(() => exportFile(join(directory, 'file'), 'text', NOW))).toBe('ENOTDIR');
  });

  test('a read-only folder', () => {
    chmodSync(directory, 0o555);
    expect(codeOf(() => asNobody(() => exportFile(directory, 'text', NOW)))).toBe('EACCES');
    expect(readdirSync(directory)).toEqual([]);
  });

  test('a folder that takes no files from anybody', () => {
    expect(['ENOENT', 'EACCES', 'EROFS', 'EPERM']).toContain(
      codeOf(() => exportFile('/proc/self', 'text', NOW)),
    );
  });

  test('as many files of one second as there may be', () => {
    for (let count = 0; count < 99; count++) exportFile(directory, '', NOW);
    expect(codeOf(() => exportFile(directory, '', NOW))).toBe('EEXIST');
  });
});
