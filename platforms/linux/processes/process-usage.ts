import { ProcessUsage } from '../../../src/data/sample/machine-processes.ts';
import type { ProcessTable } from '../../../src/data/sample/process-table.ts';
import { columnsClass, numbers } from '../../../src/kit/table/columns.ts';
import { NativeBuffer } from '../libc.ts';
import { type PidIo, type PidStatm, parsePidIo, parsePidStatm } from '../proc/pid-files.ts';
import type { ProcDirectory } from '../proc/proc-directory.ts';
import { ascii } from '../proc/text-scanner.ts';

const IO = ascii('/io\0');
const STATM = ascii('/statm\0');
/** Collections after which even a process at rest is read again. */
const FRESH_GENERATIONS = 16;
/** More rows than any terminal shows. */
export const VISIBLE_LIMIT = 1024;

/** What was read last, by the slots of the table: whose it is, and in which generation it was read. */
class KeptUsage extends columnsClass({
  serial: numbers('u32'),
  generation: numbers('u32'),
  readBytes: numbers('f64', Number.NaN),
  writtenBytes: numbers('f64', Number.NaN),
}) {}

/** What costs reads of its own, for single processes: exact memory (`statm`) and storage I/O (`io`). */
export class ProcessUsageReader {
  readonly usage = new ProcessUsage();
  readonly #kept = new KeptUsage();
  readonly #proc: ProcDirectory;
  readonly #pageSizeBytes: number;
  readonly #text = new NativeBuffer(1024);
  readonly #io: PidIo = { readBytes: 0, writtenBytes: 0 };
  readonly #statm: PidStatm = { virtualPages: 0, residentPages: 0, sharedPages: 0 };

  constructor(proc: ProcDirectory, pageSizeBytes: number) {
    this.#proc = proc;
    this.#pageSizeBytes = pageSizeBytes;
  }

  /**
   * Fills the columns for these processes; all other rows are unknown. Their memory in the table becomes exact. Who has
   * used no CPU since the last reading has moved no bytes either, and is read again only now and then: its memory may
   * have been taken from it. `generation` is the table's present one.
   */
  read(table: ProcessTable, pids: readonly number[], generation: number): void {
    const { capacity } = table.slots;
    this.usage.clear(capacity);
    this.#kept.reserve(capacity);
    for (const pid of pids.slice(0, VISIBLE_LIMIT)) {
      const slot = table.find(pid);
      if (slot < 0) continue;
      if (!this.#isFresh(table, slot, generation)) {
        this.#readRow(table, slot, pid);
        this.#kept.serial[slot] = table.slots.serial[slot]!;
        this.#kept.generation[slot] = generation;
      }
      this.usage.readBytes[slot] = this.#kept.readBytes[slot]!;
      this.usage.writtenBytes[slot] = this.#kept.writtenBytes[slot]!;
    }
  }

  #isFresh(table: ProcessTable, slot: number, generation: number): boolean {
    const readIn = this.#kept.generation[slot]!;
    return (
      this.#kept.serial[slot] === table.slots.serial[slot] &&
      table.lastRanGeneration[slot]! <= readIn &&
      generation - readIn < FRESH_GENERATIONS
    );
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
    const kept = this.#kept;
    if (this.readStatm(pid, this.#statm))
      table.rssBytes[slot] = this.#statm.residentPages * this.#pageSizeBytes;
    const hasIo = this.readIo(pid, this.#io);
    kept.readBytes[slot] = hasIo ? this.#io.readBytes : Number.NaN;
    kept.writtenBytes[slot] = hasIo ? this.#io.writtenBytes : Number.NaN;
  }
}
