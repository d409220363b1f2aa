import type { OwnerTable } from '../sample/network-section.ts';
import { ProcessParents } from './process-parents.ts';
import type { ProcessRows } from './process-rows.ts';

/** Who is whose child: nodes `[0..count)`, first those of the process rows, then parents that have no row. */
export class TreeLinks {
  count = 0;
  /** Slot of the owner, and its row, -1 none. */
  owner = new Int32Array(0);
  row = new Int32Array(0);
  /** Nodes, -1 none. */
  parent = new Int32Array(0);
  firstChild = new Int32Array(0);
  nextSibling = new Int32Array(0);
  firstRoot = -1;
  #nodeOf = new Int32Array(0);
  readonly #parents = new ProcessParents();

  build(owners: OwnerTable, rows: ProcessRows): void {
    this.#reserve(owners.slots.capacity);
    this.#parents.begin(owners);
    this.#nodeOf.fill(-1);
    this.count = 0;
    for (let row = 0; row < rows.count; row++) this.#add(rows.owner[row]!, row);
    // Parents are added behind, and asked for their own parents when their turn comes.
    for (let node = 0; node < this.count; node++) {
      const parentOwner = this.#parents.of(owners, this.owner[node]!);
      if (parentOwner < 0) continue;
      const known = this.#nodeOf[parentOwner]!;
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
    this.#nodeOf[owner] = node;
    return node;
  }

  /** No more nodes than owners. */
  #reserve(capacity: number): void {
    if (capacity <= this.#nodeOf.length) return;
    this.#nodeOf = new Int32Array(capacity);
    this.owner = new Int32Array(capacity);
    this.row = new Int32Array(capacity);
    this.parent = new Int32Array(capacity);
    this.firstChild = new Int32Array(capacity);
    this.nextSibling = new Int32Array(capacity);
  }
}
