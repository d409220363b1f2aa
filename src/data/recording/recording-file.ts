import { FILE_REASONS, fileError, type OpError } from '../../kit/errors/op-error.ts';
import { OpenFile } from '../../kit/files/user-file.ts';

/** Recordings contain network peers: readable only by the user. */
const MODE = 0o600;

/** Why a file cannot be written. */
export const WRITE_REASONS: Readonly<Record<string, string>> = {
  EEXIST: 'file exists; refusing to overwrite',
  ...FILE_REASONS,
  ENOENT: 'directory not found',
  ENOTDIR: 'directory not found',
  EDQUOT: 'disk quota exceeded',
  ENAMETOOLONG: 'file name too long',
  EFBIG: 'file size limit reached',
};

/** A file that did not exist before, written from its start to its end. Every error is an OpError with one line. */
export class RecordingFile {
  readonly path: string;
  readonly #file: OpenFile;
  /** Bytes written: where the next ones go. */
  sizeBytes = 0;

  /** Creates it. Refuses anything that exists, symbolic links too. */
  constructor(path: string) {
    this.path = path;
    try {
      this.#file = OpenFile.toCreate(path, MODE);
    } catch (thrown) {
      throw writeError(path, thrown);
    }
  }

  async append(bytes: Uint8Array): Promise<void> {
    await this.patch(bytes, this.sizeBytes);
    this.sizeBytes += bytes.length;
  }

  /** Writes over what stands at `position`. */
  async patch(bytes: Uint8Array, position: number): Promise<void> {
    try {
      await this.#file.write(bytes, position);
    } catch (thrown) {
      throw writeError(this.path, thrown);
    }
  }

  async close(): Promise<void> {
    try {
      await this.#file.close();
    } catch (thrown) {
      throw writeError(this.path, thrown);
    }
  }
}

function writeError(path: string, thrown: unknown): OpError {
  return fileError('write recording', `cannot record to '${path}'`, thrown, WRITE_REASONS);
}

/** One line for people about a recording that cannot be played, whatever went wrong. */
export function playbackError(path: string, thrown: unknown): OpError {
  return fileError('read recording', `cannot play '${path}'`, thrown);
}

/** The bytes of a recording: of one file, or of the files of a history one after the other. */
export interface RecordedBytes {
  /** What people call it. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Whether time goes on between its parts as the wall clock says, and the last of them is still being written. */
  readonly isHistory: boolean;
  /** Where the part ends that holds this place. */
  partEnd(position: number): number;
  /** Up to `length` bytes from `position` into the start of `into`; shorter only at the end. */
  read(into: Uint8Array, position: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A regular file, read at any place. Its size is that of the moment it was opened. */
export class RecordedFile implements RecordedBytes {
  readonly isHistory = false;
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

  partEnd(): number {
    return this.sizeBytes;
  }

  async read(into: Uint8Array, position: number, length: number): Promise<Uint8Array> {
    const wanted = Math.max(0, Math.min(length, this.sizeBytes - position));
    return this.#file.read(into.subarray(0, wanted), position);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
