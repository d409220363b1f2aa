import { afterAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { released } from './testing/released.ts';
import { VERSION } from './version.ts';

/** Wine 8 of Debian 12 lacks what the runtime asks for. */
const WINE_VERSION_MIN = 10;
const LIMIT_MILLIS = 120_000;
const obstacle = obstacleToWine();
const folder = mkdtempSync(`${tmpdir()}/windows-`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function obstacleToWine(): string | undefined {
  if (Bun.which('wine') === null) return 'there is no wine';
  const version = Bun.spawnSync(['wine', '--version']).stdout.toString().trim();
  const number = Number(/^wine-(\d+)/.exec(version)?.[1] ?? 0);
  return number < WINE_VERSION_MIN ? `there is ${version}` : undefined;
}

function wine(program: string, ...args: readonly string[]) {
  const env = { ...process.env, WINEDEBUG: '-all', WINEPREFIX: `${folder}/wine` };
  const done = Bun.spawnSync(['wine', `${folder}/${program}`, ...args], {
    env,
    stdout: 'pipe',
    stderr: 'pipe',
  });
  return { exitCode: done.exitCode, stdout: done.stdout.toString().trim() };
}

describe.skipIf(obstacle !== undefined)(
  `the programs for Windows (needs wine 10: ${obstacle ?? 'there'})`,
  () => {
    test.each(['sstop', 'socktop'])(
      '%s.exe is the program of its name',
      (name) => {
        Bun.spawnSync(['unzip', '-q', released(`${name}-windows-amd64.zip`), '-d', folder]);
        const { exitCode, stdout } = wine(`${name}.exe`, '--version');
        expect([exitCode, stdout]).toEqual([0, expect.stringContaining(`${name} ${VERSION} (`)]);
      },
      LIMIT_MILLIS,
    );
  },
);
