/** Requests that are begun before the event loop looks at its sockets and timers again. */
export const REQUESTS_PER_TURN = 16;

/** Who has requests that wait. */
interface Asker {
  /** Begins one request. Says whether there is another one that could be begun. */
  beginOne(): boolean;
}

/**
 * The order in which clients are answered: one request each in turn, whatever the request is and whether it can be
 * read at all, and no more at once than the event loop can bear. So whoever sends a thousand waits behind whoever sends
 * one.
 */
export class RequestTurns {
  /** In the order in which they are served. */
  readonly #waiting = new Set<Asker>();
  #isScheduled = false;

  /** Nothing happens where the client waits already. */
  wait(asker: Asker): void {
    this.#waiting.add(asker);
    this.#schedule();
  }

  /** The client has gone, or cannot be answered for now. */
  leave(asker: Asker): void {
    this.#waiting.delete(asker);
  }

  #schedule(): void {
    if (this.#isScheduled || this.#waiting.size === 0) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#serve();
      this.#schedule();
    });
  }

  #serve(): void {
    let left = REQUESTS_PER_TURN;
    // A client that is put back comes again within this very loop, behind all others.
    for (const asker of this.#waiting) {
      this.#waiting.delete(asker);
      if (asker.beginOne()) this.#waiting.add(asker);
      left--;
      if (left === 0) return;
    }
  }
}
