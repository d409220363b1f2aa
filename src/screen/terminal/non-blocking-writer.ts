import { writeSync } from 'node:fs';
import { type OpError, toOpError } from '../../kit/errors/op-error.ts';

const FIRST_RETRY_MILLIS = 1;
const LAST_RETRY_MILLIS = 30;

/** What a writer reports, never from within `send`. */
interface WriterEvents {
  drained(): void;
  failed(error: OpError): void;
}

/**
 * Writes to a descriptor opened with O_NONBLOCK. A terminal that takes no more (a pty holds about 10 KB; Ctrl-S
 * holds everything) is asked again after 1, 2, 4 ... 30 ms: the runtime has no way to wait for a descriptor of ours.
 */
export class NonBlockingWriter {
  readonly #descriptor: number;
  readonly #events: WriterEvents;
  #bytes: Uint8Array | undefined;
  #offset = 0;
  #length = 0;
  #retryMillis = FIRST_RETRY_MILLIS;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(descriptor: number, events: WriterEvents) {
    this.#descriptor = descriptor;
    this.#events = events;
  }

  get isBusy(): boolean {
    return this.#bytes !== undefined;
  }

  /** See Backend.send. */
  send(bytes: Uint8Array, length: number): boolean {
    this.#bytes = bytes;
    this.#offset = 0;
    this.#length = length;
    this.#retryMillis = FIRST_RETRY_MILLIS;
    const error = this.#write();
    if (error !== undefined) {
      this.#timer = setTimeout(() => this.#fail(error), 0);
      return false;
    }
    if (this.#bytes === undefined) return true;
    this.#retryLater();
    return false;
  }

  /** See Backend.abort. */
  abort(): boolean {
    const wasBusy = this.isBusy;
    clearTimeout(this.#timer);
    this.#bytes = undefined;
    return wasBusy;
  }

  readonly #retry = (): void => {
    const before = this.#offset;
    const error = this.#write();
    if (error !== undefined) {
      this.#fail(error);
    } else if (this.#bytes === undefined) {
      this.#events.drained();
    } else {
      const isMoving = this.#offset > before;
      this.#retryMillis = isMoving ? FIRST_RETRY_MILLIS : Math.min(this.#retryMillis * 2, LAST_RETRY_MILLIS);
      this.#retryLater();
    }
  };

  #retryLater(): void {
    this.#timer = setTimeout(this.#retry, this.#retryMillis);
  }

  #fail(error: OpError): void {
    this.#bytes = undefined;
    this.#events.failed(error);
  }

  /** Writes as much as the descriptor takes; `#bytes` is undefined once all are out. */
  #write(): OpError | undefined {
    const bytes = this.#bytes;
    if (bytes === undefined) return undefined;
    try {
      while (this.#offset < this.#length) {
        this.#offset += writeSync(this.#descriptor, bytes, this.#offset, this.#length - this.#offset);
      }
      this.#bytes = undefined;
      return undefined;
    } catch (cause) {
      const error = toOpError('write terminal', cause);
      return error.code === 'EAGAIN' || error.code === 'EINTR' ? undefined : error;
    }
  }
}
