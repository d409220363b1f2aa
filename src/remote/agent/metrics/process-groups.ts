import type { MachineProcesses } from '../../../data/sample/machine-processes.ts';
import type { NetworkSection } from '../../../data/sample/network-section.ts';
import type { SnapshotHeader } from '../../../data/sample/snapshot.ts';
import { GroupColumns } from './group-columns.ts';
import { GroupLabels } from './group-labels.ts';
import { NetworkLedger } from './network-ledger.ts';
import { ProcessLedger } from './process-ledger.ts';

/** Names that have series of their own. */
const GROUPS_LIMIT = 256;

/**
 * Processes grouped by name, with counters that keep what exited processes used. They begin at 0 with the first sample:
 * had they begun with what processes had used by then, every start of the agent would look like a burst to a server.
 * What a process used after the last sample that saw it is not known, nor one that no sample saw.
 */
export class ProcessGroups {
  readonly labels: GroupLabels;
  readonly columns: GroupColumns;
  readonly #processes: ProcessLedger;
  readonly #network: NetworkLedger;

  constructor(limit = GROUPS_LIMIT) {
    this.labels = new GroupLabels(limit, (group) => this.columns.fold(group));
    this.columns = new GroupColumns(this.labels.capacity);
    this.#processes = new ProcessLedger(this.labels, this.columns);
    this.#network = new NetworkLedger(this.labels, this.columns);
  }

  /** Bytes of sockets that no process is known for, by OwnerKind. Only ever grow. */
  get unattributedRxBytes(): Float64Array {
    return this.#network.unattributedRxBytes;
  }

  get unattributedTxBytes(): Float64Array {
    return this.#network.unattributedTxBytes;
  }

  /** A sample that was taken before is ignored. */
  absorbProcesses(section: MachineProcesses): void {
    this.#processes.absorb(section);
  }

  /** A sample that was taken before is ignored; another epoch counts on from where the one before ended. */
  absorbNetwork(section: NetworkSection, header: SnapshotHeader): void {
    this.#network.absorb(section, header);
  }
}
