import type { ProcessTable } from '../../../src/data/sample/process-table.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';

/** Every process of the machine, followed from collection to collection, however the kernel is asked. */
export interface ProcessSource {
  readonly table: ProcessTable;
  /** Counts collections; `table.lastRanGeneration` compares with it. */
  readonly generation: number;
  /** Brings the table up to date. Rejects with OpError only where no process can be read at all. */
  collect(slice: Slice): Promise<void>;
  /** Looks between two collections for a process that the table does not have yet. Returns its slot, -1: none. */
  admit(pid: number): number;
  /** Arguments joined by a space, cached; undefined: unknown, not permitted, or a kernel thread. */
  commandLine(pid: number): string | undefined;
  /** Control group path, cached; undefined: unknown. */
  cgroup(pid: number): string | undefined;
  close(): void;
}
