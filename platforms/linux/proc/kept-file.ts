import { AT_FDCWD, closeDescriptor, NativeBuffer, O_RDONLY, openAt, readAt } from '../libc.ts';

/** Descriptors kept in all: a machine has a file for each of a thousand cores and sensors, and a limit of 1024 is usual. */
const KEPT_MOST = 128;
let kept = 0;

/**
 * A file of /proc or /sys that is read again and again: its descriptor stays open, and every read starts at its
 * beginning, where the kernel writes it anew. One that could not be opened is tried again at the next read, and
 * one of too many is opened for each.
 */
export class KeptFile {
  readonly path: string;
  #name: NativeBuffer | undefined;
  #descriptor = -1;
  readonly #isList: boolean;

  /** `isList`: it is read in parts, and kept however many there are. */
  constructor(path: string, isList = false) {
    this.path = path;
    this.#isList = isList;
  }

  /** One pread(2) from byte `at` of the file to the same byte of `into`. Returns bytes read or -errno. */
  read(into: NativeBuffer, at = 0): number {
    if (this.#descriptor < 0) {
      this.#name ??= NativeBuffer.ofPath(this.path);
      this.#descriptor = openAt(AT_FDCWD, this.#name, O_RDONLY);
      if (this.#descriptor < 0) return this.#descriptor;
      kept++;
    }
    const length = readAt(this.#descriptor, into, at, at);
    // The device behind the file may have been replaced: open the name again.
    if (length < 0 || (kept > KEPT_MOST && !this.#isList)) this.close();
    return length;
  }

  close(): void {
    if (this.#descriptor < 0) return;
    closeDescriptor(this.#descriptor);
    this.#descriptor = -1;
    kept--;
  }
}

/** A kept file of unknown length, whole: the buffer grows up to a limit beyond which the text is cut. */
export class KeptText {
  /** Bytes [0, `length`) are the text read last. */
  buffer: NativeBuffer;
  length = 0;
  readonly #file: KeptFile;
  readonly #limit: number;

  constructor(path: string, size = 4096, limit = 4 << 20) {
    this.#file = new KeptFile(path, true);
    this.#limit = limit;
    this.buffer = new NativeBuffer(size);
  }

  get path(): string {
    return this.#file.path;
  }

  /**
   * Returns 0, or -errno where the file cannot be read; then `length` is 0. Of a list the kernel hands out a page at a
   * time (fs/seq_file.c), so only a read of nothing is the end.
   */
  read(): number {
    for (this.length = 0; ; ) {
      if (this.length === this.buffer.bytes.length && !this.#grow()) return 0;
      const got = this.#file.read(this.buffer, this.length);
      this.length = got < 0 ? 0 : this.length + got;
      if (got <= 0) return got;
    }
  }

  /** False: it is as large as it may be. */
  #grow(): boolean {
    const { bytes } = this.buffer;
    if (bytes.length >= this.#limit) return false;
    this.buffer = new NativeBuffer(Math.min(bytes.length * 2, this.#limit));
    this.buffer.bytes.set(bytes);
    return true;
  }

  close(): void {
    this.#file.close();
  }
}
