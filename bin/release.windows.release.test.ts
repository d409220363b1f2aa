import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { OpError } from '../src/kit/errors/op-error.ts';
import { wineRoot } from './testing/bare-root.ts';
import { inRoot } from './testing/in-root.ts';
import { released } from './testing/released.ts';
import { VERSION } from './version.ts';

/** The first start makes wine's own folders. */
const LIMIT_MILLIS = 180_000;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(`${tmpdir()}/windows-`);
  for (const name of ['sstop', 'socktop']) {
    Bun.spawnSync(['unzip', '-q', released(`${name}-windows-amd64.zip`), '-d', folder]);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The root, or why it cannot be had here. */
function prepare(): string | OpError {
  try {
    return wineRoot();
  } catch (thrown) {
    if (thrown instanceof OpError && thrown.code === 'UNAVAILABLE') return thrown;
    throw thrown;
  }
}

const root = prepare();
const isMissing = root instanceof OpError;

describe.skipIf(isMissing)(
  `the programs for Windows (needs wine 10 in a root${isMissing ? `: ${root.message}` : ''})`,
  () => {
    test.each(['sstop', 'socktop'])(
      '%s.exe is the program of its name',
      (name) => {
        const done = Bun.spawnSync(
          inRoot({
            ...{ root: String(root), architecture: 'amd64', archives: [] },
            files: [`${folder}/${name}.exe`],
            command: ['env', 'WINEDEBUG=-all', 'wine', `./${name}.exe`, '--version'],
          }),
          { stdout: 'pipe', stderr: 'pipe' },
        );
        expect([done.exitCode, done.stdout.toString()]).toEqual([
          0,
          expect.stringContaining(`${name} ${VERSION} (`),
        ]);
      },
      LIMIT_MILLIS,
    );
  },
);
