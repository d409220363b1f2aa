import { SlotTable } from '../../kit/table/slot-table.ts';
import { OwnerKind, type OwnerTable } from '../sample/network-section.ts';

const PROCESSES_LIMIT = 1 << 17;

/** Finds the owner that is a process's parent. Ancestors of owners are owners, unless the table was full. */
export class ProcessParents {
  /** Key: pid of a live process. */
  readonly #pids = new SlotTable(256, PROCESSES_LIMIT, (capacity) => {
    const owners = new Int32Array(capacity);
    owners.set(this.#owner);
    this.#owner = owners;
  });
  #owner = new Int32Array(256);

  begin(owners: OwnerTable): void {
    this.#pids.clear();
    const { rows, count } = owners.slots;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      if (owners.kind[slot] !== OwnerKind.PROCESS || owners.hasExited[slot] === 1) continue;
      const entry = this.#pids.add(owners.pid[slot]!, 0, 0, 0);
      if (entry >= 0) this.#owner[entry] = slot;
    }
  }

  /** Slot of the parent, -1: none, or not an owner. */
  of(owners: OwnerTable, slot: number): number {
    if (owners.kind[slot] !== OwnerKind.PROCESS || owners.ppid[slot]! <= 0) return -1;
    const entry = this.#pids.find(owners.ppid[slot]!, 0, 0, 0);
    if (entry < 0) return -1;
    const parent = this.#owner[entry]!;
    return isOlder(owners, parent, slot) ? parent : -1;
  }
}

/** A parent is there before its child: what is not has got the pid of one that is gone, and nothing forms a ring. */
function isOlder(owners: OwnerTable, parent: number, child: number): boolean {
  const difference = owners.startTicks[parent]! - owners.startTicks[child]!;
  return difference === 0 ? owners.pid[parent]! < owners.pid[child]! : difference < 0;
}
