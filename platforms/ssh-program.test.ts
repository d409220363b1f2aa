import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { findSsh, startSshProgram } from './ssh-program.ts';

let folder = '';
let path = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ssh-program-'));
  path = join(folder, 'ssh');
  mkdirSync(join(folder, 'folder/ssh'), { recursive: true });
  mkdirSync(join(folder, 'plain'));
  writeFileSync(join(folder, 'plain/ssh'), '');
  writeFileSync(path, '#!/bin/sh\necho "$*"\nread -r line\necho "$line"\necho done >&2\nexit 7\n');
  chmodSync(path, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the ssh of the user', () => {
  test('is the first program of that name in the absolute folders of PATH', () => {
    const here = relative(process.cwd(), folder);
    const search = (...folders: readonly string[]): string | undefined =>
      findSsh({ PATH: folders.join(':') }, 'linux');
    expect(search('/proc/nonexistent', join(folder, 'folder'), join(folder, 'plain'), folder)).toBe(path);
    expect(search(here, '', '.')).toBeUndefined();
    expect(findSsh({}, 'linux')).toBeUndefined();
    expect(findSsh({ PATH: folder }, 'win32')).toBeUndefined();
  });

  test('is started with the arguments as they are, written to, and heard to its end', async () => {
    const before = process.env['PATH'];
    process.env['PATH'] = `${folder}:${before ?? ''}`;
    const said = { output: '', complaint: '' };
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    const program = startSshProgram(['--', 'a b', '$(x)'], false, {
      output: (chunk) => {
        said.output += Buffer.from(chunk).toString();
      },
      complaint: (chunk) => {
        said.complaint += Buffer.from(chunk).toString();
      },
      ended: resolve,
    });
    process.env['PATH'] = before;
    program.write(new TextEncoder().encode('to it\n'));
    expect(await promise).toBe(7);
    expect(said).toEqual({ output: '-- a b $(x)\nto it\n', complaint: 'done\n' });
  });
});
