import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { OpError } from '../errors/op-error.ts';
import { linkTarget } from './safe-link.ts';
import { withUserRights } from './user-rights.ts';

const { O_WRONLY, O_CREAT, O_APPEND, O_NONBLOCK, O_NOCTTY, O_NOFOLLOW } = constants;
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/**
 * Opens a file to append to, with the user's own rights; creates it with `mode` where there is none. It never waits for
 * a reader. Refused is what another user may have put there for root to fall into: a symbolic link that belongs neither
 * to the user nor to root (`FOREIGN_LINK`), and in a sticky folder that others may write to (such as /tmp) a file of
 * another user, or one with a second name (`FOREIGN_FILE`). Throws OpError, or an error with the system's code.
 */
export function openToAppend(path: string, mode: number): number {
  return withUserRights(() => {
    const { path: target, isOpenAlready } = linkTarget(path);
    const flags = O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY;
    const descriptor = openSync(target, isOpenAlready ? flags : flags | O_NOFOLLOW, mode);
    try {
      const status = fstatSync(descriptor);
      if (status.isDirectory()) throw new OpError({ op: 'open', code: 'EISDIR' });
      const isOwn = status.uid === process.geteuid?.() && status.nlink <= 1;
      if (!isOwn && isSharedFolder(dirname(target))) throw new OpError({ op: 'open', code: 'FOREIGN_FILE' });
      return descriptor;
    } catch (thrown) {
      closeSync(descriptor);
      throw thrown;
    }
  });
}

/** Where everybody may leave files: the same folders in which Linux guards links (fs.protected_symlinks). */
function isSharedFolder(path: string): boolean {
  const { mode } = statSync(path);
  return (mode & STICKY) !== 0 && (mode & OTHERS_WRITE) !== 0;
}
