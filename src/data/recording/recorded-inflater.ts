import { createGunzip, type Gunzip } from 'node:zlib';
import { OpError, toOpError } from '../../kit/errors/op-error.ts';

const CHUNK_BYTES = 1 << 16;

/** Decompresses gzip data as it comes, on zlib's threads; what comes out of one `write` is bounded by its input. */
export class RecordedInflater {
  readonly #gunzip: Gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  #fail: (thrown: unknown) => void = () => undefined;
  #hasEnded = false;

  /** `take` gets the text; what it throws is what `write` rejects with. */
  constructor(take: (bytes: Uint8Array) => void) {
    this.#gunzip.on('data', (bytes: Uint8Array) => {
      try {
        take(bytes);
      } catch (thrown) {
        this.#fail(thrown);
      }
    });
    this.#gunzip.on('error', (thrown) => this.#fail(damaged(thrown)));
    this.#gunzip.on('end', () => {
      this.#hasEnded = true;
    });
  }

  /** Resolves when everything that these bytes tell has been given out. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#hasEnded) return;
    await this.#done((done) => {
      this.#gunzip.write(bytes, done);
    });
  }

  /** No more will come: rejects if the data ended early or its check sum is wrong. */
  async end(): Promise<void> {
    if (this.#hasEnded) return;
    await this.#done((done) => {
      this.#gunzip.once('end', () => done());
      this.#gunzip.end();
    });
  }

  close(): void {
    this.#fail = () => undefined;
    this.#gunzip.close();
  }

  async #done(start: (done: (error?: Error | null) => void) => void): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#fail = reject;
      start((error) => (error ? reject(damaged(error)) : resolve()));
    });
  }
}

function damaged(cause: unknown): OpError {
  const isCut = toOpError('decompress', cause).code === 'Z_BUF_ERROR';
  return new OpError({
    op: 'read recording',
    code: isCut ? 'TRUNCATED' : 'DAMAGED',
    message: isCut ? 'it ends early' : 'it is damaged',
    cause,
  });
}
