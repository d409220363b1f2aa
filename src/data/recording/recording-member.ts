import { constants, crc32, createDeflateRaw, type DeflateRaw } from 'node:zlib';
import { toOpError } from '../../kit/errors/op-error.ts';
import { MEMBER_TRAILER_BYTES } from './recorded-member.ts';

/**
 * Level 4: of a machine with 150 sockets 15.8 KB a snapshot in 0.9 ms, where level 1 needs 21.9 KB and level 6
 * 14.7 KB in 1.2 ms. The work is done by zlib's threads.
 */
const LEVEL = 4;

/** Compresses the lines of one gzip member. What it has given out after each line is enough to read that line. */
export class RecordingMember {
  readonly #deflate: DeflateRaw = createDeflateRaw({ level: LEVEL });
  #output: Uint8Array[] = [];
  #crc = 0;
  #textBytes = 0;
  #fail: (thrown: unknown) => void = () => undefined;

  constructor() {
    this.#deflate.on('data', (bytes: Uint8Array) => {
      this.#output.push(bytes);
    });
    this.#deflate.on('error', (thrown) => this.#fail(thrown));
  }

  async add(text: Uint8Array): Promise<void> {
    this.#crc = crc32(text, this.#crc);
    this.#textBytes += text.length;
    await this.#done((done) => {
      this.#deflate.write(text, done);
    });
  }

  /** The bytes of everything added since the last call. */
  async flush(): Promise<Uint8Array[]> {
    await this.#done((done) => {
      this.#deflate.flush(constants.Z_SYNC_FLUSH, done);
    });
    return this.#take();
  }

  /** The last bytes and the trailer (RFC 1952, 2.3.1). */
  async end(): Promise<Uint8Array[]> {
    await this.#done((done) => {
      this.#deflate.once('end', done);
      this.#deflate.end();
    });
    const trailer = new DataView(new ArrayBuffer(MEMBER_TRAILER_BYTES));
    trailer.setUint32(0, this.#crc, true);
    trailer.setUint32(4, this.#textBytes >>> 0, true);
    return [...this.#take(), new Uint8Array(trailer.buffer)];
  }

  /** Frees zlib's memory; for members that will not be ended. */
  discard(): void {
    this.#deflate.close();
  }

  #take(): Uint8Array[] {
    const output = this.#output;
    this.#output = [];
    return output;
  }

  async #done(start: (done: (error?: Error | null) => void) => void): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#fail = (thrown) => reject(toOpError('compress recording', thrown));
      start((error) => (error ? this.#fail(error) : resolve()));
    });
  }
}
