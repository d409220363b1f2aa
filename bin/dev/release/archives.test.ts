import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { deflated, gzipOf } from './gzip.ts';
import { type TarMember, tarEnd, tarOf, tarStart } from './tar.ts';
import { canMakeXz, joinXz, xz } from './xz.ts';
import { zipOf } from './zip.ts';

const SECONDS = 1_764_000_000;
const contents = new Uint8Array(Buffer.from('contents of a program, '.repeat(40_000)));
const program: TarMember = { name: 'sstop', kind: 'file', mode: 0o755, contents };
const needs = (tool: string): string => (Bun.which(tool) === null ? ` (needs ${tool})` : '');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(`${tmpdir()}/archives-`);
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(...command: readonly string[]): string {
  const done = Bun.spawnSync([...command], { cwd: folder, env: { ...process.env, TZ: 'UTC' } });
  expect(done.stderr.toString()).toBe('');
  expect(done.exitCode).toBe(0);
  return done.stdout.toString();
}

describe('an archive of one file', () => {
  const start = tarStart([], program, SECONDS);
  const end = tarEnd(contents);

  test('is what tar and gzip read, with owner, mode and date', () => {
    writeFileSync(`${folder}/a.tar.gz`, gzipOf(start, end, deflated(new Uint8Array(end))));
    run('gzip', '-t', 'a.tar.gz');
    expect(run('tar', '-tvzf', 'a.tar.gz').trim().replaceAll(/ +/g, ' ')).toBe(
      '-rwxr-xr-x root/root 920000 2025-11-24 16:00 sstop',
    );
    run('tar', '-xzf', 'a.tar.gz');
    expect(readFileSync(`${folder}/sstop`).equals(contents)).toBe(true);
    expect(statSync(`${folder}/sstop`).mode & 0o777).toBe(0o755);
  });

  test.skipIf(!canMakeXz())(`joined from two .xz files is one stream${needs('xz')}`, async () => {
    const joined = joinXz([await xz(start, folder), await xz(end, folder)]);
    writeFileSync(`${folder}/a.tar.xz`, joined);
    run('xz', '--test', 'a.tar.xz');
    expect(run('xz', '--robot', '--list', 'a.tar.xz')).toContain('file\t1\t2\t');
    expect(run('tar', '-xJOf', 'a.tar.xz', 'sstop')).toBe(Buffer.from(contents).toString());
    expect(() => joinXz([joined.subarray(0, -1)])).toThrow('no end of a stream');
  });

  test.skipIf(Bun.which('unzip') === null)(`for Windows is a zip${needs('unzip')}`, () => {
    writeFileSync(`${folder}/a.zip`, zipOf('socktop.exe', { contents, packed: deflated(contents) }, SECONDS));
    expect(run('unzip', '-t', 'a.zip')).toContain('No errors detected');
    run('unzip', '-q', 'a.zip');
    expect(readFileSync(`${folder}/socktop.exe`).equals(contents)).toBe(true);
    expect(statSync(`${folder}/socktop.exe`).mode & 0o777).toBe(0o755);
    expect(statSync(`${folder}/socktop.exe`).mtimeMs / 1000).toBe(SECONDS);
  });
});

test('folders, files and links keep their order and their modes', () => {
  const members: TarMember[] = [
    { name: 'usr/', kind: 'folder', mode: 0o755 },
    { name: 'usr/note', kind: 'file', mode: 0o644, contents: new Uint8Array(700) },
    { name: 'usr/alias', kind: 'link', mode: 0o777, target: 'note' },
    program,
  ];
  writeFileSync(`${folder}/b.tar`, tarOf(members, 0));
  expect(run('tar', '-tvf', 'b.tar').trim().replaceAll(/ +/g, ' ').split('\n')).toEqual([
    'drwxr-xr-x root/root 0 1970-01-01 00:00 usr/',
    '-rw-r--r-- root/root 700 1970-01-01 00:00 usr/note',
    'lrwxrwxrwx root/root 0 1970-01-01 00:00 usr/alias -> note',
    '-rwxr-xr-x root/root 920000 1970-01-01 00:00 sstop',
  ]);
  expect(() => tarOf([{ ...program, name: 'x'.repeat(101) }], 0)).toThrow('too long');
});
