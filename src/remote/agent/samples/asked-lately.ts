/** A client asks again at least every few seconds; what it no longer asks for is not read for it. */
const KEPT_MICROS = 5e6;
/** Of all clients together. */
const KEYS_LIMIT = 1024;

/** What some client has asked for lately, such as the processes that it has on its screen. */
export class AskedLately<Key> {
  /** When each was asked for last; the oldest first. */
  readonly #asked = new Map<Key, number>();

  note(keys: readonly Key[], nowMicros: number): void {
    for (const key of keys) {
      this.#asked.delete(key);
      this.#asked.set(key, nowMicros);
    }
    for (const key of this.#asked.keys()) {
      if (this.#asked.size <= KEYS_LIMIT) break;
      this.#asked.delete(key);
    }
  }

  within(nowMicros: number): readonly Key[] {
    for (const [key, askedMicros] of this.#asked) {
      if (nowMicros - askedMicros <= KEPT_MICROS) break;
      this.#asked.delete(key);
    }
    return [...this.#asked.keys()];
  }
}
