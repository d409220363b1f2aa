import { lstatSync, readlinkSync } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import { OpError, toOpError } from '../errors/op-error.ts';

/** What /proc/PID/fd/N says of a pipe or a socket: the kernel follows it, by name it leads nowhere. */
const OPEN_ALREADY = /^(pipe|socket|anon_inode):/;
/** As many as Linux itself follows. */
const MOST_LINKS = 40;

/**
 * Where the links lead that the path ends in, also where nothing is yet; the path itself where it is none. Only links
 * of the user and of root are followed, those among the folders of the path too: another user's must not lead root away. `isOpenAlready`: the path is a link of the
 * kernel to a pipe or socket of this program (`/dev/stderr`). Throws OpError `FOREIGN_LINK`, `ELOOP`,
 * or with the system's code.
 */
export function linkTarget(path: string): { readonly path: string; readonly isOpenAlready: boolean } {
  let target = path;
  for (let links = 0; links < MOST_LINKS; links++) {
    requireOwnFolders(target);
    const next = readLink(target);
    if (next === undefined) return { path: target, isOpenAlready: false };
    if (OPEN_ALREADY.test(next)) return { path: target, isOpenAlready: true };
    // No normal form: `..` behind a link to a folder is that folder's parent.
    target = isAbsolute(next) ? next : `${dirname(target)}/${next}`;
  }
  throw new OpError({ op: `follow ${path}`, code: 'ELOOP', message: `${path}: too many links` });
}

/** Every folder on the way to the path is none, or a link of the user or of root. Throws OpError `FOREIGN_LINK`. */
export function requireOwnFolders(path: string): void {
  const parts = dirname(path).split('/');
  for (let count = 1; count <= parts.length; count++) {
    const folder = parts.slice(0, count).join('/');
    if (folder !== '') readLink(folder);
  }
}

/** What a link says; undefined: it is none. */
function readLink(path: string): string | undefined {
  try {
    const status = lstatSync(path);
    if (!status.isSymbolicLink()) return undefined;
    if (status.uid !== 0 && status.uid !== process.geteuid?.()) {
      const message = `${path}: symbolic link owned by another user`;
      throw new OpError({ op: 'follow link', code: 'FOREIGN_LINK', message });
    }
    return readlinkSync(path);
  } catch (thrown) {
    const error = toOpError(`follow ${path}`, thrown);
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
