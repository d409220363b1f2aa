/** How often a program that runs for long collects. */
export const COLLECTED_MILLIS = 10_000;
/** So many collections of young garbage for one of all. */
const YOUNG_COLLECTIONS = 5;
/** By then what runs with each frame is compiled. */
const STARTED_COLLECTIONS = 2;
/** Of one core: below, hardly anything that is still interpreted is worth the memory of its compiled code. */
const REST_SHARE = 0.01;
/** So many times later code is compiled at rest. */
const REST_JIT_SCALE = 3;

/**
 * Keeps the memory of a program nearly constant (docs/decisions/0016-memory-and-start-of-screens.md). The engine
 * collects garbage only when the heap has grown by tens of megabytes, so what is young (2 ms) is collected often, and
 * all of it (7 ms and more) now and then. It compiles code by how often it has run, however slowly: while the program
 * takes next to no time, that is put off.
 */
export class Garbage {
  #turn = 0;
  #collections = 0;
  #cpuMicros = 0;
  #millis = performance.now();

  async collect(): Promise<void> {
    this.#turn = (this.#turn + 1) % (YOUNG_COLLECTIONS + 1);
    if (this.#turn === 0) Bun.gc(true);
    else (await import('bun:jsc')).edenGC();
    this.#collections++;
    const isResting = this.#cpuShare() < REST_SHARE && this.#collections >= STARTED_COLLECTIONS;
    Bun.unsafe.setJITPolicy(isResting ? REST_JIT_SCALE : 1);
  }

  /** Of one core, since the last call. */
  #cpuShare(): number {
    const { user, system } = process.cpuUsage();
    const millis = performance.now();
    const share = (user + system - this.#cpuMicros) / 1000 / (millis - this.#millis);
    this.#cpuMicros = user + system;
    this.#millis = millis;
    return share;
  }
}
