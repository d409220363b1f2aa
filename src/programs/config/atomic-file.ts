import { closeSync, linkSync, lstatSync, mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import { createNew, linkTarget, removeFile, withUserRights, writeNew } from '../../kit/files/user-file.ts';

const MODE = 0o600;
const MOST_NAMES = 8;

/**
 * Writes a file completely or not at all, readable by the user alone, with the user's own rights. Creates missing
 * folders. Follows a symbolic link owned by the user or root, even a dangling one, so that it stays a link.
 * `makeSuffix` returns the suffix of the temporary file. Throws OpError with the system's code, or `FOREIGN_LINK`.
 */
export function writeWhole(
  path: string,
  text: string,
  makeSuffix: () => string = () => crypto.randomUUID(),
): void {
  withUserRights(() => {
    const folder = dirname(path);
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch (thrown) {
      throw toOpError(`make ${folder}`, thrown);
    }
    const { path: target } = linkTarget(path);
    try {
      const temporary = writeBeside(target, text, makeSuffix);
      try {
        renameSync(temporary, target);
      } catch (thrown) {
        removeFile(temporary);
        throw thrown;
      }
    } catch (thrown) {
      throw toOpError(`write ${path}`, thrown);
    }
  });
}

/** Creates a new file. Does not touch an existing file or link of that name. */
function writeBeside(target: string, text: string, makeSuffix: () => string): string {
  for (let names = 1; ; names++) {
    const temporary = `${target}.${makeSuffix()}.new`;
    try {
      writeNew(temporary, text, MODE, true);
      return temporary;
    } catch (thrown) {
      if (names === MOST_NAMES || toOpError('create', thrown).code !== 'EEXIST') throw thrown;
    }
  }
}

/** Stale so far from now: work under a lock takes milliseconds. One of the future is from a clock that was set back. */
const STALE_MILLIS = 10_000;
const WAIT_MILLIS = 5000;
const LOOK_MILLIS = 15;

/** Runs `work` under the lock `PATH.lock`. OpError `LOCKED` after `waitMillis` (five seconds), or the system's code. */
export async function withFileLock<T>(
  path: string,
  work: () => T,
  waitMillis: number = WAIT_MILLIS,
): Promise<T> {
  const lock = `${path}.lock`;
  const until = performance.now() + waitMillis;
  while (!taken(lock)) {
    withUserRights(() => breakStale(lock));
    if (performance.now() > until) {
      throw new OpError({ op: 'lock', code: 'LOCKED', message: `locked by another program: ${lock}` });
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MILLIS));
  }
  try {
    return work();
  } finally {
    removeFile(lock);
  }
}

function taken(lock: string): boolean {
  try {
    closeSync(createNew(lock, 0o600));
    return true;
  } catch (thrown) {
    const error = toOpError(`create ${lock}`, thrown);
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Renames a stale lock. If another process has just taken it, it is put back. */
function breakStale(lock: string): void {
  const aside = `${lock}.${process.pid}`;
  try {
    if (!isStale(lock)) return;
    renameSync(lock, aside);
    if (!isStale(aside)) linkSync(aside, lock);
  } catch (thrown) {
    // Another program was faster; the next round will see that.
    const { code } = toOpError('break lock', thrown);
    if (code !== 'ENOENT' && code !== 'EEXIST') throw toOpError('break lock', thrown);
  } finally {
    removeFile(aside);
  }
}

function isStale(path: string): boolean {
  const status = lstatSync(path);
  if (!status.isFile()) {
    throw new OpError({
      op: 'lock',
      code: 'NOT_A_FILE',
      message: `${path} is not a regular file; remove it`,
    });
  }
  return Math.abs(Date.now() - status.mtimeMs) > STALE_MILLIS;
}
