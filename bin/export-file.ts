import { join } from 'node:path';
import { OpError, toOpError } from '../src/kit/errors/op-error.ts';
import { writeNew } from '../src/kit/files/user-file.ts';

/** Readable for all, as other files; the umask may take rights away. */
const MODE = 0o644;
/** Files of one second; a key held down makes tens. */
const ATTEMPTS_LIMIT = 99;

/**
 * Writes an export to a file of its own, `sstop-YYYYMMDD-HHMMSS.csv` by the local time of `now`, in `directory`, and
 * returns its path. Never touches a file or link that is there: further ones of the same second end in `-2`, `-3`.
 * Throws OpError with the system's code (`EACCES`, `EROFS`, `ENOSPC`); a file that did not get whole is removed.
 */
export function exportFile(directory: string, text: string, now: Date): string {
  const name = `sstop-${stampOf(now)}`;
  for (let attempt = 1; attempt <= ATTEMPTS_LIMIT; attempt++) {
    const path = join(directory, `${name}${attempt === 1 ? '' : `-${attempt}`}.csv`);
    try {
      writeNew(path, text, MODE);
      return path;
    } catch (thrown) {
      const error = toOpError(`write ${path}`, thrown);
      if (error.code !== 'EEXIST') throw error;
    }
  }
  throw new OpError({ op: `create ${join(directory, `${name}.csv`)}`, code: 'EEXIST' });
}

/** `20240102-030407`. */
function stampOf(now: Date): string {
  const date = [now.getFullYear(), now.getMonth() + 1, now.getDate()];
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()];
  return `${padded(date)}-${padded(time)}`;
}

function padded(numbers: readonly number[]): string {
  return numbers.map((number) => String(number).padStart(2, '0')).join('');
}
