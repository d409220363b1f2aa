const NAMES_LIMIT = 1 << 16;

/** Small numbers for names, so that rows are told apart by number; the look-up is skipped where a slot keeps its name. */
export class NameNumbers {
  readonly #numbers = new Map<string, number>();
  readonly #names: (string | undefined)[] = [];
  readonly #numberOf: number[] = [];

  /** Before a list is made: starts anew where too many names have been seen. Numbers of before are void then. */
  begin(): void {
    if (this.#numbers.size <= NAMES_LIMIT) return;
    this.#numbers.clear();
    this.#names.length = 0;
  }

  /** How many numbers there are. */
  get count(): number {
    return this.#numbers.size;
  }

  /** The number of a name, -1 if it has none. */
  find(name: string): number {
    return this.#numbers.get(name) ?? -1;
  }

  /** The number of the name that `slot` has now. */
  of(slot: number, name: string): number {
    if (this.#names[slot] === name) return this.#numberOf[slot]!;
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(name, number);
    }
    this.#names[slot] = name;
    this.#numberOf[slot] = number;
    return number;
  }
}
