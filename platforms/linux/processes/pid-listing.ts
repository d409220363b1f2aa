import type { Slice } from '../../../src/data/sample/slice.ts';
import { lengthened } from '../../../src/kit/table/slot-table.ts';
import { NativeBuffer, SyscallError } from '../libc.ts';
import { parseProcessIds } from '../proc/dirent.ts';
import type { ProcDirectory } from '../proc/proc-directory.ts';

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
