import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rememberedUnits, rememberUnits, statePath } from './remembered.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'remembered-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('units are remembered in a folder that is made, beside what else is in the file', () => {
  const path = statePath(join(folder, 'a', 'socktop'));
  expect(rememberedUnits(path)).toBeUndefined();
  rememberUnits(path, 'bits');
  expect(rememberedUnits(path)).toBe('bits');
  writeFileSync(path, '{"other": [1], "units": "bits"}');
  rememberUnits(path, 'bytes');
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ other: [1], units: 'bytes' });
});

test.each(['', 'x', '[]', 'null', '{"units": 3}', '{"units": "nibbles"}', '{'])(
  '%j remembers nothing',
  (text) => {
    const path = statePath(folder);
    writeFileSync(path, text);
    expect(rememberedUnits(path)).toBeUndefined();
  },
);
