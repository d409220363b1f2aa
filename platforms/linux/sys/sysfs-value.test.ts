import { afterAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { listDirectory } from './sysfs-value.ts';

const NAMES = ['sda', 'nvme0n1', 'nvme0n1p2', 'nvme0n1p10', 'nvme10n1', 'hwmon2', 'hwmon10', 'cpu', 'cpu9'];
const folder = mkdtempSync(`${tmpdir()}/sysfs-value-`);

afterAll(() => rmSync(folder, { recursive: true }));

test('a directory is listed by the numbers in its names', () => {
  for (const name of NAMES) writeFileSync(`${folder}/${name}`, '');
  const expected = NAMES.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  expect(listDirectory(folder)).toEqual(expected);
  expect(listDirectory(`${folder}/none`)).toEqual([]);
});
