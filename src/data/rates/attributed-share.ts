import { weightOf } from './smoothing.ts';

/** Less than this in the last seconds is no traffic to take a share of. */
const LEAST_BYTES = 1;

/** Share of the interfaces' bytes that the rows explain, over the last few seconds (the weights of the rates). */
export class AttributedShare {
  #explainedBytes = 0;
  #linkBytes = 0;

  add(explainedBytes: number, linkBytes: number, seconds: number): void {
    const kept = 1 - weightOf(seconds);
    this.#explainedBytes = this.#explainedBytes * kept + explainedBytes;
    this.#linkBytes = this.#linkBytes * kept + linkBytes;
  }

  reset(): void {
    this.#explainedBytes = 0;
    this.#linkBytes = 0;
  }

  /** 0 to 1; NaN without traffic. Acknowledged bytes trail the wire, so that the quotient may pass 1 for a moment. */
  get ratio(): number {
    if (this.#linkBytes < LEAST_BYTES) return Number.NaN;
    return Math.min(1, this.#explainedBytes / this.#linkBytes);
  }
}
