import { OpError } from '../../kit/errors/op-error.ts';
import type { RemoteStatus } from '../sample/remote-status.ts';
import type { Slice } from '../sample/slice.ts';
import type { Snapshot, Want } from '../sample/snapshot.ts';

/** Where snapshots come from: this machine, an agent or a recording. An app never knows which one it has. */
export interface Source {
  /**
   * The sections of `want`. Borrowed: valid until the next call. `deadlineMicros` is a moment of the local
   * monotonic clock (Infinity: wait for ever); past it the promise rejects with an OpError of code `DEADLINE`,
   * and the collection under way becomes the answer to the next call. After `close` the code is `CLOSED`.
   * A section that could not be collected is missing, and `errors` says why.
   */
  sample(want: Want, deadlineMicros: number): Promise<Snapshot>;
  close(): void;
}

/** The way to another machine: it reconnects by itself, after growing delays. */
export interface RemoteLink {
  readonly status: RemoteStatus;
  /** Tries again at once. */
  retry(): void;
  /** Called after every change of `status`; one listener. */
  onChange(listener: () => void): void;
}

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

/** setTimeout takes 32 bits. */
const LONGEST_MILLIS = 0x7fff_ffff;

/** The promise, or past the moment of `nowMicros` a rejection with the OpError `DEADLINE`; it itself goes on. */
export async function withinDeadline<T>(
  promise: Promise<T>,
  deadlineMicros: number,
  nowMicros: () => number,
): Promise<T> {
  if (deadlineMicros === Number.POSITIVE_INFINITY) return promise;
  const leftMillis = Math.max(0, (deadlineMicros - nowMicros()) / 1000);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    const late = (): void => reject(new OpError({ op: 'sample', code: 'DEADLINE' }));
    timer = setTimeout(late, Math.min(leftMillis, LONGEST_MILLIS));
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
