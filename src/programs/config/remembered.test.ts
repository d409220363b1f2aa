import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { remember, remembered, statePath } from './remembered.ts';

let folder = '';

const unitsIn = (path: string) => remembered(path, { socktopColumns: [] }).units;
const columnsIn = (path: string, ...socktopColumns: string[]) =>
  remembered(path, { socktopColumns }).socktopColumns;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'remembered-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('units are remembered in a folder that is made, beside what else is in the file', () => {
  const path = statePath(join(folder, 'a', 'socktop'));
  expect(unitsIn(path)).toBeUndefined();
  remember(path, { units: 'bits' });
  expect(unitsIn(path)).toBe('bits');
  writeFileSync(path, '{"other": [1], "units": "bits"}');
  remember(path, { units: 'bytes' });
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ other: [1], units: 'bytes' });
});

test.each(['', 'x', '[]', 'null', '{"units": 3}', '{"units": "nibbles"}', '{'])(
  '%j remembers nothing',
  (text) => {
    const path = statePath(folder);
    writeFileSync(path, text);
    expect(unitsIn(path)).toBeUndefined();
    expect(columnsIn(path, 'pid')).toBeUndefined();
  },
);

test('columns are remembered in their order, each once; those of another version are passed over', () => {
  const path = statePath(folder);
  remember(path, { 'socktop-columns': ['cpu', 'pid'] });
  expect(columnsIn(path, 'pid', 'user', 'cpu')).toEqual(['cpu', 'pid']);
  writeFileSync(path, '{"socktop-columns": ["new", "cpu", 7, "cpu", "pid"]}');
  expect(columnsIn(path, 'pid', 'user', 'cpu')).toEqual(['cpu', 'pid']);
  expect(columnsIn(path, 'user')).toBeUndefined();
});
