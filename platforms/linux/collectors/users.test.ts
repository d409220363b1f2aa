import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserNames } from './users.ts';

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

test("this system's own file", () => {
  expect(new UserNames().name(0)).toBe('root');
});
