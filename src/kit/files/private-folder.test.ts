import { afterAll, beforeAll, expect, test } from 'bun:test';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OpError } from '../errors/op-error.ts';
import { PrivateFolder } from './private-folder.ts';

const NOBODY = 65_534;
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'private-folder-'));
  chmodSync(folder, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

function refusalOf(open: () => PrivateFolder): string {
  try {
    open().close();
    return 'opened';
  } catch (thrown) {
    if (thrown instanceof OpError) return thrown.message;
    throw thrown;
  }
}

test('a folder that others may use is not written to', () => {
  const path = join(folder, 'open');
  mkdirSync(path);
  chmodSync(path, 0o755);
  expect(refusalOf(() => PrivateFolder.toWrite(path))).toContain('other users have access: chmod 700 it');
  expect(refusalOf(() => PrivateFolder.toRead(path))).toBe('opened');
});

test.skipIf(process.geteuid?.() !== 0)(
  "another user's folder is read by root alone, whatever its mode (needs root)",
  () => {
    const path = join(folder, 'of-root');
    mkdirSync(path);
    chmodSync(path, 0o755);
    process.seteuid?.(NOBODY);
    try {
      for (const open of [PrivateFolder.toRead, PrivateFolder.toWrite]) {
        expect(refusalOf(() => open(path))).toBe(`cannot use '${path}': owned by user 0`);
      }
    } finally {
      process.seteuid?.(0);
    }
    expect(refusalOf(() => PrivateFolder.toRead(path))).toBe('opened');
  },
);
