import type { ClosedSockets } from '../../../src/data/sample/network-sample.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import { PROTOCOL_TCP, SocketTable, TcpState } from '../../../src/data/sample/socket-table.ts';
import { lengthened } from '../../../src/kit/table/slot-table.ts';

/** What a row of the socket table is at the moment. */
export const RowLife = {
  /** The kernel lists it. */
  LIVE: 0,
  /**
   * The kernel does not list it, and has not announced its end: a descriptor still refers to a socket in state CLOSE.
   * Forgotten now, its final counters would later look like those of a socket born and dead unseen.
   */
  KEPT: 1,
  /** Its final counters stand in the table until the next collection. */
  CLOSED: 2,
} as const;

/** Who named a row's process, each worth more than the ones before. */
export const OwnerTold = { NOBODY: 0, HOLDER: 1, USER: 2 } as const;

const ROWS_BETWEEN_RESTS = 4096;

/** The socket table together with what its collectors remember of each row. */
export class SocketRows {
  readonly table = new SocketTable();
  /** RowLife per slot. */
  life: Uint8Array;
  /** The collection in which the kernel last listed the row. */
  seenSequence: Uint32Array;
  /** Opener per slot (sockets-payload.ts). */
  opener: Uint8Array;
  /** 1: a dump showed the remnant that waits for the peer's FIN. */
  leftRemnant: Uint8Array;
  keptCount = 0;
  /** 1: a listener or a UDP socket, which the dump of connections does not list. */
  isRare: Uint8Array;
  rareCount = 0;
  /** 1: known by its packets alone; no dump has listed it (yet), and none decides over its end. */
  isFlow: Uint8Array;
  flowCount = 0;
  /** OwnerTold: where the kernel named the process, its descriptors are not searched. */
  ownerTold: Uint8Array;
  /** Per slot the one that followed it in the last walk. */
  #follower: Int32Array;
  #firstOfWalk = 0;
  #lastOfWalk = -1;
  #closedSlots = new Int32Array(64);
  #closedCount = 0;

  constructor() {
    const n = this.table.slots.capacity;
    this.life = new Uint8Array(n);
    this.seenSequence = new Uint32Array(n);
    this.opener = new Uint8Array(n);
    this.leftRemnant = new Uint8Array(n);
    this.isRare = new Uint8Array(n);
    this.isFlow = new Uint8Array(n);
    this.ownerTold = new Uint8Array(n);
    this.#follower = new Int32Array(n);
  }

  /** Rows whose final counters stand in the table. */
  get closed(): ClosedSockets {
    return { slots: this.#closedSlots, count: this.#closedCount };
  }

  /** Live rows that the dump of connections should list. */
  get connectionCount(): number {
    return this.table.slots.count - this.#closedCount - this.keptCount - this.rareCount - this.flowCount;
  }

  find(cookieLow: number, cookieHigh: number): number {
    return this.table.slots.find(cookieLow, cookieHigh, 0, 0);
  }

  /** A walk through the kernel's list begins: rows are sought by `findNext` in the order of that list. */
  beginWalk(): void {
    this.#lastOfWalk = -1;
  }

  /**
   * Like `find`. The kernel lists its sockets in much the same order every time, so the row that followed the one
   * found before is tried first: it lies near in memory, where the index of the table is a cache miss a look-up.
   */
  findNext(cookieLow: number, cookieHigh: number): number {
    const { slots } = this.table;
    const last = this.#lastOfWalk;
    const expected = last < 0 ? this.#firstOfWalk : this.#follower[last]!;
    if (
      slots.keyWord(expected, 0) === cookieLow &&
      slots.keyWord(expected, 1) === cookieHigh &&
      slots.serial[expected] !== 0
    ) {
      this.#lastOfWalk = expected;
      return expected;
    }
    const found = this.find(cookieLow, cookieHigh);
    if (found >= 0) this.#follow(found);
    return found;
  }

  #follow(slot: number): void {
    if (this.#lastOfWalk < 0) this.#firstOfWalk = slot;
    else this.#follower[this.#lastOfWalk] = slot;
    this.#lastOfWalk = slot;
  }

  /** A new live row with nothing known but its key, or -1: the table is full. */
  add(cookieLow: number, cookieHigh: number): number {
    const slot = this.#add(cookieLow, cookieHigh, 0, 0);
    if (slot >= 0) this.#follow(slot);
    return slot;
  }

  /** A new live row that only its packets tell of; `part` and `partSerial` tell shares of one socket apart. */
  addFlow(cookieLow: number, cookieHigh: number, part = 0, partSerial = 0): number {
    const slot = this.#add(cookieLow, cookieHigh, part, partSerial);
    if (slot < 0) return -1;
    this.isFlow[slot] = 1;
    this.flowCount++;
    this.table.isShare[slot] = part === 0 ? 0 : 1;
    return slot;
  }

  #add(a: number, b: number, c: number, d: number): number {
    const { table } = this;
    const slot = table.slots.add(a, b, c, d);
    if (slot < 0) return -1;
    if (this.life.length < table.slots.capacity) this.#grow(table.slots.capacity);
    this.isFlow[slot] = 0;
    this.ownerTold[slot] = 0;
    table.interfaceIndex[slot] = 0;
    table.isShare[slot] = 0;
    this.life[slot] = RowLife.LIVE;
    this.opener[slot] = 0;
    this.leftRemnant[slot] = 0;
    this.isRare[slot] = 0;
    this.seenSequence[slot] = 0;
    table.txBytes[slot] = 0;
    table.rxBytes[slot] = 0;
    table.txSegments[slot] = 0;
    table.rxSegments[slot] = 0;
    table.rttMicros[slot] = Number.NaN;
    table.retransmits[slot] = Number.NaN;
    table.cgroupId[slot] = 0;
    table.ownerPid[slot] = 0;
    table.ownerStartTicks[slot] = 0;
    table.ownerBasis[slot] = 0;
    return slot;
  }

  /** The kernel lists the row (again). */
  markLive(slot: number, sequence: number): void {
    if (this.life[slot] === RowLife.KEPT) this.keptCount--;
    this.#leaveFlow(slot);
    this.life[slot] = RowLife.LIVE;
    this.seenSequence[slot] = sequence;
  }

  /** Whether the row is a listener or a UDP socket at the moment. */
  setRare(slot: number, isRare: 0 | 1): void {
    this.rareCount += isRare - this.isRare[slot]!;
    this.isRare[slot] = isRare;
  }

  markKept(slot: number): void {
    if (this.life[slot] !== RowLife.LIVE) return;
    this.life[slot] = RowLife.KEPT;
    this.keptCount++;
  }

  /** The row's counters are final. */
  markClosed(slot: number): void {
    if (this.life[slot] === RowLife.CLOSED) return;
    if (this.life[slot] === RowLife.KEPT) this.keptCount--;
    this.rareCount -= this.isRare[slot]!;
    this.#leaveFlow(slot);
    this.life[slot] = RowLife.CLOSED;
    if (this.table.protocol[slot] === PROTOCOL_TCP) this.table.state[slot] = TcpState.CLOSE;
    if (this.#closedCount === this.#closedSlots.length) {
      this.#closedSlots = lengthened(this.#closedSlots, new Int32Array(this.#closedCount * 2));
    }
    this.#closedSlots[this.#closedCount++] = slot;
  }

  #leaveFlow(slot: number): void {
    this.flowCount -= this.isFlow[slot]!;
    this.isFlow[slot] = 0;
  }

  /** Gives back the rows closed by the collection before. */
  releaseClosed(): void {
    for (let i = 0; i < this.#closedCount; i++) this.table.slots.remove(this.#closedSlots[i]!);
    this.#closedCount = 0;
  }

  /** Calls `visit` for each row; it may close rows but neither add nor remove any. */
  async forEach(slice: Slice, visit: (slot: number) => void): Promise<void> {
    const { slots } = this.table;
    for (let i = 0; i < slots.count; i++) {
      visit(slots.rows[i]!);
      if (i % ROWS_BETWEEN_RESTS === ROWS_BETWEEN_RESTS - 1 && slice.due()) await slice.rest();
    }
  }

  #grow(n: number): void {
    this.#follower = lengthened(this.#follower, new Int32Array(n));
    this.life = lengthened(this.life, new Uint8Array(n));
    this.seenSequence = lengthened(this.seenSequence, new Uint32Array(n));
    this.opener = lengthened(this.opener, new Uint8Array(n));
    this.leftRemnant = lengthened(this.leftRemnant, new Uint8Array(n));
    this.isRare = lengthened(this.isRare, new Uint8Array(n));
    this.isFlow = lengthened(this.isFlow, new Uint8Array(n));
    this.ownerTold = lengthened(this.ownerTold, new Uint8Array(n));
  }
}
