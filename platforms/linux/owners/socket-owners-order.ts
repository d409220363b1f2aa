import type { ProcessTable } from '../../../src/data/sample/process-table.ts';
import { lengthened } from '../../../src/kit/table/slot-table.ts';

/** Some slots of the process table, in the order in which they are to be scanned. */
export class ProcessOrder {
  count = 0;
  slots = new Int32Array(256);
  #table: ProcessTable | undefined;
  readonly #compare = (a: number, b: number): number => {
    const table = this.#table;
    if (table === undefined) return 0;
    return table.startTicks[b]! - table.startTicks[a]! || table.pid[b]! - table.pid[a]!;
  };

  clear(): void {
    this.count = 0;
  }

  push(slot: number): void {
    if (this.count === this.slots.length) {
      this.slots = lengthened(this.slots, new Int32Array(this.count * 2));
    }
    this.slots[this.count++] = slot;
  }

  /** Whoever started last comes first. */
  sortByStart(table: ProcessTable): void {
    this.#table = table;
    this.slots.subarray(0, this.count).sort(this.#compare);
    this.#table = undefined;
  }
}
