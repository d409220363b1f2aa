import { describe, expect, test } from 'bun:test';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NativeBuffer } from '../libc.ts';
import { KeptFile, KeptText } from './kept-file.ts';

/** A pipe has no places to read from. */
const ESPIPE = 29;

describe('a kept text', () => {
  // The kernel hands out a list a page at a time: mounts, disks, CPUs, and the mappings of this process, which are many.
  test.each([64, 4096, 1 << 20])('is whole with a buffer of %d bytes, each time', (size) => {
    const text = new KeptText('/proc/self/smaps', size);
    for (const _ of [1, 2]) {
      expect(text.read()).toBe(0);
      const lines = Buffer.from(text.buffer.bytes.subarray(0, text.length)).toString().split('\n');
      expect(text.length).toBeGreaterThan(2 * 4096);
      expect(lines.some((line) => line.endsWith('[stack]'))).toBe(true);
      expect(lines.at(-1)).toBe('');
    }
    text.close();
  });

  test('is cut at its limit', () => {
    const text = new KeptText('/proc/self/smaps', 64, 1000);
    expect(text.read()).toBe(0);
    expect(text.length).toBe(1000);
    text.close();
  });

  test('that is not there is empty', () => {
    const text = new KeptText('/proc/self/none');
    expect(text.read()).toBeLessThan(0);
    expect(text.length).toBe(0);
  });
});

test('a pipe in the place of a file is an error, and nobody waits for it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kept-file-'));
  const path = join(folder, 'stat');
  expect(Bun.spawnSync(['mkfifo', path]).success).toBe(true);
  expect(new KeptText(path).read()).toBe(-ESPIPE);
  rmSync(folder, { recursive: true });
});

test('a thousand files leave descriptors for all else, and are read each time', () => {
  const open = (): number => readdirSync('/proc/self/fd').length;
  const before = open();
  const files = Array.from({ length: 1000 }, () => new KeptFile('/proc/self/stat'));
  const text = new NativeBuffer(1024);
  for (const _ of [1, 2]) {
    for (const file of files) expect(file.read(text)).toBeGreaterThan(0);
    expect(open() - before).toBeLessThan(200);
  }
  for (const file of files) file.close();
  expect(open()).toBeLessThanOrEqual(before);
});
