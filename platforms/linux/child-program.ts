import { existsSync } from 'node:fs';
import { OpError } from '../../src/kit/errors/op-error.ts';
import type { ChildProgram } from '../child-output.ts';
import { setCapabilities } from './effective-capabilities.ts';
import { processControl } from './libc.ts';

/** linux/prctl.h. */
const PR_CAPBSET_DROP = 24;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
const LAST_CAPABILITY = 63;
/** All that a child finds in its environment, beside what its caller adds. */
const ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' } as const;

/** A program that runs beside this one and is written to; what it says beside its output is thrown away. */
export type ChildToWriteTo = Bun.Subprocess<'pipe', 'pipe', 'ignore'>;

let isPrepared = false;

/**
 * Starts a program of the system without any capability, with an environment of its own. On Linux this is the only
 * place that starts one. `paths` are absolute candidates, of which the first that exists is taken: PATH is not searched. Throws
 * OpError: `ENOENT` none of them exists, `EINVAL` a path is not absolute.
 */
export function startChild(
  paths: readonly string[],
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): ChildProgram {
  const env = { ...ENVIRONMENT, ...variables };
  return Bun.spawn([prepared(paths), ...args], {
    stdout: 'pipe',
    stderr: 'pipe',
    stdin: 'ignore',
    cwd: '/',
    env,
  });
}

/** As `startChild`, for a program that is written to. Throws OpError as that does. */
export function startChildToWriteTo(path: string, args: readonly string[]): ChildToWriteTo {
  const options = { stdin: 'pipe', stdout: 'pipe', stderr: 'ignore', cwd: '/', env: ENVIRONMENT } as const;
  return Bun.spawn([prepared([path]), ...args], options);
}

/** The first path that exists. From now on no child of this thread has a capability. */
function prepared(paths: readonly string[]): string {
  if (paths.some((path) => !path.startsWith('/'))) throw new OpError({ op: 'start child', code: 'EINVAL' });
  const path = paths.find((candidate) => existsSync(candidate));
  if (path === undefined) throw new OpError({ op: 'start child', code: 'ENOENT' });
  if (!isPrepared) dropCapabilitiesOfChildren();
  isPrepared = true;
  return path;
}

/**
 * What this thread, which makes the children, could hand on: nothing stays. A child of an ordinary user has what is
 * ambient; one of root has what is inheritable and in the bounding set, which root alone may empty (capabilities(7)).
 */
function dropCapabilitiesOfChildren(): void {
  for (let bit = 0; bit <= LAST_CAPABILITY; bit++) processControl(PR_CAPBSET_DROP, bit);
  processControl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL);
  setCapabilities({ inheritable: 0n });
}
