import { close, read, write } from 'node:fs';
import { createNew, openToRead } from './user-file.ts';

/** A file that was opened with the user's own rights, read and written on the runtime's threads. */
export class OpenFile {
  /** At the moment of opening. */
  readonly sizeBytes: number;
  readonly #descriptor: number;

  private constructor(descriptor: number, sizeBytes: number) {
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

  /** pread(2). Resolves to the bytes read, 0 at the end. */
  read(into: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      read(this.#descriptor, into, offset, length, position, (error, count) =>
        error ? reject(error) : resolve(count),
      );
    });
  }

  /** pwrite(2). Resolves to the bytes written, which may be fewer. */
  write(bytes: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      write(this.#descriptor, bytes, offset, length, position, (error, count) =>
        error ? reject(error) : resolve(count),
      );
    });
  }

  close(): Promise<void> {
    return new Promise((resolve, reject) => {
      close(this.#descriptor, (error) => (error ? reject(error) : resolve()));
    });
  }
}
