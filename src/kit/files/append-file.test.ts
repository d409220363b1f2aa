import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import {
  chmodSync,
  chownSync,
  closeSync,
  lchownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toOpError } from '../errors/op-error.ts';
import { openToAppend } from './user-file.ts';

const OTHER_USER = 65534;
let folder = '';
/** As /tmp is: everybody may leave files there. */
let shared = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'append-file-'));
  shared = join(folder, 'shared');
  mkdirSync(shared);
  chmodSync(shared, 0o1777);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Appends a word; the code of what refused it, or `ok`. */
function append(path: string): string {
  try {
    const descriptor = openToAppend(path, 0o600);
    writeSync(descriptor, 'word');
    closeSync(descriptor);
    return 'ok';
  } catch (thrown) {
    return toOpError('test', thrown).code;
  }
}

describe('appending', () => {
  test('creates a file, then goes on in it, and in one that a link of the user leads to', () => {
    const path = join(shared, 'log');
    symlinkSync('log', join(shared, 'link'));
    expect([append(path), append(path), append(join(shared, 'link'))]).toEqual(['ok', 'ok', 'ok']);
    expect(readFileSync(path, 'utf8')).toBe('wordwordword');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('refuses what is no file', () => {
    expect(append(shared)).toBe('EISDIR');
    Bun.spawnSync(['mkfifo', join(folder, 'pipe')]);
    expect(append(join(folder, 'pipe'))).toBe('ENXIO');
    symlinkSync('loop', join(folder, 'loop'));
    expect(append(join(folder, 'loop'))).toBe('ELOOP');
  });

  test('writes to what is open already, by its name in /dev', () => {
    const script = `const { openToAppend } = await import(${JSON.stringify(import.meta.resolve('./user-file.ts'))});
      require('node:fs').writeSync(openToAppend('/dev/stderr', 0o600), 'word');`;
    const piped = ['sh', '-c', '"$0" -e "$1" 2>&1 >/dev/null | cat', process.execPath, script];
    expect(String(Bun.spawnSync(piped).stdout)).toBe('word');
  });
});

describe.skipIf(process.geteuid?.() !== 0)('what another user has put there (needs root)', () => {
  test('a link is not followed, wherever it leads', () => {
    const victim = join(folder, 'victim');
    writeFileSync(victim, 'keep');
    for (const target of [victim, join(folder, 'nothing')]) {
      const link = join(shared, 'link');
      symlinkSync(target, link);
      lchownSync(link, OTHER_USER, OTHER_USER);
      expect(append(link)).toBe('FOREIGN_LINK');
      rmSync(link);
    }
    symlinkSync(victim, join(shared, 'theirs'));
    lchownSync(join(shared, 'theirs'), OTHER_USER, OTHER_USER);
    symlinkSync('theirs', join(shared, 'own'));
    expect(append(join(shared, 'own'))).toBe('FOREIGN_LINK');
    expect(readFileSync(victim, 'utf8')).toBe('keep');
  });

  test('a link among the folders is not followed either, unless it is the user’s', () => {
    const victim = join(folder, 'victim');
    writeFileSync(victim, 'keep');
    const link = join(shared, 'folder');
    symlinkSync(folder, link);
    expect(append(join(link, 'victim'))).toBe('ok');
    writeFileSync(victim, 'keep');
    lchownSync(link, OTHER_USER, OTHER_USER);
    expect(append(join(link, 'victim'))).toBe('FOREIGN_LINK');
    expect(readFileSync(victim, 'utf8')).toBe('keep');
  });

  test('a file or a second name of a file is not appended to in a shared folder, and is elsewhere', () => {
    for (const place of [shared, folder]) {
      const path = join(place, 'theirs');
      writeFileSync(path, '');
      chownSync(path, OTHER_USER, OTHER_USER);
      expect(append(path)).toBe(place === shared ? 'FOREIGN_FILE' : 'ok');
      writeFileSync(join(place, 'own'), '');
      linkSync(join(place, 'own'), join(place, 'second'));
      expect(append(join(place, 'second'))).toBe(place === shared ? 'FOREIGN_FILE' : 'ok');
    }
  });
});
