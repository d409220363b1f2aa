/** Sets an entry of a map in which the newest stands last; past `limit` the oldest gives way. */
export function setNewest<K, V>(map: Map<K, V>, key: K, value: V, limit: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > limit) map.delete(map.keys().next().value as K);
}

/** So many at once, then one more every while. Times are of the monotonic clock. */
export class Allowance {
  /** How often there was none left; whoever reports it sets this back to 0. */
  refused = 0;
  readonly #burst: number;
  readonly #refillMillis: number;
  #left: number;
  #refilledMillis = 0;

  constructor(burst: number, refillMillis: number) {
    this.#burst = burst;
    this.#refillMillis = refillMillis;
    this.#left = burst;
  }

  /** Takes one; false: there was none left. */
  take(nowMillis: number): boolean {
    const isLeft = this.has(nowMillis);
    if (isLeft) this.#left--;
    else this.refused++;
    return isLeft;
  }

  has(nowMillis: number): boolean {
    const refills = Math.floor((nowMillis - this.#refilledMillis) / this.#refillMillis);
    this.#left = Math.min(this.#burst, this.#left + refills);
    const isFull = this.#left === this.#burst;
    this.#refilledMillis = isFull ? nowMillis : this.#refilledMillis + refills * this.#refillMillis;
    return this.#left > 0;
  }
}
