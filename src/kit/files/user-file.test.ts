import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toOpError } from '../errors/op-error.ts';
import {
  createNew,
  OpenFile,
  openToAppend,
  openToRead,
  readText,
  readWhole,
  useUserRights,
  writeNew,
} from './user-file.ts';

let folder = '';
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'user-file-'));
  writeFileSync(at('ten'), '0123456789');
  mkdirSync(at('folder'));
  Bun.spawnSync(['mkfifo', at('pipe')]);
});
afterAll(() => rmSync(folder, { recursive: true }));

function codeOf(work: () => unknown): string {
  try {
    work();
    return 'none';
  } catch (thrown) {
    return toOpError('test', thrown).code;
  }
}

describe('reading', () => {
  test('takes a regular file of at most the limit', () => {
    expect(readText(at('ten'), 10)).toBe('0123456789');
    expect(codeOf(() => readWhole(at('ten'), 9))).toBe('TOO_LONG');
  });

  test('bounds files that do not say how long they are', () => {
    expect(statSync('/proc/self/maps').size).toBe(0);
    expect(codeOf(() => readWhole('/proc/self/maps', 100))).toBe('TOO_LONG');
  });

  test.each([
    ['folder', 'EISDIR'],
    ['pipe', 'NOT_A_FILE'],
    ['/dev/zero', 'NOT_A_FILE'],
    ['/dev/tty', /^(NOT_A_FILE|ENXIO)$/],
    ['none', 'ENOENT'],
  ])('refuses %s at once', (name, code) => {
    const path = name.startsWith('/') ? name : at(name);
    expect(codeOf(() => readWhole(path, 1 << 20))).toMatch(code);
    expect(codeOf(() => openToRead(path))).toMatch(code);
  });
});

describe('creating', () => {
  test('takes no name that is in use, a link to nothing too', () => {
    symlinkSync(at('nowhere'), at('link'));
    for (const name of ['ten', 'folder', 'pipe', 'link']) {
      expect(codeOf(() => createNew(at(name), 0o600))).toBe('EEXIST');
      expect(codeOf(() => writeNew(at(name), 'text', 0o600))).toBe('EEXIST');
    }
    writeNew(at('new'), 'text', 0o640);
    expect(readFileSync(at('new'), 'utf8')).toBe('text');
  });
});

describe('the rights of the user', () => {
  afterEach(() => useUserRights((work) => work()));

  test('are asked for around every opening', async () => {
    let asked = 0;
    useUserRights((work) => {
      asked++;
      return work();
    });
    const opened: (() => unknown)[] = [
      () => readWhole(at('ten'), 10),
      () => openToRead(at('ten')),
      () => createNew(at('created'), 0o600),
      () => writeNew(at('written'), '', 0o600),
      () => openToAppend(at('appended'), 0o600),
      () => OpenFile.toRead(at('ten')),
      () => OpenFile.toCreate(at('open'), 0o600),
    ];
    for (const [count, open] of opened.entries()) {
      open();
      expect(asked).toBe(count + 1);
    }
  });
});
