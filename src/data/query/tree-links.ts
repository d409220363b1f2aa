import { columnsClass, numbers } from '../../kit/table/columns.ts';
import type { OwnerTable } from '../sample/network-section.ts';
import { ProcessParents } from './process-parents.ts';
import type { ProcessRows } from './process-rows.ts';

/** No more nodes than owners. */
const LINK_COLUMNS = {
  /** Slot of the owner, and its row, -1 none. */
  owner: numbers('i32'),
  row: numbers('i32', -1),
  /** Nodes, -1 none. */
  parent: numbers('i32', -1),
  firstChild: numbers('i32', -1),
  nextSibling: numbers('i32', -1),
  /** By slot of the owner: its node, -1 none. */
  nodeOf: numbers('i32', -1),
};

/** Who is whose child: nodes `[0..count)`, first those of the process rows, then parents that have no row. */
export class TreeLinks extends columnsClass(LINK_COLUMNS) {
  count = 0;
  firstRoot = -1;
  readonly #parents = new ProcessParents();

  build(owners: OwnerTable, rows: ProcessRows): void {
    this.reserve(owners.slots.capacity);
    this.#parents.begin(owners);
    this.nodeOf.fill(-1);
    this.count = 0;
    for (let row = 0; row < rows.count; row++) this.#add(rows.owner[row]!, row);
    // Parents are added behind, and asked for their own parents when their turn comes.
    for (let node = 0; node < this.count; node++) {
      const parentOwner = this.#parents.of(owners, this.owner[node]!);
      if (parentOwner < 0) continue;
      const known = this.nodeOf[parentOwner]!;
      this.parent[node] = known >= 0 ? known : this.#add(parentOwner, -1);
    }
  }

  /** Links children in the order in which they stand in `sorted[0..count)`. */
  orderChildren(sorted: Int32Array): void {
    this.firstRoot = -1;
    this.firstChild.fill(-1, 0, this.count);
    for (let i = this.count - 1; i >= 0; i--) {
      const node = sorted[i]!;
      const parent = this.parent[node]!;
      if (parent < 0) {
        this.nextSibling[node] = this.firstRoot;
        this.firstRoot = node;
      } else {
        this.nextSibling[node] = this.firstChild[parent]!;
        this.firstChild[parent] = node;
      }
    }
  }

  #add(owner: number, row: number): number {
    const node = this.count++;
    this.owner[node] = owner;
    this.row[node] = row;
    this.parent[node] = -1;
    this.nodeOf[owner] = node;
    return node;
  }
}
