import type { ExitedTable } from '../../../src/data/sample/exited-table.ts';
import type { CollectionParts, Tier } from '../../../src/data/sample/network-sample.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import type { ProcessSource } from './process-source.ts';
import { ProcessCollector } from './processes.ts';

/** Who is alive and who has ended, each from whatever can tell it here. */
export class ProcessParts {
  readonly source: ProcessSource;
  readonly parts: Pick<CollectionParts, 'processes' | 'exited'>;

  constructor(source: ProcessSource) {
    this.source = source;
    this.parts = { processes: 'proc', exited: false };
  }

  collect(slice: Slice): Promise<void> {
    return this.source.collect(slice);
  }

  /** Adds who has ended since the last call. */
  drainExits(_into: ExitedTable): void {}

  close(): void {
    this.source.close();
  }
}

/** Opens the cheapest that works. Throws SyscallError where /proc cannot be opened. */
export function openProcesses(_tier: Tier | 'auto', procRoot: string | undefined): ProcessParts {
  return new ProcessParts(new ProcessCollector(procRoot === undefined ? {} : { procRoot }));
}
