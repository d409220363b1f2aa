/** An entry in the chain from the least to the most recently used. */
interface Node<Value> {
  key: string;
  value: Value;
  older: Node<Value> | undefined;
  newer: Node<Value> | undefined;
}

/**
 * A map of at most `limit` entries that knows which was used last: reading or writing an entry makes it the newest,
 * and when it is full a new key takes the place of the oldest. Reading allocates nothing.
 */
export class RecencyMap<Value> {
  readonly #limit: number;
  readonly #nodes = new Map<string, Node<Value>>();
  #oldest: Node<Value> | undefined;
  #newest: Node<Value> | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#nodes.size;
  }

  /** The value, whose entry is the newest from now on; undefined where there is none. */
  get(key: string): Value | undefined {
    const node = this.#nodes.get(key);
    if (node === undefined) return undefined;
    this.#touch(node);
    return node.value;
  }

  set(key: string, value: Value): void {
    const known = this.#nodes.get(key);
    if (known !== undefined) {
      known.value = value;
      this.#touch(known);
      return;
    }
    const node = this.#nodes.size >= this.#limit ? this.#takeOldest() : undefined;
    const fresh = node ?? { key, value, older: undefined, newer: undefined };
    fresh.key = key;
    fresh.value = value;
    this.#nodes.set(key, fresh);
    this.#append(fresh);
  }

  /** Takes out the newest entry and returns its key. */
  takeNewest(): string | undefined {
    const node = this.#newest;
    if (node === undefined) return undefined;
    this.#unlink(node);
    this.#nodes.delete(node.key);
    return node.key;
  }

  clear(): void {
    this.#nodes.clear();
    this.#oldest = undefined;
    this.#newest = undefined;
  }

  #touch(node: Node<Value>): void {
    if (node === this.#newest) return;
    this.#unlink(node);
    this.#append(node);
  }

  #takeOldest(): Node<Value> | undefined {
    const node = this.#oldest;
    if (node === undefined) return undefined;
    this.#unlink(node);
    this.#nodes.delete(node.key);
    return node;
  }

  #append(node: Node<Value>): void {
    node.older = this.#newest;
    node.newer = undefined;
    if (this.#newest === undefined) this.#oldest = node;
    else this.#newest.newer = node;
    this.#newest = node;
  }

  #unlink(node: Node<Value>): void {
    if (node.older === undefined) this.#oldest = node.newer;
    else node.older.newer = node.newer;
    if (node.newer === undefined) this.#newest = node.older;
    else node.newer.older = node.older;
  }
}
