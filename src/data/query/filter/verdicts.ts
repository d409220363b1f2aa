const UNKNOWN = 0;
const NO = 1;
const YES = 2;

/** Answers of one term about the rows of a table, by slot: many sockets share a row, so each is asked about once a list. */
export class Verdicts {
  readonly #decide: (slot: number) => boolean;
  #verdicts = new Uint8Array(0);
  #isStale = true;

  constructor(decide: (slot: number) => boolean) {
    this.#decide = decide;
  }

  /** Rows and what is known of them may be others now. */
  begin(): void {
    this.#isStale = true;
  }

  /** `capacity` of the table that `slot` is in. */
  holds(slot: number, capacity: number): boolean {
    if (this.#isStale) this.#clear(capacity);
    const known = this.#verdicts[slot]!;
    if (known !== UNKNOWN) return known === YES;
    const verdict = this.#decide(slot);
    this.#verdicts[slot] = verdict ? YES : NO;
    return verdict;
  }

  #clear(capacity: number): void {
    this.#isStale = false;
    if (capacity > this.#verdicts.length) this.#verdicts = new Uint8Array(capacity);
    else this.#verdicts.fill(UNKNOWN);
  }
}
