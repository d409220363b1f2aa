import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parsePasswd, UserNames } from './user-names.ts';

test('names follow the file, and unknown users are numbers', () => {
  const etcRoot = mkdtempSync(join(tmpdir(), 'sstop-users-'));
  let micros = 0;
  const users = new UserNames({ etcRoot, clock: () => micros });
  try {
    expect(users.name(1000)).toBe('1000');
    writeFileSync(join(etcRoot, 'passwd'), 'ann:x:1000:1000:::\nlast:x:4294967294:1:::\n');
    expect(users.name(1000)).toBe('1000');
    micros += 1e6;
    expect(users.name(1000)).toBe('ann');
    expect(users.name(-2)).toBe('last');
    expect(users.name(7)).toBe('7');
    writeFileSync(join(etcRoot, 'passwd'), 'anna:x:1000:1000:::\n');
    micros += 1e6;
    expect(users.name(1000)).toBe('anna');
    rmSync(join(etcRoot, 'passwd'));
    micros += 1e6;
    expect(users.name(1000)).toBe('1000');
  } finally {
    rmSync(etcRoot, { recursive: true });
  }
});

test('where the file is none, users are numbers', () => {
  const etcRoot = mkdtempSync(join(tmpdir(), 'sstop-users-'));
  const path = join(etcRoot, 'passwd');
  try {
    symlinkSync('passwd', path);
    expect(new UserNames({ etcRoot }).name(1000)).toBe('1000');
    rmSync(path);
    symlinkSync('hostname/passwd', path);
    writeFileSync(join(etcRoot, 'hostname'), '');
    expect(new UserNames({ etcRoot }).name(1000)).toBe('1000');
    rmSync(path);
    // Who reads a pipe that nobody writes waits for ever.
    expect(Bun.spawnSync(['mkfifo', path]).success).toBe(true);
    expect(new UserNames({ etcRoot }).name(1000)).toBe('1000');
    rmSync(path);
    writeFileSync(path, 'ann:x:1000:1000:::\n');
    expect(new UserNames({ etcRoot }).name(1000)).toBe('ann');
    truncateSync(path, 2 ** 32);
    expect(new UserNames({ etcRoot }).name(1000)).toBe('1000');
  } finally {
    rmSync(etcRoot, { recursive: true });
  }
});

test("this system's own file", () => {
  expect(new UserNames().name(0)).toBe('root');
});

test('who is not in the file is looked up beside, once for all that ask, and again after a while', async () => {
  const etcRoot = mkdtempSync(join(tmpdir(), 'sstop-users-'));
  writeFileSync(join(etcRoot, 'passwd'), 'ann:x:1000:1000:::\n');
  let micros = 0;
  const asked: (readonly number[])[] = [];
  let answer = new Map([[64321, 'ldapanna']]);
  let done = Promise.withResolvers<void>();
  const lookup = async (uids: readonly number[]) => {
    asked.push(uids);
    await done.promise;
    return answer;
  };
  const users = new UserNames({ etcRoot, clock: () => micros, lookup });
  const settle = async () => {
    done.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    done = Promise.withResolvers();
  };
  try {
    expect([64321, 1000, 7, 64321].map((uid) => users.name(uid))).toEqual(['64321', 'ann', '7', '64321']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toEqual([[64321, 7]]);
    expect(users.name(64321)).toBe('64321');
    await settle();
    expect([64321, 7].map((uid) => users.name(uid))).toEqual(['ldapanna', '7']);
    expect(asked).toHaveLength(1);
    // The server is gone: the name stays.
    micros += 301e6;
    answer = new Map();
    expect(users.name(64321)).toBe('ldapanna');
    await settle();
    expect(users.name(64321)).toBe('ldapanna');
    expect(asked).toEqual([[64321, 7], [64321]]);
  } finally {
    rmSync(etcRoot, { recursive: true });
  }
});

test('a system without getent is not asked twice', async () => {
  let count = 0;
  const users = new UserNames({
    lookup: async () => {
      count++;
      return undefined;
    },
  });
  users.name(64321);
  await new Promise((resolve) => setImmediate(resolve));
  users.name(64322);
  await new Promise((resolve) => setImmediate(resolve));
  expect(count).toBe(1);
});

test('names by uid, the first of two, and nothing from lines that are no entries', () => {
  const text = [
    'root:x:0:0:root:/root:/bin/sh',
    'toor:x:0:0::/root:/bin/sh',
    '# comment:x:5:5',
    '+nis:x:6:6',
    '+::::::',
    ':x:7:7:::',
    'negative:x:-1:1:::',
    'huge:x:4294967295:1:::',
    'words:x:abc:1:::',
    'cut:x',
    'www data:x:33:33:::',
    'last:x:4294967294:1',
  ].join('\n');
  expect([...parsePasswd(text)]).toEqual([
    [0, 'root'],
    [33, 'www data'],
    [4294967294, 'last'],
  ]);
  expect(parsePasswd('').size).toBe(0);
});
