import { OpError } from '../../kit/errors/op-error.ts';
import type { Snapshot, Want } from '../sample/snapshot.ts';
import type { Source } from './source.ts';

/**
 * A source that is opened by its first sample: a screen is painted before programs are loaded into the kernel. A
 * source that cannot be opened is an error of the sample, and the next sample tries again.
 */
export class DeferredSource implements Source {
  readonly #open: () => Source;
  #source: Source | undefined;
  #isClosed = false;

  constructor(open: () => Source) {
    this.#open = open;
  }

  async sample(want: Want, deadlineMicros: number): Promise<Snapshot> {
    if (this.#isClosed) throw new OpError({ op: 'sample', code: 'CLOSED' });
    this.#source ??= this.#open();
    return this.#source.sample(want, deadlineMicros);
  }

  close(): void {
    this.#isClosed = true;
    this.#source?.close();
  }
}
