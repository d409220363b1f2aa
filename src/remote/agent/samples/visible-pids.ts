/** Rows not requested again within this time are no longer read. */
const KEPT_MICROS = 5e6;
/** Of all clients together; reading one costs two files. */
const PIDS_LIMIT = 1024;

/** Processes that some client has on its screen. */
export class VisiblePids {
  /** Time of the last request; oldest first. */
  readonly #asked = new Map<number, number>();

  note(pids: readonly number[], nowMicros: number): void {
    for (const pid of pids) {
      this.#asked.delete(pid);
      this.#asked.set(pid, nowMicros);
    }
    for (const pid of this.#asked.keys()) {
      if (this.#asked.size <= PIDS_LIMIT) break;
      this.#asked.delete(pid);
    }
  }

  /** Recently requested pids. */
  within(nowMicros: number): readonly number[] {
    for (const [pid, askedMicros] of this.#asked) {
      if (nowMicros - askedMicros <= KEPT_MICROS) break;
      this.#asked.delete(pid);
    }
    return [...this.#asked.keys()];
  }
}
