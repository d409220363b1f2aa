import { columnsClass, numbers } from '../../kit/table/columns.ts';
import { knownSum } from './known-sum.ts';
import type { OrderedColumns } from './process-order.ts';
import type { ProcessRows } from './process-rows.ts';
import { trafficColumns } from './traffic-fields.ts';
import type { TreeLinks } from './tree-links.ts';

const SUM_COLUMNS = {
  owner: numbers('i32'),
  ...trafficColumns(Number.NaN),
  listeners: numbers('i32'),
  /** Children not added yet. */
  waiting: numbers('i32'),
  /** Not by node: those whose children have all been added. */
  ready: numbers('i32'),
};

/** The columns of the process table summed up over each node's branch, by node. */
export class TreeSums extends columnsClass(SUM_COLUMNS) implements OrderedColumns {
  count = 0;

  build(links: TreeLinks, rows: ProcessRows): void {
    this.count = links.count;
    this.reserveAhead(links.count);
    this.owner.set(links.owner.subarray(0, links.count));
    for (let node = 0; node < links.count; node++) this.#copy(node, links.row[node]!, rows);
    this.#addUp(links);
  }

  /** From the leaves upwards, each node after all of its children. */
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
  }

  #copy(node: number, row: number, rows: ProcessRows): void {
    const isRow = row >= 0;
    this.up[node] = isRow ? rows.up[row]! : Number.NaN;
    this.down[node] = isRow ? rows.down[row]! : Number.NaN;
    this.rawUp[node] = isRow ? rows.rawUp[row]! : Number.NaN;
    this.rawDown[node] = isRow ? rows.rawDown[row]! : Number.NaN;
    this.upTotal[node] = isRow ? rows.upTotal[row]! : Number.NaN;
    this.downTotal[node] = isRow ? rows.downTotal[row]! : Number.NaN;
    this.connections[node] = isRow ? rows.connections[row]! : 0;
    this.listeners[node] = isRow ? rows.listeners[row]! : 0;
  }
}
