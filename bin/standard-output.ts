import { write } from 'node:fs';
import { toOpError } from '../src/kit/errors/op-error.ts';
import type { Stop } from './stop.ts';

/** A reader that is only slow gets the line under way whole. */
const LAST_LINE_MILLIS = 300;
/** A pipe that somebody made non-blocking and that is full is asked again, at ever longer intervals. */
const FIRST_RETRY_MILLIS = 1;
const LAST_RETRY_MILLIS = 30;

/**
 * Standard output for streams: waits for a slow reader instead of queueing, and tells when the reader has gone (EPIPE is
 * an ordinary end, not an error). It is written to on a thread of the runtime's: a reader that has stopped holds up that
 * one, and neither signals nor timers. A file description of our own that does not block would not do: another user's
 * pipe, a socket and a file on a hung disk cannot be opened anew.
 */
export class StandardOutput {
  readonly #stop: Stop | undefined;
  #isClosed = false;

  /** `stop` ends the wait for a reader. */
  constructor(stop?: Stop) {
    this.#stop = stop;
  }

  /** Resolves once the system has taken all of `text`; false: the reader is gone, or the end came. Other errors reject. */
  async write(text: string): Promise<boolean> {
    if (this.#isClosed) return false;
    const writing = this.#writeAll(new TextEncoder().encode(text));
    const outcome = await (this.#stop?.orEnd(writing, LAST_LINE_MILLIS) ?? writing);
    this.#isClosed ||= outcome !== true;
    return outcome === true;
  }

  async #writeAll(bytes: Uint8Array): Promise<boolean> {
    let retryMillis = FIRST_RETRY_MILLIS;
    for (let written = 0; written < bytes.length && !this.#isClosed; ) {
      try {
        written += await writeOnce(bytes, written);
        retryMillis = FIRST_RETRY_MILLIS;
      } catch (thrown) {
        const error = toOpError('write standard output', thrown);
        if (error.code === 'EPIPE') return false;
        if (error.code !== 'EAGAIN') throw error;
        await Bun.sleep(retryMillis);
        retryMillis = Math.min(2 * retryMillis, LAST_RETRY_MILLIS);
      }
    }
    return true;
  }
}

function writeOnce(bytes: Uint8Array, from: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(1, bytes, from, bytes.length - from, null, (error, count) =>
      error ? reject(error) : resolve(count),
    );
  });
}
