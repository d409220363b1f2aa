import type { CollectionParts, Tier } from '../../../src/data/sample/network-sample.ts';
import type { ExitedTable } from '../../../src/data/sample/process-table.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import { OpError, openIfPossible } from '../../../src/kit/errors/op-error.ts';
import type { ExitRecorder } from '../bpf/exit-recorder.ts';
import { mayLoadPrograms } from '../effective-capabilities.ts';
import type { HandedPrograms } from '../handed-programs.ts';
import type { ProcessSource } from './process-source.ts';
import { ProcessCollector } from './processes.ts';
import type { BpfProcessCollector } from './processes-bpf.ts';

// Code for programs in the kernel is loaded where they may be.
const exitRecorders = () => require('../bpf/exit-recorder.ts') as typeof import('../bpf/exit-recorder.ts');
const collectors = () => require('./processes-bpf.ts') as typeof import('./processes-bpf.ts');

/** Live and exited processes, each from the best source available. */
export class ProcessParts {
  readonly source: ProcessSource;
  #exits: ExitRecorder | undefined;
  /** Lost exits that were already reported. */
  #lostExits = 0;

  constructor(source: ProcessSource, exits: ExitRecorder | undefined) {
    this.source = source;
    this.#exits = exits;
  }

  get parts(): Pick<CollectionParts, 'processes' | 'exited'> {
    return { processes: this.source.basis, exited: this.#exits !== undefined };
  }

  /** From now on exits are recorded, where that can be had. */
  recordExits(): void {
    if (mayLoadPrograms()) this.#exits ??= openIfPossible(() => exitRecorders().ExitRecorder.open());
  }

  collect(slice: Slice): Promise<void> {
    return this.source.collect(slice);
  }

  /** Adds processes that exited since the last call. Throws BpfError, and OpError `LOST` after adding those kept. */
  drainExits(into: ExitedTable): void {
    if (this.#exits === undefined) return;
    this.#exits.drain((exit) => {
      const slot = into.add(exit.pid, exit.startTicks);
      if (slot < 0) return;
      into.ppid[slot] = exit.ppid;
      into.uid[slot] = exit.uid;
      into.cpuNanos[slot] = exit.cpuNanos;
      into.names[slot] = exit.name;
    });
    const lost = this.#exits.lostCount - this.#lostExits;
    this.#lostExits = this.#exits.lostCount;
    if (lost > 0) {
      const message = `${lost} exited processes are missing: the exit buffer in the kernel was full`;
      throw new OpError({ op: 'read exits', code: 'LOST', message });
    }
  }

  close(): void {
    this.#exits?.close();
    this.source.close();
  }
}

/**
 * Opens the cheapest that works; for a tier that does without programs in the kernel nothing is loaded. Throws
 * SyscallError where /proc cannot be opened.
 *
 * @param recordsExits false: not before `recordExits`
 */
export function openProcesses(
  tier: Tier | 'auto',
  procRoot: string | undefined,
  {
    handed,
    recordsExits = true,
  }: { readonly handed?: HandedPrograms | undefined; readonly recordsExits?: boolean },
): ProcessParts {
  const mayLoad = (tier === 'auto' || tier === 'ebpf') && procRoot === undefined;
  const listed = mayLoad ? openBpfProcesses(handed) : undefined;
  const source = listed ?? new ProcessCollector(procRoot === undefined ? {} : { procRoot });
  const parts = new ProcessParts(source, handed?.exits);
  if (mayLoad && recordsExits) parts.recordExits();
  return parts;
}

/** Undefined where the kernel has no such programs, or does not let this one load them. `after`: as for `open`. */
export function openBpfProcesses(options?: {
  readonly tasks?: HandedPrograms['tasks'];
  readonly after?: ProcessSource;
}): BpfProcessCollector | undefined {
  const mayLoad = options?.tasks !== undefined || mayLoadPrograms();
  return mayLoad
    ? openIfPossible(() => collectors().BpfProcessCollector.open(options?.tasks, options?.after))
    : undefined;
}
