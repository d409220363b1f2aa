import { OpError, toOpError } from '../../kit/errors/op-error.ts';
import { OpenFile } from '../../kit/files/user-file.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'no permission to read it',
  EPERM: 'no permission to read it',
  EISDIR: 'it is a directory',
  EIO: 'the disk failed',
  NOT_A_FILE: 'not a regular file',
};

/** One line for people about a recording that cannot be played, whatever went wrong. */
export function playbackError(path: string, thrown: unknown): OpError {
  const { code, message } = toOpError('read recording', thrown);
  const reason = REASONS[code] ?? message;
  return new OpError({
    op: 'read recording',
    code,
    message: `cannot play '${path}': ${reason}`,
    cause: thrown,
  });
}

/** A regular file, read at any place. Its size is that of the moment it was opened. */
export class RecordedFile {
  readonly path: string;
  readonly #file: OpenFile;

  /** Throws an OpError, or an error with the system's code; never waits for the other end of a pipe. */
  constructor(path: string) {
    this.path = path;
    this.#file = OpenFile.toRead(path);
  }

  get sizeBytes(): number {
    return this.#file.sizeBytes;
  }

  /** Up to `length` bytes from `position` into the start of `into`; shorter only at the end of the file. */
  async read(into: Uint8Array, position: number, length: number): Promise<Uint8Array> {
    const wanted = Math.max(0, Math.min(length, into.length, this.sizeBytes - position));
    let filled = 0;
    while (filled < wanted) {
      const count = await this.#file.read(into, filled, wanted - filled, position + filled);
      if (count === 0) break;
      filled += count;
    }
    return into.subarray(0, filled);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
