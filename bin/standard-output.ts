import { OpError, toOpError } from '../src/kit/errors/op-error.ts';

/**
 * Standard output for streams: waits for a slow reader instead of queueing, and tells when the reader has gone
 * (EPIPE is an ordinary end, not an error).
 */
export class StandardOutput {
  #isClosed = false;

  constructor() {
    // The callback of each write reports the error; without a listener it would end the process as well.
    process.stdout.on('error', () => {
      this.#isClosed = true;
    });
  }

  /** Resolves once the system has taken all of `text`; false: the reader is gone. Other errors reject. */
  write(text: string): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false);
    return new Promise((resolve, reject) => {
      process.stdout.write(text, (error) => {
        if (error === null || error === undefined) return resolve(true);
        this.#isClosed = true;
        const failure = toOpError('write standard output', error);
        if (failure.code === 'EPIPE') resolve(false);
        else reject(new OpError({ op: failure.op, code: failure.code, cause: error }));
      });
    });
  }
}
