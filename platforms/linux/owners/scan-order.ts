import type { ProcessTable } from '../../../src/data/sample/process-table.ts';
import { columnsClass, numbers } from '../../../src/kit/table/columns.ts';
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
    if (this.count === this.slots.length) this.slots = lengthened(this.slots, new Int32Array(this.count * 2));
    this.slots[this.count++] = slot;
  }

  /** Whoever started last comes first. */
  sortByStart(table: ProcessTable): void {
    this.#table = table;
    this.slots.subarray(0, this.count).sort(this.#compare);
    this.#table = undefined;
  }
}

/** Beyond it descriptors are looked at every time. */
const DESCRIPTOR_LIMIT = 1 << 20;

/**
 * Which descriptors of a process are known to be sockets that still live. A process with thousands of connections is
 * scanned for its few new ones without reading the links of all others.
 */
export class KnownDescriptors {
  /** First row of each process slot, -1 none; `#next` leads to the further ones. */
  #first = new Int32Array(0);
  #next = new Int32Array(0);
  #descriptor = new Int32Array(0);
  /** Marks of the process chosen last. */
  #isMarked = new Uint8Array(1024);
  #chosen = -1;

  /** Forgets all. */
  clear(processCapacity: number, rowCapacity: number): void {
    this.choose(-1);
    if (this.#first.length < processCapacity) this.#first = new Int32Array(processCapacity);
    if (this.#next.length < rowCapacity) {
      this.#next = new Int32Array(rowCapacity);
      this.#descriptor = new Int32Array(rowCapacity);
    }
    this.#first.fill(-1);
  }

  add(processSlot: number, row: number, descriptor: number): void {
    this.#next[row] = this.#first[processSlot]!;
    this.#first[processSlot] = row;
    this.#descriptor[row] = descriptor;
  }

  /** `has` speaks of this process from now on; -1: of none. */
  choose(processSlot: number): void {
    if (this.#chosen >= 0) this.#mark(this.#chosen, 0);
    this.#chosen = processSlot;
    if (processSlot >= 0) this.#mark(processSlot, 1);
  }

  has(descriptor: number): boolean {
    return this.#isMarked[descriptor] === 1;
  }

  #mark(processSlot: number, mark: 0 | 1): void {
    for (let row = this.#first[processSlot]!; row >= 0; row = this.#next[row]!) {
      const descriptor = this.#descriptor[row]!;
      if (descriptor < 0 || descriptor >= DESCRIPTOR_LIMIT) continue;
      if (descriptor >= this.#isMarked.length) this.#lengthen(descriptor);
      this.#isMarked[descriptor] = mark;
    }
  }

  #lengthen(descriptor: number): void {
    let length = this.#isMarked.length;
    while (length <= descriptor) length *= 2;
    this.#isMarked = lengthened(this.#isMarked, new Uint8Array(length));
  }
}

/** How far the search for a row's owner has come. */
export const Search = {
  /** Not looked for yet. */
  FRESH: 0,
  /** Not held by a recently run process. It may have been opened after the scan: scan once more. */
  AGAIN: 1,
  /** Needs a scan of all processes. */
  EVERYBODY: 2,
  /** Nobody holds it that could be seen; asked again rarely. */
  MISSED: 3,
  FOUND: 4,
  /** No inode to look for: not accepted yet, or let go. */
  ORPHAN: 5,
} as const;

/** By the slots of the socket table. */
export class OwnerSearches extends columnsClass({
  /** Serial of the row that the columns speak of. */
  serial: numbers('u32'),
  search: numbers('u8'),
  /** Where it was found: the process's slot and serial, and its descriptor, negative in an io_uring. */
  processSlot: numbers('i32'),
  processSerial: numbers('u32'),
  descriptor: numbers('i32'),
}) {}
