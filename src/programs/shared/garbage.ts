/** How often a program that runs for long collects. */
export const COLLECTED_MILLIS = 10_000;
/** So many collections of young garbage for one of all. */
const YOUNG_COLLECTIONS = 5;

/**
 * The engine collects garbage only when the heap has grown by tens of megabytes. Collecting what is young (2 ms) often,
 * and all of it (7 ms and more) now and then, keeps memory nearly constant
 * (docs/decisions/0016-memory-and-start-of-screens.md).
 */
export class Garbage {
  #turn = 0;

  async collect(): Promise<void> {
    this.#turn = (this.#turn + 1) % (YOUNG_COLLECTIONS + 1);
    if (this.#turn === 0) Bun.gc(true);
    else (await import('bun:jsc')).edenGC();
  }
}
