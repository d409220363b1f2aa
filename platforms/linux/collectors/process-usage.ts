import { ProcessUsage } from '../../../src/data/sample/machine-processes.ts';
import type { ProcessTable } from '../../../src/data/sample/process-table.ts';
import { NativeBuffer } from '../libc.ts';
import { type PidIo, parsePidIo } from '../proc/pid-io.ts';
import { type PidStatm, parsePidStatm } from '../proc/pid-statm.ts';
import type { ProcDirectory } from '../proc/proc-directory.ts';
import { ascii } from '../proc/text-scanner.ts';

const IO = ascii('/io\0');
const STATM = ascii('/statm\0');
/** More rows than any terminal shows. */
export const VISIBLE_LIMIT = 1024;

/** What costs reads of its own, for single processes: exact memory (`statm`) and storage I/O (`io`). */
export class ProcessUsageReader {
  readonly usage = new ProcessUsage();
  readonly #proc: ProcDirectory;
  readonly #pageSizeBytes: number;
  readonly #text = new NativeBuffer(1024);
  readonly #io: PidIo = { readBytes: 0, writtenBytes: 0 };
  readonly #statm: PidStatm = { virtualPages: 0, residentPages: 0, sharedPages: 0 };

  constructor(proc: ProcDirectory, pageSizeBytes: number) {
    this.#proc = proc;
    this.#pageSizeBytes = pageSizeBytes;
  }

  /** Fills the columns for these processes; all other rows are unknown. Their memory in the table becomes exact. */
  read(table: ProcessTable, pids: readonly number[]): void {
    this.usage.clear(table.slots.capacity);
    for (const pid of pids.slice(0, VISIBLE_LIMIT)) {
      const slot = table.find(pid);
      if (slot >= 0) this.#readRow(table, slot, pid);
    }
  }

  /** `into` in pages; false: it is gone. Needs no permission. */
  readStatm(pid: number, into: PidStatm): boolean {
    const length = this.#proc.readProcessFile(pid, STATM, this.#text);
    return length > 0 && parsePidStatm(this.#text.bytes, length, into);
  }

  /** False: not permitted, or gone. */
  readIo(pid: number, into: PidIo): boolean {
    const length = this.#proc.readProcessFile(pid, IO, this.#text);
    return length > 0 && parsePidIo(this.#text.bytes, length, into);
  }

  #readRow(table: ProcessTable, slot: number, pid: number): void {
    if (this.readStatm(pid, this.#statm)) {
      table.rssBytes[slot] = this.#statm.residentPages * this.#pageSizeBytes;
      this.usage.sharedBytes[slot] = this.#statm.sharedPages * this.#pageSizeBytes;
      this.usage.virtualBytes[slot] = this.#statm.virtualPages * this.#pageSizeBytes;
    }
    if (this.readIo(pid, this.#io)) {
      this.usage.readBytes[slot] = this.#io.readBytes;
      this.usage.writtenBytes[slot] = this.#io.writtenBytes;
    }
  }
}
