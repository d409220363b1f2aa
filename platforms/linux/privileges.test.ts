import { expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  CAPABILITY_NAMES,
  hasCapability,
  missingForOwners,
  parseFileCapabilities,
  parsePrivileges,
  readFileCapabilities,
} from './privileges.ts';

const canSetCapabilities = process.geteuid?.() === 0 && Bun.which('setcap') !== null;

const status = (uid: string, effective: string, rest = ''): string =>
  `Name:\tsstop\nUid:\t1000\t${uid}\t1000\t1000\nGid:\t0\t0\t0\t0\nCapPrm:\t0\nCapEff:\t${effective}\n${rest}`;

test('the capabilities in force are read from the hexadecimal mask', () => {
  const privileges = parsePrivileges(
    status('1000', '0000000000080004', 'CapBnd:\t000001fffeffffff\nNoNewPrivs:\t1\nSeccomp:\t2\n'),
  );
  expect(privileges).toEqual({
    ...{ effectiveUid: 1000, effective: 0x80004n, bounding: 0x1fffeffffffn },
    ...{ hasNoNewPrivileges: true, hasSeccompFilter: true },
  });
  const held = CAPABILITY_NAMES.filter((name) => hasCapability(0x80004n, name));
  expect(held).toEqual(['cap_dac_read_search', 'cap_sys_ptrace']);
  expect(hasCapability(1n << 39n, 'cap_bpf')).toBe(true);
  expect(hasCapability((1n << 39n) - 1n, 'cap_bpf')).toBe(false);
});

test('old kernels have fewer lines, and nothing is bounded or filtered by what is not there', () => {
  const privileges = parsePrivileges(status('0', '0000003fffffffff'));
  expect(privileges).toMatchObject({ bounding: 2n ** 64n - 1n, hasNoNewPrivileges: false });
});

test('texts without user or capabilities are refused', () => {
  for (const text of ['', 'Uid:\t0\t0\t0\t0\n', 'CapEff:\t0\n', status('x', '0'), status('0', 'zz')]) {
    expect(parsePrivileges(text)).toBeUndefined();
  }
  fc.assert(fc.property(fc.string(), (text) => parsePrivileges(text) === undefined));
});

test('this very process is read as the kernel shows it', () => {
  const privileges = parsePrivileges(readFileSync('/proc/self/status', 'utf8'));
  expect(privileges?.effectiveUid).toBe(process.geteuid?.() ?? -1);
});

test('cap_dac_override stands in for cap_dac_read_search, and nothing for cap_sys_ptrace', () => {
  expect(missingForOwners(0n)).toEqual(['cap_sys_ptrace', 'cap_dac_read_search']);
  expect(missingForOwners(1n << 1n)).toEqual(['cap_sys_ptrace']);
  expect(missingForOwners((1n << 19n) | (1n << 1n))).toEqual([]);
  expect(missingForOwners((1n << 19n) | (1n << 2n))).toEqual([]);
});

/** `struct vfs_cap_data` of some revision. */
function attribute(magic: number, words: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from([magic, ...words]).buffer);
}

test("a file's capabilities are read in revisions 2 and 3", () => {
  const bytes = attribute(0x02000001, [0x80004, 0, 1 << 7, 0]);
  expect(parseFileCapabilities(bytes, 20)).toBe((1n << 39n) | 0x80004n);
  const namespaced = attribute(0x03000000, [4, 0, 0, 0, 1000]);
  expect(parseFileCapabilities(namespaced, 24)).toBe(4n);
});

test('an attribute of another length or revision is refused', () => {
  const bytes = attribute(0x02000001, [4, 0, 0, 0, 0]);
  for (const length of [0, 4, 12, 19, 21, 24, 64])
    expect(parseFileCapabilities(bytes, length)).toBeUndefined();
  expect(parseFileCapabilities(attribute(0x01000001, [4, 0, 0, 0]), 20)).toBeUndefined();
  expect(parseFileCapabilities(attribute(0x04000001, [4, 0, 0, 0]), 20)).toBeUndefined();
});

test.skipIf(!canSetCapabilities)('what setcap gives is read back (needs root and setcap)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sstop-capabilities-'));
  try {
    const path = join(folder, 'file');
    writeFileSync(path, '');
    expect(readFileCapabilities(path)).toBeUndefined();
    Bun.spawnSync(['setcap', 'cap_sys_ptrace,cap_bpf+ep', path]);
    expect(readFileCapabilities(path)).toBe((1n << 39n) | (1n << 19n));
    expect(() => readFileCapabilities(join(folder, 'missing'))).toThrow(/ENOENT/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
