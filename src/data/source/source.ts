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
