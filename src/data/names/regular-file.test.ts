import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OpError } from '../../kit/errors/op-error.ts';
import { readRegularFile } from './regular-file.ts';

const codeOf = (path: string, limit = 100): Promise<string> =>
  readRegularFile(path, limit).then(
    (bytes) => bytes.toString(),
    (error) => (error instanceof OpError ? error.code : 'not an OpError'),
  );

test('reads files alone, and none that is too large', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'regular-file-'));
  try {
    writeFileSync(join(folder, 'file'), 'x'.repeat(100));
    Bun.spawnSync(['mkfifo', join(folder, 'pipe')]);
    expect(await codeOf(join(folder, 'file'))).toBe('x'.repeat(100));
    expect(await codeOf(join(folder, 'file'), 99)).toBe('TOO_LARGE');
    expect(await codeOf(join(folder, 'pipe'))).toBe('NOT_A_FILE');
    expect(await codeOf(folder)).toBe('NOT_A_FILE');
    expect(await codeOf('/dev/zero')).toBe('NOT_A_FILE');
    expect(await codeOf(join(folder, 'none'))).toBe('ENOENT');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
