import type { Slice } from '../sample/slice.ts';

const SLICE_MILLIS = 2;

/** Lets the event loop turn by setImmediate once a slice has lasted 2 ms. One for each collection. */
export class TimeSlice implements Slice {
  #startedMillis = performance.now();

  due(): boolean {
    return performance.now() - this.#startedMillis >= SLICE_MILLIS;
  }

  async rest(): Promise<void> {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    this.#startedMillis = performance.now();
  }
}
