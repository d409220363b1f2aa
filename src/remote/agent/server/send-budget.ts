import type { Connection } from './connection.ts';

/** What may wait for clients that do not read, of all together. */
export const WAITING_LIMIT_BYTES = 32 << 20;

/** Replies that were handed to a socket and not read yet. Beyond a limit the client that has waited longest goes. */
export class SendBudget {
  /** The longest blocked first. */
  readonly #held = new Map<Connection, number>();
  #bytes = 0;

  hold(connection: Connection, bytes: number): void {
    this.release(connection);
    this.#held.set(connection, bytes);
    this.#bytes += bytes;
    for (const oldest of this.#held.keys()) {
      if (this.#bytes <= WAITING_LIMIT_BYTES || this.#held.size === 1) return;
      oldest.refuse(1008, 'the client does not read');
    }
  }

  release(connection: Connection): void {
    this.#bytes -= this.#held.get(connection) ?? 0;
    this.#held.delete(connection);
  }
}
