import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { toOpError } from '../../kit/errors/op-error.ts';
import { linkTarget } from '../../kit/files/safe-link.ts';
import { removeFile, withUserRights, writeNew } from '../../kit/files/user-file.ts';

const MODE = 0o600;
const MOST_NAMES = 8;

/**
 * Writes a file as a whole or not at all, for the user alone and with the user's own rights; folders that are missing
 * are made. A link of the user's or of root is followed, also where nothing is yet, so that it stays one. `makeSuffix`
 * makes what the name of the temporary file ends with. OpError with the system's code, or `FOREIGN_LINK`.
 */
export function writeWhole(path: string, text: string, makeSuffix: () => string = randomUUID): void {
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

/** A new file that nobody else can have put there: what has that name already, a link too, is left alone. */
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
