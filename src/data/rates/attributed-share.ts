import { lengthened } from '../../kit/table/slot-table.ts';
import { weightOf } from './smoothing.ts';

/** Less than this in the last seconds is no traffic to take a share of. */
const LEAST_BYTES = 1;

/**
 * Share of interfaces' bytes that the rows explain, over the last few seconds (the weights of the rates): of each
 * interface by its slot, and of several together.
 */
export class AttributedShares {
  #serial = new Uint32Array(0);
  /** Cumulative, of all rows; as the last sample had it. */
  #explained = new Float64Array(0);
  #lastExplained = new Float64Array(0);
  /** What the interface has moved in this sample. */
  #moved = new Float64Array(0);
  #recentExplained = new Float64Array(0);
  #recentMoved = new Float64Array(0);

  /** Before a sample. */
  begin(capacity: number): void {
    if (capacity > this.#serial.length) this.#grow(capacity);
    this.#explained.fill(0);
    this.#moved.fill(0);
  }

  /** An interface has moved so many bytes since the last sample. */
  move(slot: number, serial: number, bytes: number): void {
    if (this.#serial[slot] !== serial) {
      this.#serial[slot] = serial;
      this.#lastExplained[slot] = 0;
      this.#recentExplained[slot] = 0;
      this.#recentMoved[slot] = 0;
    }
    this.#moved[slot]! += bytes;
  }

  /** A row has so many bytes there since it began. */
  explain(slot: number, bytes: number): void {
    this.#explained[slot]! += bytes;
  }

  /** After a sample; NaN: there was none before, so that all of it is a baseline. */
  end(seconds: number): void {
    const kept = Number.isNaN(seconds) ? 0 : 1 - weightOf(seconds);
    const counted = Number.isNaN(seconds) ? 0 : 1;
    for (let slot = 0; slot < this.#serial.length; slot++) {
      // Rows that are merged leave the sum as it is; what is taken off it is no growth.
      const grown = Math.max(0, this.#explained[slot]! - this.#lastExplained[slot]!);
      this.#lastExplained[slot] = this.#explained[slot]!;
      this.#recentExplained[slot] = this.#recentExplained[slot]! * kept + grown * counted;
      this.#recentMoved[slot] = this.#recentMoved[slot]! * kept + this.#moved[slot]! * counted;
    }
  }

  reset(): void {
    this.#recentExplained.fill(0);
    this.#recentMoved.fill(0);
  }

  /** 0 to 1; NaN without traffic. Acknowledged bytes trail the wire, so that the quotient may pass 1 for a moment. */
  ratio(slot: number): number {
    const moved = this.#recentMoved[slot] ?? 0;
    return moved < LEAST_BYTES ? Number.NaN : Math.min(1, this.#recentExplained[slot]! / moved);
  }

  #grow(capacity: number): void {
    this.#serial = lengthened(this.#serial, new Uint32Array(capacity));
    this.#explained = lengthened(this.#explained, new Float64Array(capacity));
    this.#lastExplained = lengthened(this.#lastExplained, new Float64Array(capacity));
    this.#moved = lengthened(this.#moved, new Float64Array(capacity));
    this.#recentExplained = lengthened(this.#recentExplained, new Float64Array(capacity));
    this.#recentMoved = lengthened(this.#recentMoved, new Float64Array(capacity));
  }
}
