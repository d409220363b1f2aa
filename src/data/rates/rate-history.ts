import { columnsClass, numbers } from '../../kit/table/columns.ts';

/** Samples that a row's graph shows. */
export const HISTORY_LENGTH = 16;

/** The last sixteen rates of each slot, both directions together, bytes per second. */
export class RateHistory extends columnsClass({
  ring: numbers('f32', 0, HISTORY_LENGTH),
  serial: numbers('u32'),
}) {
  /** Samples taken since it began or was cleared. */
  sampleCount = 0;
  /** Where this sample's values go; the same in every ring. */
  #head = 0;

  /** Before a sample's rows. Rows that are not pushed keep what stood there sixteen samples ago: push them all. */
  begin(capacity: number): void {
    this.reserve(capacity);
    this.#head = (this.#head + 1) % HISTORY_LENGTH;
    this.sampleCount++;
  }

  /** Unknown (NaN) is drawn as nothing. */
  push(slot: number, serial: number, rate: number): void {
    const at = slot * HISTORY_LENGTH;
    if (this.serial[slot] !== serial) {
      this.serial[slot] = serial;
      this.ring.fill(0, at, at + HISTORY_LENGTH);
    }
    this.ring[at + this.#head] = Number.isNaN(rate) ? 0 : rate;
  }

  /** Adds the slot's rates to `out` (HISTORY_LENGTH values, oldest first). */
  addInto(slot: number, out: Float32Array): void {
    const at = slot * HISTORY_LENGTH;
    for (let i = 0; i < HISTORY_LENGTH; i++) {
      out[i]! += this.ring[at + ((this.#head + 1 + i) % HISTORY_LENGTH)]!;
    }
  }

  clear(): void {
    this.serial.fill(0);
    this.sampleCount = 0;
  }

  copy(): RateHistory {
    const copy = new RateHistory();
    copy.become(this);
    copy.#head = this.#head;
    copy.sampleCount = this.sampleCount;
    return copy;
  }
}
