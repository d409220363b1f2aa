import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OpError, toOpError } from '../../src/kit/errors/op-error.ts';
import { build } from './build.ts';
import { closingLine, countTests, type TestCount, withExitCode } from './junit-report.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const REPORT = `${ROOT}.cache/junit-${process.pid}.xml`;
const FOLDERS = ['src', 'platforms', 'bench', 'bin'];
/** For tests that name no limit of their own; on a busy machine each may take many times its usual time. */
const TEST_LIMIT_MILLIS = 60_000;
/**
 * Files of the quick tier that run at the same time, each worker of `bun test` with a share of them: they wait more than
 * they compute. The other tiers measure, and run alone. Globals stay from file to file, as they do in one process.
 */
const QUICK_WORKERS = ['--parallel=2', '--no-isolate'] as const;
/** Tiers beside the quick one: by the argument that chooses them, how their files end. */
const SUFFIXES = { '--system': '.system.test.ts', '--release': '.release.test.ts' } as const;
type Tier = keyof typeof SUFFIXES;
const TIERS = Object.keys(SUFFIXES) as Tier[];
/** With --release: the release that is there is tested, and no new one is made. */
const AS_IT_IS = '--as-it-is';

/** What to run: one tier of the tests, and of it the files whose path holds one of `parts` (none: all). */
interface Selection {
  /** The quick one where there is none. */
  readonly tier: Tier | undefined;
  readonly isReleaseAsItIs: boolean;
  readonly parts: readonly string[];
}

/** Paths relative to the root, in a fixed order. */
function findTests({ tier, parts }: Selection): string[] {
  return FOLDERS.filter((folder) => statSync(`${ROOT}${folder}`, { throwIfNoEntry: false }) !== undefined)
    .flatMap((folder) =>
      readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' }).map(
        (path) => `${folder}/${path}`,
      ),
    )
    .filter((path) => path.endsWith('.test.ts') && tierOf(path) === tier)
    .filter((path) => parts.length === 0 || parts.some((part) => path.includes(part)))
    .sort();
}

function tierOf(path: string): Tier | undefined {
  return TIERS.find((tier) => path.endsWith(SUFFIXES[tier]));
}

/** The end-to-end tests stand in bin/ itself and start the executables. */
function needsExecutables(paths: readonly string[]): boolean {
  return paths.some((path) => path.startsWith('bin/') && !path.startsWith('bin/dev/'));
}

async function runTests(paths: readonly string[], tier: Tier | undefined): Promise<TestCount> {
  mkdirSync(`${ROOT}.cache`, { recursive: true });
  const report = ['--reporter=junit', `--reporter-outfile=${REPORT}`];
  const child = Bun.spawn(
    [
      process.execPath,
      'test',
      ...(tier === undefined ? QUICK_WORKERS : []),
      '--only-failures',
      `--timeout=${TEST_LIMIT_MILLIS}`,
      ...report,
      ...paths.map((path) => `./${path}`),
    ],
    { cwd: ROOT, stdin: 'ignore', stdout: 'inherit', stderr: 'inherit', env: { ...process.env, CI: 'true' } },
  );
  const exitCode = await child.exited;
  const wasWritten = statSync(REPORT, { throwIfNoEntry: false }) !== undefined;
  const count = countTests(wasWritten ? readFileSync(REPORT, 'utf8') : '');
  rmSync(REPORT, { force: true });
  return withExitCode(count, exitCode);
}

function makeRelease(): void {
  const done = Bun.spawnSync([process.execPath, 'bin/dev/release.ts'], {
    ...{ cwd: ROOT, stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' },
  });
  if (!done.success)
    throw new OpError({ op: 'release', code: 'RELEASE', message: 'no release could be made' });
}

async function runSelection(selection: Selection): Promise<TestCount> {
  const paths = findTests(selection);
  if (paths.length === 0) {
    process.stderr.write(`no test file is called ${selection.parts.join(' or ') || '*.test.ts'}\n`);
    return { passed: 0, failed: 1, skipped: [] };
  }
  if (needsExecutables(paths)) {
    build('release');
    build('test');
  }
  if (selection.tier === '--release' && !selection.isReleaseAsItIs) makeRelease();
  return runTests(paths, selection.tier);
}

function selectionOf(args: readonly string[]): Selection {
  return {
    tier: TIERS.find((tier) => args.includes(tier)),
    isReleaseAsItIs: args.includes(AS_IT_IS),
    parts: args.filter((arg) => !arg.startsWith('--')),
  };
}

let count: TestCount = { passed: 0, failed: 1, skipped: [] };
try {
  count = await runSelection(selectionOf(process.argv.slice(2)));
} catch (thrown) {
  process.stderr.write(`${toOpError('test', thrown).message}\n`);
}
for (const name of count.skipped) process.stdout.write(`skipped: ${name.replaceAll(/\s+/g, ' ')}\n`);
process.stdout.write(`${closingLine(count)}\n`);
process.exit(count.failed === 0 ? 0 : 1);
