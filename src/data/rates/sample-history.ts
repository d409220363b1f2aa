/** Samples that a large chart can show. */
export const HISTORY_SAMPLES = 600;

/** The last values of one figure, NaN where one is not known. The ring lies open, so that charts draw it in place. */
export class SampleHistory {
  readonly values: Float32Array;
  readonly base = 0;
  readonly capacity: number;
  /** Place of the newest value; -1 before the first. */
  newest = -1;
  count = 0;

  constructor(capacity = HISTORY_SAMPLES) {
    this.capacity = capacity;
    this.values = new Float32Array(capacity);
  }

  /** The newest value; NaN before the first. */
  get last(): number {
    return this.count === 0 ? Number.NaN : this.values[this.newest]!;
  }

  push(value: number): void {
    this.newest = (this.newest + 1) % this.capacity;
    this.values[this.newest] = value;
    if (this.count < this.capacity) this.count++;
  }

  clear(): void {
    this.newest = -1;
    this.count = 0;
  }
}
