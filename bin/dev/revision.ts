import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SHORT_COMMIT = 12;

/** Which sources a build is made of. */
interface Revision {
  /** For people: the commit, and whether the files differ from it. */
  readonly label: string;
  /** Of the commit, or SOURCE_DATE_EPOCH: seconds since 1970, the date of every file that is released. */
  readonly seconds: number;
}

/** Asks git about the working tree. Where there is none, the label says so and the date is 1970. */
export function readRevision(): Revision {
  // A folder without a repository may stand in one that is about other things.
  if (git('rev-parse', '--show-prefix') !== '')
    return { label: 'commit unknown', seconds: epochOf(undefined) };
  const commit = git('rev-parse', `--short=${SHORT_COMMIT}`, 'HEAD');
  const isChanged = git('status', '--porcelain') !== '';
  const label = commit === undefined ? 'commit unknown' : `${commit}${isChanged ? ', changed' : ''}`;
  return { label, seconds: epochOf(git('log', '-1', '--format=%ct')) };
}

function epochOf(commitTime: string | undefined): number {
  const seconds = Number(process.env['SOURCE_DATE_EPOCH'] ?? commitTime ?? 0);
  return Number.isSafeInteger(seconds) && seconds >= 0 ? seconds : 0;
}

function git(...args: readonly string[]): string | undefined {
  if (Bun.which('git') === null) return undefined;
  const done = Bun.spawnSync(['git', ...args], {
    cwd: ROOT,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'ignore',
  });
  return done.success ? done.stdout.toString().trim() : undefined;
}
