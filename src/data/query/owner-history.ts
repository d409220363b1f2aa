/** Samples that the large chart can show. */
const OWNER_HISTORY_LENGTH = 600;

/** The last rates of one owner, bytes per second, each direction by itself. */
export class OwnerHistory {
  /** Samples there are, at most the capacity. */
  count = 0;
  readonly capacity: number;
  readonly #up: Float32Array;
  readonly #down: Float32Array;
  /** Whose it is: a slot of the owners, -1 none, and its serial. */
  owner = -1;
  serial = 0;
  /** Where the next sample goes. */
  #head = 0;

  constructor(capacity = OWNER_HISTORY_LENGTH) {
    this.capacity = capacity;
    this.#up = new Float32Array(capacity);
    this.#down = new Float32Array(capacity);
  }

  /** Whose history it is from now on; another owner's is forgotten. */
  follow(owner: number, serial: number): void {
    if (owner === this.owner && serial === this.serial) return;
    this.owner = owner;
    this.serial = serial;
    this.clear();
  }

  /** Once a sample; NaN: unknown. */
  push(up: number, down: number): void {
    this.#up[this.#head] = up;
    this.#down[this.#head] = down;
    this.#head = (this.#head + 1) % this.capacity;
    if (this.count < this.capacity) this.count++;
  }

  /** `index` 0 is the oldest, `count - 1` the newest; NaN outside. */
  up(index: number): number {
    return this.#at(this.#up, index);
  }

  down(index: number): number {
    return this.#at(this.#down, index);
  }

  clear(): void {
    this.count = 0;
    this.#head = 0;
  }

  /** As it is now, for pause: the copy goes its own way. */
  copy(): OwnerHistory {
    const copy = new OwnerHistory(this.capacity);
    copy.#up.set(this.#up);
    copy.#down.set(this.#down);
    copy.#head = this.#head;
    copy.owner = this.owner;
    copy.serial = this.serial;
    copy.count = this.count;
    return copy;
  }

  #at(ring: Float32Array, index: number): number {
    if (index < 0 || index >= this.count) return Number.NaN;
    return ring[(this.#head - this.count + index + this.capacity) % this.capacity]!;
  }
}
