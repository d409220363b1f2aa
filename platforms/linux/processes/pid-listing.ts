import type { Slice } from '../../../src/data/sample/slice.ts';
import { lengthened } from '../../../src/kit/table/slot-table.ts';
import { NativeBuffer, SyscallError } from '../libc.ts';
import { type ProcDirectory, visitNumbers } from '../proc/proc-directory.ts';

/** Small enough that one getdents64 stays well under a millisecond (about 0.33 µs an entry). */
const ENTRIES_SIZE = 16 * 1024;
/** The least that one entry of a directory takes, `struct linux_dirent64`. */
const ENTRY_SIZE = 24;

/** All process ids that a /proc lists: `pids[0..count)`, reused by every `read`. */
export class PidListing {
  pids = new Int32Array(4096);
  count = 0;
  readonly #proc: ProcDirectory;
  readonly #entries = new NativeBuffer(ENTRIES_SIZE);

  constructor(proc: ProcDirectory) {
    this.#proc = proc;
  }

  /** Rejects with SyscallError where /proc cannot be listed. */
  async read(slice: Slice): Promise<void> {
    this.#proc.rewind();
    this.count = 0;
    for (;;) {
      const length = this.#proc.readEntries(this.#entries);
      if (length < 0) throw new SyscallError('getdents64', -length, this.#proc.root);
      if (length === 0) return;
      const room = this.count + Math.ceil(length / ENTRY_SIZE);
      if (room > this.pids.length) this.pids = lengthened(this.pids, new Int32Array(room * 2));
      this.count = parseProcessIds(this.#entries.bytes, length, this.pids, this.count);
      if (slice.due()) await slice.rest();
    }
  }
}

/** A pid is given out before its task can be found: as many of the last ones are looked for once more. */
const PIDS_IN_FLIGHT = 64;

/**
 * Which pids may be new, from the pid given out last (they are given out in ascending order, starting over low at
 * the largest).
 */
export class PidCursor {
  /** Those from `first` up to the argument of `advance` may be new. */
  first = Number.NaN;
  #last = Number.NaN;
  #beforeLast = Number.NaN;

  /** How many may be new; Infinity where that cannot be said: at first, after a wrap, where `last` is NaN. */
  advance(last: number): number {
    const previous = this.#last;
    this.first = Math.max(this.#beforeLast, previous - PIDS_IN_FLIGHT) + 1;
    const isAscending = last >= previous;
    this.#last = last;
    this.#beforeLast = isAscending ? previous : last - PIDS_IN_FLIGHT;
    return isAscending ? last - this.first + 1 : Number.POSITIVE_INFINITY;
  }
}

/**
 * The process ids among the entries that getdents64(2) wrote, into `into` from index `count`; returns the new count.
 * `into` must have room for `length / 24` more.
 */
export function parseProcessIds(bytes: Uint8Array, length: number, into: Int32Array, count: number): number {
  visitNumbers(bytes, length, (pid) => {
    if (pid > 0 && count < into.length) into[count++] = pid;
    return true;
  });
  return count;
}
