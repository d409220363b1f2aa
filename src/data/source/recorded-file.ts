import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'no permission to read it',
  EPERM: 'no permission to read it',
  EISDIR: 'it is a directory',
  EIO: 'the disk failed',
  NOT_A_FILE: 'it is no regular file',
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
  readonly sizeBytes: number;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle, sizeBytes: number) {
    this.path = path;
    this.#handle = handle;
    this.sizeBytes = sizeBytes;
  }

  /** Rejects with an OpError; never waits for the other end of a pipe. */
  static async open(path: string): Promise<RecordedFile> {
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) {
        throw new OpError({ op: 'open', code: stat.isDirectory() ? 'EISDIR' : 'NOT_A_FILE' });
      }
      return new RecordedFile(path, handle, stat.size);
    } catch (thrown) {
      await handle.close();
      throw thrown;
    }
  }

  /** Up to `length` bytes from `position` into the start of `into`; shorter only at the end of the file. */
  async read(into: Uint8Array, position: number, length: number): Promise<Uint8Array> {
    const wanted = Math.max(0, Math.min(length, into.length, this.sizeBytes - position));
    let filled = 0;
    while (filled < wanted) {
      const { bytesRead } = await this.#handle.read(into, filled, wanted - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return into.subarray(0, filled);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
