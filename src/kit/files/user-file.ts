import {
  close,
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  read,
  readdirSync,
  readlinkSync,
  readSync,
  rmSync,
  statSync,
  write,
  writeFileSync,
} from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import { OpError, orUndefined, toOpError } from '../errors/op-error.ts';

/**
 * The one place where files are opened that the user names, or that belong to the user: with the user's own rights
 * (`withUserRights`), and never waiting for another end. All errors are OpError, or carry the system's code.
 */

const { O_RDONLY, O_WRONLY, O_CREAT, O_APPEND, O_NONBLOCK, O_NOCTTY, O_NOFOLLOW } = constants;

/** A regular file, open for reading. */
type ReadableFile = Readonly<ReturnType<typeof openToRead>>;

/** Opens a regular file to read. Throws `EISDIR` for a directory, `NOT_A_FILE` for a pipe, a device or a socket. */
export function openToRead(path: string) {
  // Without O_NONBLOCK, open would block on a named pipe without a writer.
  const descriptor = withUserRights(() => openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  try {
    const status = fstatSync(descriptor);
    if (status.isDirectory()) throw new OpError({ op: 'open', code: 'EISDIR' });
    if (!status.isFile()) throw new OpError({ op: 'open', code: 'NOT_A_FILE' });
    return { descriptor, sizeBytes: status.size, uid: status.uid, mode: status.mode };
  } catch (thrown) {
    closeSync(descriptor);
    throw thrown;
  }
}

/** All bytes of a regular file of at most `limitBytes`. Throws as `openToRead`, and `TOO_LONG`. */
export function readWhole(path: string, limitBytes: number): Uint8Array {
  return readOpened(openToRead(path), limitBytes);
}

/**
 * As `readWhole`, of a file that nobody else may have written: it belongs to root or to the user that this program runs
 * as (else `FOREIGN_FILE`), and neither its group nor others may write to it (else `WRITABLE`).
 */
export function readTrusted(path: string, limitBytes: number): Uint8Array {
  const file = openToRead(path);
  const fault = faultOfOwner(file);
  if (fault === undefined) return readOpened(file, limitBytes);
  closeSync(file.descriptor);
  throw new OpError({ op: 'read', code: fault });
}

/** Why others may have written a file; undefined: nobody but root and the user that this program runs as. */
export function faultOfOwner({
  uid,
  mode,
}: Pick<ReadableFile, 'uid' | 'mode'>): 'FOREIGN_FILE' | 'WRITABLE' | undefined {
  if (uid !== 0 && uid !== process.geteuid?.()) return 'FOREIGN_FILE';
  return (mode & OTHERS_WRITE) === 0 ? undefined : 'WRITABLE';
}

function readOpened({ descriptor, sizeBytes }: ReadableFile, limitBytes: number): Uint8Array {
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

/** The text; throws `NOT_UTF8`. A byte-order mark is dropped, or with `keepsMark` a part of it. */
export function utf8Of(bytes: Uint8Array, keepsMark = false): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: keepsMark }).decode(bytes);
  } catch (cause) {
    throw new OpError({ op: 'decode', code: 'NOT_UTF8', cause });
  }
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

/** The runtime starts its first thread at once where work is given to it; later than this it has none. */
const FIRST_THREAD_MILLIS = 1000;
let hasThread = false;

/** What a call of node:fs calls when it is done. */
type Done<T> = (error: Error | null, result?: T) => void;

/** Gives work to the runtime's threads. OpError where none can be started: the runtime would wait for ever. */
export function onThread<T>(give: (done: Done<T>) => void): Promise<T> {
  const work = new Promise<T>((resolve, reject) => {
    give((error, result) => (error ? reject(error) : resolve(result as T)));
  });
  hasThread ||= countThreads() !== 1;
  return hasThread ? work : Promise.race([work, firstThread(work)]);
}

async function firstThread<T>(work: Promise<T>): Promise<T> {
  await Bun.sleep(FIRST_THREAD_MILLIS);
  if (countThreads() !== 1) return work;
  const message =
    'cannot start a thread; raise the limit of processes (ulimit -u, pids.max), or allow clone3(2)';
  throw new OpError({ op: 'start a thread', code: 'NO_THREAD', message });
}

/** Of this process, the first among them; undefined: this system does not tell. */
function countThreads(): number | undefined {
  return orUndefined(() => readdirSync('/proc/self/task').length);
}

/** A file that was opened with the user's own rights, read and written on the runtime's threads. */
export class OpenFile {
  /** At the moment of opening. */
  readonly sizeBytes: number;
  readonly #descriptor: number;

  /** A regular file that is open; its descriptor belongs to this object from now on. */
  constructor(descriptor: number, sizeBytes: number) {
    this.#descriptor = descriptor;
    this.sizeBytes = sizeBytes;
  }

  /** A regular file, as `openToRead`. */
  static toRead(path: string): OpenFile {
    const { descriptor, sizeBytes } = openToRead(path);
    return new OpenFile(descriptor, sizeBytes);
  }

  /** A file that was not there before, as `createNew`. */
  static toCreate(path: string, mode: number): OpenFile {
    return new OpenFile(createNew(path, mode), 0);
  }

  /** Fills `into` from `position` on, as far as the file goes. Resolves to the part of it that is filled. */
  async read<T extends ArrayBufferLike>(into: Uint8Array<T>, position: number): Promise<Uint8Array<T>> {
    let filled = 0;
    while (filled < into.length) {
      const left = into.length - filled;
      const count = await onThread<number>((done) =>
        read(this.#descriptor, into, filled, left, position + filled, done),
      );
      if (count === 0) break;
      filled += count;
    }
    return into.subarray(0, filled);
  }

  /** Writes all bytes. Rejects with the system's code, or `ENOSPC` where nothing is taken. */
  async write(bytes: Uint8Array, position: number): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const left = bytes.length - at;
      const count = await onThread<number>((done) =>
        write(this.#descriptor, bytes, at, left, position + at, done),
      );
      if (count === 0) throw new OpError({ op: 'write', code: 'ENOSPC' });
      at += count;
    }
  }

  /** fdatasync(2): resolves when what was written is on the disk. */
  sync(): Promise<void> {
    return onThread((done) => fdatasync(this.#descriptor, done));
  }

  close(): Promise<void> {
    return onThread((done) => close(this.#descriptor, done));
  }
}

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

/** Does the work with no more rights than the user has, and returns what it returns. */
type UserRights = <T>(work: () => T) => T;

let current: UserRights = (work) => work();

/** From now on files are opened by this: for a program whose executable has rights that its user has not. */
export function useUserRights(rights: UserRights): void {
  current = rights;
}

/** Does the work with the user's own rights. Rights belong to a thread: the work must be done when it returns. */
export function withUserRights<T>(work: () => T): T {
  return current(work);
}

/** What /proc/PID/fd/N says of a pipe or a socket: the kernel follows it, by name it leads nowhere. */
const OPEN_ALREADY = /^(pipe|socket|anon_inode):/;
/** As many as Linux itself follows. */
const MOST_LINKS = 40;

/**
 * Follows the links at the end of a path to what they name, which need not exist. Only links of the user and of root are
 * followed, among the folders too: another user's must not lead root away. `isOpenAlready`: the path is the kernel's link
 * to a pipe or socket of this program (`/dev/stderr`). Throws OpError `FOREIGN_LINK`, `ELOOP`, or the system's code.
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
