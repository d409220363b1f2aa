import type { InputEvent } from '../input/event.ts';
import { InputParser } from '../input/input-parser.ts';

/** The parser with a clock: bytes in, events out, pending ones settled in time. */
export class InputReader {
  readonly #parser: InputParser;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn: ReturnType<typeof setImmediate> | undefined;

  constructor(emit: (event: InputEvent) => void) {
    this.#parser = new InputParser(emit);
  }

  resize(width: number, height: number): void {
    this.#parser.resize(width, height);
  }

  feed(bytes: Uint8Array): void {
    this.#parser.feed(bytes, performance.now());
    this.#schedule();
  }

  close(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
  }

  #schedule(): void {
    this.close();
    const wait = this.#parser.deadlineMillis - performance.now();
    if (wait === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(this.#onDeadline, Math.max(wait, 0));
  }

  /**
   * If the process was held up, the rest of the sequence may be waiting to be read. Two turns of the event loop
   * have a read between them, and that moves the deadline.
   */
  readonly #onDeadline = (): void => {
    this.#turn = setImmediate(() => {
      this.#turn = setImmediate(() => {
        this.#parser.expire(performance.now());
        this.#schedule();
      });
    });
  };
}
