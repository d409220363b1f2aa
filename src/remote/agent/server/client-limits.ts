/** What the agent keeps for all clients together: requests that wait, and what clients have not read. */
export const WAITING_LIMIT_BYTES = 32 << 20;

/** Whoever the agent keeps something for. */
interface Holder {
  refuse(code: number, reason: string): void;
}

/**
 * Bytes that are kept for clients: requests that are not begun, replies that are not sent, and what waits in a socket,
 * pongs included. Beyond a limit the client goes for which something has been kept longest without a break.
 */
export class SendBudget {
  /** Who has held something longest first. */
  readonly #held = new Map<Holder, number>();
  #bytes = 0;

  /** What is kept for a client now, in place of what was kept before. May refuse clients, this one too. */
  hold(holder: Holder, bytes: number): void {
    const before = this.#held.get(holder) ?? 0;
    if (bytes === before) return;
    this.#bytes += bytes - before;
    if (bytes === 0) this.#held.delete(holder);
    else this.#held.set(holder, bytes);
    for (const longest of this.#held.keys()) {
      if (this.#bytes <= WAITING_LIMIT_BYTES || this.#held.size === 1) return;
      longest.refuse(1008, 'client does not read its replies');
      this.hold(longest, 0);
    }
  }

  hasRoomFor(bytes: number): boolean {
    return this.#bytes + bytes <= WAITING_LIMIT_BYTES;
  }
}

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

/** Pings and pongs that a client may send at once, and the time until one more. Honest clients send one a second. */
export const CONTROL_BURST = 40;
export const CONTROL_REFILL_MILLIS = 200;
