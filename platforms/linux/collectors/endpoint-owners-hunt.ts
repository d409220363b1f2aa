import type { Slice } from '../../../src/data/sample/slice.ts';
import type { NativeBuffer } from '../libc.ts';
import { DiagRecord } from '../netlink/diag-record.ts';
import type { DiagVisitor } from '../netlink/sock-diag.ts';
import type { ProcessSource } from './process-source.ts';
import { ProcessOrder } from './socket-owners-order.ts';
import type { DescriptorScanner, DescriptorVisitor } from './socket-owners-scan.ts';
import type { SocketRows } from './sockets.ts';

/** Share of the time between two collections that looking may take. */
const SHARE = 0.01;
const LONGEST_MICROS = 10e3;
/** So many looks a collection at most. */
const LOOKS = 48;
/** With more connections a look is no longer cheap: a dump takes a microsecond for each, in one go. */
const MOST_CONNECTIONS = 2500;
/** Fewer connections than this to unknown owners are not worth it. */
const LEAST_UNKNOWN = 5;
/** Processes scanned a look: the socket sought lives for a millisecond. */
const PROCESSES_A_LOOK = 64;
const ENDPOINTS = 4;
/** After so many hunts in vain, only every eighth chance is taken: the owner may be one that cannot be seen. */
const HUNTS_IN_VAIN = 10;
const SELDOM_MASK = 7;

/**
 * Looks for the owner of an endpoint to which connections come and go unseen: some extra dumps in quick succession,
 * each followed at once by a scan of the processes that ran, catch one of them alive sooner than a dump a second.
 */
export class OwnerHunt implements DescriptorVisitor, DiagVisitor {
  /** Looks taken and owners found so far. */
  looks = 0;
  found = 0;
  readonly #rows: SocketRows;
  readonly #processes: ProcessSource;
  readonly #scanner: DescriptorScanner;
  readonly #clock: () => number;
  readonly #order = new ProcessOrder();
  readonly #record = new DiagRecord();
  /** Rows of this collection that stand for the endpoints sought. */
  readonly #sought = new Int32Array(ENDPOINTS);
  #soughtCount = 0;
  #unknownCount = 0;
  readonly #address = new Uint32Array(4);
  #lastMicros = Number.NaN;
  #liveRow = -1;
  #liveInode = 0;
  #isFound = false;
  #huntsInVain = 0;
  #chances = 0;

  constructor(rows: SocketRows, processes: ProcessSource, scanner: DescriptorScanner, clock: () => number) {
    this.#rows = rows;
    this.#processes = processes;
    this.#scanner = scanner;
    this.#clock = clock;
  }

  /** The row's connection came and went unseen, and nobody is known at its endpoint. */
  want(row: number): void {
    this.#unknownCount++;
    if (this.#soughtCount === ENDPOINTS) return;
    for (let i = 0; i < this.#soughtCount; i++) if (this.#isSameEndpoint(row, this.#sought[i]!)) return;
    this.#sought[this.#soughtCount++] = row;
  }

  /**
   * Looks for what was wanted since the last call; `assign` gets a row of the endpoint and the process's slot. `look`
   * shows every connection to a visitor, or returns false where it cannot. Rejects with what it throws.
   */
  async run(
    slice: Slice,
    look: (visitor: DiagVisitor) => boolean,
    assign: (row: number, processSlot: number) => void,
  ): Promise<void> {
    const start = this.#clock();
    const interval = start - this.#lastMicros;
    this.#lastMicros = start;
    const isCheap = this.#rows.connectionCount <= MOST_CONNECTIONS;
    const isWorthIt = isCheap && this.#unknownCount >= LEAST_UNKNOWN && interval > 0;
    if (isWorthIt && this.#isTurn()) {
      const foundBefore = this.found;
      this.#orderCandidates();
      let leftMicros = Math.min(interval * SHARE, LONGEST_MICROS);
      for (let i = 0; i < LOOKS && this.#soughtCount > 0 && leftMicros > 0; i++) {
        const lookStart = this.#clock();
        if (!this.#look(look, assign)) break;
        leftMicros -= this.#clock() - lookStart;
        await slice.rest();
      }
      this.#huntsInVain = this.found > foundBefore ? 0 : this.#huntsInVain + 1;
    }
    this.#soughtCount = 0;
    this.#unknownCount = 0;
  }

  /** DiagVisitor: takes note of a live connection to one of the endpoints. */
  message(buffer: NativeBuffer, at: number, length: number): void {
    const record = this.#record;
    if (this.#liveRow >= 0 || !record.read(buffer, at, length) || record.inode === 0) return;
    for (let i = 0; i < this.#soughtCount; i++) {
      const row = this.#sought[i]!;
      if (this.#rows.table.remotePort[row] !== record.remotePort) continue;
      record.copyRemoteAddress(this.#address, 0);
      if (!this.#isAddressOf(row)) continue;
      this.#liveRow = i;
      this.#liveInode = record.inode;
      return;
    }
  }

  /** DescriptorVisitor. */
  socket(inode: number): boolean {
    if (inode === this.#liveInode) this.#isFound = true;
    return !this.#isFound;
  }

  #isTurn(): boolean {
    if (this.#huntsInVain < HUNTS_IN_VAIN) return true;
    this.#chances++;
    return (this.#chances & SELDOM_MASK) === 0;
  }

  #look(
    look: (visitor: DiagVisitor) => boolean,
    assign: (row: number, processSlot: number) => void,
  ): boolean {
    this.looks++;
    this.#liveRow = -1;
    this.#isFound = false;
    if (!look(this)) return false;
    if (this.#liveRow < 0) return true;
    const { table } = this.#processes;
    for (let i = 0; i < Math.min(this.#order.count, PROCESSES_A_LOOK) && !this.#isFound; i++) {
      const slot = this.#order.slots[i]!;
      this.#scanner.scan(table.pid[slot]!, this);
      if (this.#isFound) assign(this.#sought[this.#liveRow]!, slot);
    }
    if (!this.#isFound) return true;
    this.found++;
    this.#sought[this.#liveRow] = this.#sought[--this.#soughtCount]!;
    return true;
  }

  #orderCandidates(): void {
    const { table, generation } = this.#processes;
    this.#order.clear();
    for (let i = 0; i < table.slots.count; i++) {
      const slot = table.slots.rows[i]!;
      if (table.lastRanGeneration[slot] === generation) this.#order.push(slot);
    }
    this.#order.sortByStart(table);
  }

  #isSameEndpoint(a: number, b: number): boolean {
    const { remoteAddress, remotePort } = this.#rows.table;
    if (remotePort[a] !== remotePort[b]) return false;
    for (let i = 0; i < 4; i++) if (remoteAddress[(a << 2) + i] !== remoteAddress[(b << 2) + i]) return false;
    return true;
  }

  #isAddressOf(row: number): boolean {
    const { remoteAddress } = this.#rows.table;
    for (let i = 0; i < 4; i++) if (remoteAddress[(row << 2) + i] !== this.#address[i]) return false;
    return true;
  }
}
