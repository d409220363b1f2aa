import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { Errno, errno, openTable } from './libc.ts';

/** A C library that has only two of the names. */
const SOURCE =
  'static int word; int *__errno_location(void) { return &word; } unsigned geteuid(void) { return 4242; }';
const isLackingCompiler = Bun.which('gcc') === null;

test.skipIf(isLackingCompiler)(
  `a name that the C library lacks costs its own callers alone${isLackingCompiler ? ' (needs gcc)' : ''}`,
  () => {
    const folder = mkdtempSync(`${tmpdir()}/libc-`);
    try {
      const library = `${folder}/libsmall.so`;
      const compiler = Bun.spawnSync(
        ['gcc', '-shared', '-nostdlib', '-fPIC', '-x', 'c', '-o', library, '-'],
        { stdin: Buffer.from(SOURCE) },
      );
      expect(compiler.stderr.toString()).toBe('');
      const table = openTable(library);
      expect(table.geteuid()).toBe(4242);
      expect(table.close(-1)).toBe(-1);
      expect(errno()).toBe(Errno.ENOSYS);
      expect(table.mmap(null, 4096, 3, 2, -1, 0)).toBeNull();
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test('a library that is not there is refused', () => {
  expect(() => openTable('libmissing.so.0')).toThrow();
});
