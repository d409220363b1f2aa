import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { OpError } from '../errors/op-error.ts';
import { withUserRights } from './user-rights.ts';

/**
 * The one place where files are opened that the user names, or that belong to the user: with the user's own rights
 * (user-rights.ts), and never waiting for another end. All errors are OpError, or carry the system's code.
 */

const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;

/** A regular file, open for reading. */
interface ReadableFile {
  readonly descriptor: number;
  readonly sizeBytes: number;
}

/** Opens a regular file to read. Throws `EISDIR` for a directory, `NOT_A_FILE` for a pipe, a device or a socket. */
export function openToRead(path: string): ReadableFile {
  // Without O_NONBLOCK a named pipe would keep the program waiting for somebody to write into it.
  const descriptor = withUserRights(() => openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  try {
    const status = fstatSync(descriptor);
    if (status.isDirectory()) throw new OpError({ op: 'open', code: 'EISDIR' });
    if (!status.isFile()) throw new OpError({ op: 'open', code: 'NOT_A_FILE' });
    return { descriptor, sizeBytes: status.size };
  } catch (thrown) {
    closeSync(descriptor);
    throw thrown;
  }
}

/** All bytes of a regular file of at most `limitBytes`. Throws as `openToRead`, and `TOO_LONG`. */
export function readWhole(path: string, limitBytes: number): Uint8Array {
  const { descriptor, sizeBytes } = openToRead(path);
  try {
    if (sizeBytes > limitBytes) throw new OpError({ op: 'read', code: 'TOO_LONG' });
    // One more than allowed: a file of /proc says that it has no bytes, and another may grow meanwhile.
    const bytes = new Uint8Array(limitBytes + 1);
    let length = 0;
    while (length < bytes.length) {
      const count = readSync(descriptor, bytes, length, bytes.length - length, null);
      if (count === 0) return bytes.subarray(0, length);
      length += count;
    }
    throw new OpError({ op: 'read', code: 'TOO_LONG' });
  } finally {
    closeSync(descriptor);
  }
}

/** Text of a regular file of at most `limitBytes`, as `readWhole`; bytes that are no UTF-8 become U+FFFD. */
export function readText(path: string, limitBytes: number): string {
  return new TextDecoder().decode(readWhole(path, limitBytes));
}

/** Creates a file and opens it to write. Refuses (`EEXIST`) whatever has that name already, a symbolic link too. */
export function createNew(path: string, mode: number): number {
  return withUserRights(() => openSync(path, 'wx', mode));
}

/**
 * Creates a file as `createNew`, with this text; what did not get whole is removed. `isSynced`: it is on the disk when
 * this returns, so that it can take another file's place.
 */
export function writeNew(path: string, text: string, mode: number, isSynced = false): void {
  const descriptor = createNew(path, mode);
  let isWhole = false;
  try {
    writeFileSync(descriptor, text);
    if (isSynced) fsyncSync(descriptor);
    isWhole = true;
  } finally {
    closeSync(descriptor);
    if (!isWhole) removeFile(path);
  }
}

/** Removes a file; one that is not there is no error. */
export function removeFile(path: string): void {
  withUserRights(() => rmSync(path, { force: true }));
}
