import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import {
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '../../kit/bytes/hostile.fixture.ts';
import { writeWhole } from './atomic-file.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'socktop-atomic-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the temporary file', () => {
  test('is a new one: a link in its place leads nowhere and stays', () => {
    const [path, victim] = [join(folder, 'a.json'), join(folder, 'victim')];
    writeFileSync(victim, 'precious');
    symlinkSync(victim, `${path}.first.new`);
    const suffixes = ['first', 'second'];
    writeWhole(path, 'text', () => suffixes.shift()!);
    expect(readFileSync(victim, 'utf8')).toBe('precious');
    expect(readFileSync(path, 'utf8')).toBe('text');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).sort()).toEqual(['a.json', 'a.json.first.new', 'victim']);
    expect(codeOf(() => writeWhole(path, 'other', () => 'first'))).toBe('EEXIST');
    expect(readlinkSync(`${path}.first.new`)).toBe(victim);
  });

  test('has a name that cannot be told, and is gone where the file cannot be replaced', () => {
    const path = join(folder, 'occupied');
    mkdirSync(join(path, 'full'), { recursive: true });
    expect(codeOf(() => writeWhole(path, 'text'))).toMatch(/EISDIR|EEXIST|ENOTEMPTY/);
    expect(readdirSync(folder)).toEqual(['occupied']);
  });
});

describe('a link', () => {
  test('that leads to where nothing is yet stays one, over several and relative', () => {
    const path = join(folder, 'a.json');
    mkdirSync(join(folder, 'real/inner'), { recursive: true });
    symlinkSync(join(folder, 'real/inner'), join(folder, 'dots'));
    symlinkSync('dots/b.json', path);
    symlinkSync('../elsewhere.json', join(folder, 'real/inner/b.json'));
    writeWhole(path, 'text');
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(folder, 'real/elsewhere.json'), 'utf8')).toBe('text');
    writeWhole(path, 'more');
    expect(readFileSync(path, 'utf8')).toBe('more');
  });

  test('that leads into a circle or to no folder is an error, and stays', () => {
    const path = join(folder, 'a.json');
    symlinkSync('a.json', path);
    expect(codeOf(() => writeWhole(path, 'text'))).toBe('ELOOP');
    rmSync(path);
    symlinkSync('nowhere/b.json', path);
    expect(codeOf(() => writeWhole(path, 'text'))).toBe('ENOENT');
    expect(readdirSync(folder)).toEqual(['a.json']);
  });

  test.if(process.getuid?.() === 0)('of another user is not followed (needs root)', () => {
    const [path, victim] = [join(folder, 'a.json'), join(folder, 'victim')];
    writeFileSync(victim, 'precious');
    symlinkSync(victim, path);
    lchownSync(path, 65534, 65534);
    expect(codeOf(() => writeWhole(path, 'text'))).toBe('FOREIGN_LINK');
    expect(readFileSync(victim, 'utf8')).toBe('precious');
  });
});
