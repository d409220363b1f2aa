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
      longest.refuse(1008, 'the client does not read');
      this.hold(longest, 0);
    }
  }

  hasRoomFor(bytes: number): boolean {
    return this.#bytes + bytes <= WAITING_LIMIT_BYTES;
  }
}
