import { columnsClass, numbers } from '../../kit/table/columns.ts';
import { SlotTable } from '../../kit/table/slot-table.ts';
import type { NetworkSection, OwnerTable } from '../sample/network-section.ts';
import { OwnerKind } from '../schema/network-columns.ts';
import { knownSum, trafficColumns } from './network-fields.ts';
import { ProcessOrder, type Sort } from './process-fields.ts';
import type { ProcessRows } from './process-rows.ts';
import { RankedRows, type RowOrder } from './row-order.ts';

/** Maximum depth with a bit in `rails`. */
const RAILS_LIMIT = 31;

const TREE_COLUMNS = {
  /** Slot in `section.owners`. */
  owner: numbers('i32'),
  /** Row in the process rows; -1: listed only for its children. */
  row: numbers('i32'),
  /** 0 at the top. */
  depth: numbers('i32'),
  node: numbers('i32'),
  /** Number of processes in its branch, including itself. */
  members: numbers('i32'),
  /** 1: the branch is folded. */
  isFolded: numbers('u8'),
  /** 1: no sibling follows. */
  isLast: numbers('u8'),
  /** Bit d: the ancestor at depth d has later siblings, so a line runs through this row there. */
  rails: numbers('u32'),
  /** Sums of the known values in the branch; NaN if none is known. */
  up: numbers('f64'),
  down: numbers('f64'),
  upTotal: numbers('f64'),
  downTotal: numbers('f64'),
  connections: numbers('i32'),
  listeners: numbers('i32'),
  /** Not by row: the nodes of `TreeLinks` in sort order. */
  sorted: numbers('i32'),
};

/**
 * The process table as a tree by parent process, in pre-order: a row's index is its rank. Siblings are in sort order;
 * figures are sums over the branch. Ancestors without a row of their own (no sockets, or filtered out) are listed for
 * their children. Valid until the next `build`.
 */
export class TreeRows extends columnsClass(TREE_COLUMNS) {
  count = 0;
  /** Rank of each owner slot, -1 none. */
  #rankOf = new Int32Array(0);
  #rows: ProcessRows | undefined;
  readonly #links = new TreeLinks();
  readonly #sums = new TreeSums();

  /** Rebuilds the tree, also after the order changed. Branches of the owners (slots) in `folded` have one row. */
  build(section: NetworkSection, rows: ProcessRows, sort: Sort, folded: ReadonlySet<number>): void {
    const { owners } = section;
    this.#rows = rows;
    this.#links.build(owners, rows);
    this.#sums.build(this.#links, rows, owners);
    const { count } = this.#links;
    const { capacity } = owners.slots;
    if (capacity > this.#rankOf.length) this.#rankOf = new Int32Array(capacity);
    this.reserveAhead(count);
    this.#sums.window(sort, 0, count, this.sorted);
    this.#links.orderChildren(this.sorted);
    this.count = 0;
    this.#rankOf.fill(-1);
    this.#lay(folded);
  }

  /** The rank of an owner slot; -1: none. */
  rankOfOwner(ownerSlot: number): number {
    return this.#rankOf[ownerSlot] ?? -1;
  }

  /** Adds the last HISTORY_LENGTH raw rates of the whole branch to `out`, both directions together, oldest first. */
  addHistoryInto(rank: number, out: Float32Array): void {
    const top = this.node[rank]!;
    for (let node = top; node >= 0; node = this.#links.nextInBranch(node, top)) {
      const row = this.#links.row[node]!;
      if (row >= 0) this.#rows?.addHistoryInto(row, out);
    }
  }

  /** The process's own rate, both directions together, bytes per second; NaN unknown. */
  ownRate(rank: number): number {
    const row = this.row[rank]!;
    return row < 0 || this.#rows === undefined
      ? Number.NaN
      : knownSum(this.#rows.up[row]!, this.#rows.down[row]!);
  }

  /** The same in bytes since start. */
  ownTotal(rank: number): number {
    const row = this.row[rank]!;
    if (row < 0 || this.#rows === undefined) return Number.NaN;
    return knownSum(this.#rows.upTotal[row]!, this.#rows.downTotal[row]!);
  }

  /** Number of samples in the graphs. */
  get sampleCount(): number {
    return this.#rows?.sampleCount ?? 0;
  }

  /** Visits the nodes in pre-order by their links, without a stack. */
  #lay(folded: ReadonlySet<number>): void {
    const { firstChild, nextSibling, parent, firstRoot } = this.#links;
    let node = firstRoot;
    let depth = 0;
    while (node >= 0) {
      const isFolded = firstChild[node]! >= 0 && folded.has(this.#links.owner[node]!);
      this.#place(node, depth, isFolded);
      if (firstChild[node]! >= 0 && !isFolded) {
        node = firstChild[node]!;
        depth++;
        continue;
      }
      while (node >= 0 && nextSibling[node]! < 0) {
        node = parent[node]!;
        depth--;
      }
      if (node >= 0) node = nextSibling[node]!;
    }
  }

  #place(node: number, depth: number, isFolded: boolean): void {
    const rank = this.count++;
    const sums = this.#sums;
    const { parent, nextSibling } = this.#links;
    const parentNode = parent[node]!;
    this.owner[rank] = sums.owner[node]!;
    this.row[rank] = this.#links.row[node]!;
    this.depth[rank] = depth;
    this.node[rank] = node;
    this.members[rank] = sums.members[node]!;
    this.isFolded[rank] = isFolded ? 1 : 0;
    this.isLast[rank] = nextSibling[node]! < 0 ? 1 : 0;
    this.rails[rank] = parentNode < 0 ? 0 : this.#railsBelow(this.#rankOf[sums.owner[parentNode]!]!);
    this.up[rank] = sums.up[node]!;
    this.down[rank] = sums.down[node]!;
    this.upTotal[rank] = sums.upTotal[node]!;
    this.downTotal[rank] = sums.downTotal[node]!;
    this.connections[rank] = sums.connections[node]!;
    this.listeners[rank] = sums.listeners[node]!;
    this.#rankOf[sums.owner[node]!] = rank;
  }

  #railsBelow(rank: number): number {
    const depth = this.depth[rank]!;
    const own = this.isLast[rank] === 1 || depth > RAILS_LIMIT ? 0 : 1 << depth;
    return this.rails[rank]! | own;
  }
}

/** As many nodes as owners at most. */
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

/** Parent links of processes: nodes `[0..count)`, first those of the process rows, then parents without a row. */
class TreeLinks extends columnsClass(LINK_COLUMNS) {
  count = 0;
  firstRoot = -1;
  readonly #parents = new ProcessParents();

  build(owners: OwnerTable, rows: ProcessRows): void {
    this.reserve(owners.slots.capacity);
    this.#parents.begin(owners);
    this.nodeOf.fill(-1);
    this.count = 0;
    for (let row = 0; row < rows.count; row++) this.#add(rows.owner[row]!, row);
    // Parents are appended and processed in turn.
    for (let node = 0; node < this.count; node++) {
      const parentOwner = this.#parents.of(owners, this.owner[node]!);
      if (parentOwner < 0) continue;
      const known = this.nodeOf[parentOwner]!;
      this.parent[node] = known >= 0 ? known : this.#add(parentOwner, -1);
    }
  }

  /** The next node of the branch below `top` in pre-order; -1 at the end. */
  nextInBranch(node: number, top: number): number {
    if (this.firstChild[node]! >= 0) return this.firstChild[node]!;
    let at = node;
    while (at !== top && at >= 0) {
      if (this.nextSibling[at]! >= 0) return this.nextSibling[at]!;
      at = this.parent[at]!;
    }
    return -1;
  }

  /** Links children in the order of `sorted[0..count)`. */
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

const PROCESSES_LIMIT = 1 << 17;

/** Finds the owner that is a process's parent. Ancestors of owners are owners, unless the table was full. */
class ProcessParents {
  /** Key: pid of a live process. */
  readonly #pids = new SlotTable(64, PROCESSES_LIMIT, (capacity) => {
    const owners = new Int32Array(capacity);
    owners.set(this.#owner);
    this.#owner = owners;
  });
  #owner = new Int32Array(64);

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

  /** Slot of the parent; -1: none, or not an owner. */
  of(owners: OwnerTable, slot: number): number {
    if (owners.kind[slot] !== OwnerKind.PROCESS || owners.ppid[slot]! <= 0) return -1;
    const entry = this.#pids.find(owners.ppid[slot]!, 0, 0, 0);
    if (entry < 0) return -1;
    const parent = this.#owner[entry]!;
    return isOlder(owners, parent, slot) ? parent : -1;
  }
}

/** A parent starts before its child. Otherwise its PID was reused; this also rules out cycles. */
function isOlder(owners: OwnerTable, parent: number, child: number): boolean {
  const difference = owners.startTicks[parent]! - owners.startTicks[child]!;
  return difference === 0 ? owners.pid[parent]! < owners.pid[child]! : difference < 0;
}

const SUM_COLUMNS = {
  owner: numbers('i32'),
  ...trafficColumns(Number.NaN),
  listeners: numbers('i32'),
  /** Processes in the branch. */
  members: numbers('i32'),
  /** Number of children not added yet. */
  waiting: numbers('i32'),
  /** Not by node: those whose children have all been added. */
  ready: numbers('i32'),
};

/** Sums of the process table over each node's branch, by node. */
class TreeSums extends columnsClass(SUM_COLUMNS, RankedRows) {
  declare readonly sort: Sort;
  #owners: OwnerTable | undefined;
  #health: ProcessRows['health'];
  readonly #order = new ProcessOrder();

  build(links: TreeLinks, rows: ProcessRows, owners: OwnerTable): void {
    this.#owners = owners;
    this.#health = rows.health;
    this.count = links.count;
    this.reserveAhead(links.count);
    for (let node = 0; node < links.count; node++) {
      const row = links.row[node]!;
      if (row < 0) this.clearRow(node);
      else this.#copy(node, row, rows);
      this.members[node] = 1;
    }
    this.owner.set(links.owner.subarray(0, links.count));
    this.#addUp(links);
  }

  protected override arrange(order: RowOrder, sort: Sort): void {
    if (this.#owners !== undefined) this.#order.arrange(order, this, this.#owners, sort, this.#health);
  }

  /** From the leaves up, each node after its children. */
  #addUp({ parent, count }: TreeLinks): void {
    const waiting = this.waiting;
    const ready = this.ready;
    waiting.fill(0, 0, count);
    for (let node = 0; node < count; node++) if (parent[node]! >= 0) waiting[parent[node]!]!++;
    let readyCount = 0;
    for (let node = 0; node < count; node++) if (waiting[node] === 0) ready[readyCount++] = node;
    for (let i = 0; i < readyCount; i++) {
      const node = ready[i]!;
      const to = parent[node]!;
      if (to < 0) continue;
      this.#add(node, to);
      if (--waiting[to]! === 0) ready[readyCount++] = to;
    }
  }

  #add(from: number, to: number): void {
    this.up[to] = knownSum(this.up[to]!, this.up[from]!);
    this.down[to] = knownSum(this.down[to]!, this.down[from]!);
    this.rawUp[to] = knownSum(this.rawUp[to]!, this.rawUp[from]!);
    this.rawDown[to] = knownSum(this.rawDown[to]!, this.rawDown[from]!);
    this.upTotal[to] = knownSum(this.upTotal[to]!, this.upTotal[from]!);
    this.downTotal[to] = knownSum(this.downTotal[to]!, this.downTotal[from]!);
    this.connections[to]! += this.connections[from]!;
    this.listeners[to]! += this.listeners[from]!;
    this.members[to]! += this.members[from]!;
  }

  #copy(node: number, row: number, rows: ProcessRows): void {
    this.up[node] = rows.up[row]!;
    this.down[node] = rows.down[row]!;
    this.rawUp[node] = rows.rawUp[row]!;
    this.rawDown[node] = rows.rawDown[row]!;
    this.upTotal[node] = rows.upTotal[row]!;
    this.downTotal[node] = rows.downTotal[row]!;
    this.connections[node] = rows.connections[row]!;
    this.listeners[node] = rows.listeners[row]!;
  }
}
