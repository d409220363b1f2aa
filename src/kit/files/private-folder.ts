import {
  close,
  closeSync,
  constants,
  fstat,
  fstatSync,
  fsync,
  mkdirSync,
  open,
  openSync,
  readdir,
  rename,
  type Stats,
  unlink,
} from 'node:fs';
import { FILE_REASONS, fileError, OpError, toOpError } from '../errors/op-error.ts';
import { OpenFile, onThread, requireOwnFolders, withUserRights } from './user-file.ts';

const { O_RDONLY, O_RDWR, O_WRONLY, O_CREAT, O_EXCL, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const OF_OTHERS = 0o077;

const REASONS: Readonly<Record<string, string>> = {
  ...FILE_REASONS,
  ENOENT: 'folder not found',
  // For a symbolic link too (open(2), O_DIRECTORY).
  ENOTDIR: 'not a folder, or a symbolic link',
  ELOOP: 'a symbolic link',
};

/**
 * A folder that the user names for files of this program's own. It is opened once, with the user's rights; from then on
 * its files are reached through that descriptor, so that nobody can put another folder in its place. No symbolic link
 * is followed inside, and only regular files are opened. All but opening runs on the runtime's threads: a disk that
 * hangs does not hold up the program.
 */
export class PrivateFolder {
  readonly path: string;
  readonly #descriptor: number;
  readonly #owner: number;

  private constructor(path: string, descriptor: number, owner: number) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#owner = owner;
  }

  /**
   * Opens a folder to write, or creates it with mode 0700. Throws OpError with one line: the folder belongs to another
   * user (`FOREIGN_FOLDER`), others may use it (`NOT_PRIVATE`), or the system's code.
   */
  static toWrite(path: string): PrivateFolder {
    const folder = PrivateFolder.#open(path, true);
    if (!folder.#isOwn) folder.#refuse('FOREIGN_FOLDER', `owned by user ${folder.#owner}`);
    if ((fstatSync(folder.#descriptor).mode & OF_OTHERS) !== 0) {
      const message = 'other users have access: chmod 700 it, or name a folder that does not exist';
      folder.#refuse('NOT_PRIVATE', message);
    }
    return folder;
  }

  /** Opens a folder to read: of any user for root, else one's own, whatever capabilities there are. OpError. */
  static toRead(path: string): PrivateFolder {
    const folder = PrivateFolder.#open(path, false);
    if (!folder.#isOwn && process.geteuid?.() !== 0) {
      folder.#refuse('FOREIGN_FOLDER', `owned by user ${folder.#owner}`);
    }
    return folder;
  }

  get #isOwn(): boolean {
    return this.#owner === process.geteuid?.();
  }

  #refuse(code: string, message: string): never {
    closeSync(this.#descriptor);
    throw new OpError({ op: 'open folder', code, message: `cannot use '${this.path}': ${message}` });
  }

  static #open(path: string, isCreated: boolean): PrivateFolder {
    try {
      return withUserRights(() => {
        requireOwnFolders(path);
        if (isCreated) mkdirUnlessThere(path);
        const descriptor = openSync(path.replace(/(?<=.)\/+$/, ''), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        return new PrivateFolder(path, descriptor, fstatSync(descriptor).uid);
      });
    } catch (thrown) {
      throw fileError('open folder', `cannot use '${path}'`, thrown, REASONS);
    }
  }

  /** Names of everything in it, in no order. */
  names(): Promise<string[]> {
    return onThread((done) => readdir(this.#at('.'), done));
  }

  /** A new file, mode 0600. Rejects with the system's code: `EEXIST`. */
  async create(name: string): Promise<OpenFile> {
    return new OpenFile(await opened(this.#at(name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW), 0);
  }

  /** A regular file of the folder's owner, to read. Rejects with OpError `NOT_A_FILE`, or the system's code. */
  async read(name: string): Promise<OpenFile> {
    const descriptor = await opened(this.#at(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    return new OpenFile(descriptor, (await this.#checked(descriptor)).size);
  }

  /** The descriptor of a file that is made where there is none, for a lock. Rejects as `read`. */
  async lockFile(name: string): Promise<number> {
    const descriptor = await opened(this.#at(name), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK);
    await this.#checked(descriptor);
    return descriptor;
  }

  /** Removes a file; one that is not there is no error. */
  remove(name: string): Promise<void> {
    return onThread((done) =>
      unlink(this.#at(name), (error) => done(error?.code === 'ENOENT' ? null : error)),
    );
  }

  /** Puts a file in the place of another one, whole or not at all, whatever happens meanwhile. */
  async replace(name: string, bytes: Uint8Array): Promise<void> {
    const fresh = `${name}.new`;
    await this.remove(fresh);
    const file = await this.create(fresh);
    try {
      await file.write(bytes, 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await onThread((done) => rename(this.#at(fresh), this.#at(name), done));
  }

  /** Resolves when the names of its files are on the disk. */
  sync(): Promise<void> {
    return onThread((done) => fsync(this.#descriptor, done));
  }

  close(): void {
    close(this.#descriptor);
  }

  async #checked(descriptor: number): Promise<Stats> {
    const status = await onThread<Stats>((done) => fstat(descriptor, done));
    if (status.isFile() && (status.uid === this.#owner || status.uid === process.geteuid?.())) return status;
    close(descriptor);
    throw new OpError({ op: 'open', code: 'NOT_A_FILE' });
  }

  /** Names come from this program; one with a slash would lead elsewhere. */
  #at(name: string): string {
    if (name.includes('/')) throw new OpError({ op: 'open', code: 'EINVAL' });
    return `/proc/self/fd/${this.#descriptor}/${name}`;
  }
}

function mkdirUnlessThere(path: string): void {
  try {
    mkdirSync(path, { mode: FOLDER_MODE });
  } catch (thrown) {
    if (toOpError('mkdir', thrown).code !== 'EEXIST') throw thrown;
  }
}

function opened(path: string, flags: number): Promise<number> {
  return onThread((done) => open(path, flags, FILE_MODE, done));
}
