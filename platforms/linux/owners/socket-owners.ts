import type { Slice } from '../../../src/data/sample/slice.ts';
import { OwnerBasis } from '../../../src/data/sample/socket-table.ts';
import { UNKNOWN_USER } from '../../../src/data/schema/column.ts';
import { lengthened, SlotTable } from '../../../src/kit/table/slot-table.ts';
import { effectiveUserId } from '../libc.ts';
import type { ProcessSource } from '../processes/process-source.ts';
import { OwnerTold, RowLife, type SocketRows } from '../sockets/sockets.ts';
import { KnownDescriptors, OwnerSearches, ProcessOrder, Search } from './scan-order.ts';
import { type DescriptorScanner, type DescriptorVisitor, isDenied } from './socket-owners-scan.ts';

/** Callbacks for rows. */
export interface OwnerWatcher {
  /** A process was found to hold the row's socket. */
  assigned(row: number): void;
  /** No process holds the row's socket, nor did one when it was seen before. */
  orphaned(row: number): void;
}

/** A scan of everybody takes its time once in so many of its own durations at most: 1 % of a core. */
const FULL_SCAN_REST_RATIO = 100;
const FULL_SCAN_REST_MICROS = 5e6;
const RETRY_MISSED_MICROS = 60e6;
/** Rows whose known descriptor is looked at again, each collection: an owner may have handed its socket on. */
const VERIFIED_ROWS = 16;
/** Rows found lately that are looked at once more soon: a server that forks has only then let go. */
const RECENT_ROWS = 64;
const ROWS_BETWEEN_RESTS = 4096;
const NOBODY: Int32Array = new Int32Array(0);

/**
 * Finds the process that holds each socket, by its inode among their descriptors. Only a process that ran can have
 * opened one, so who ran since the last collection is scanned first, whoever started last before the others: of a
 * parent and its child that share a socket, the child is the one that serves it.
 */
export class SocketOwners implements DescriptorVisitor {
  readonly #rows: SocketRows;
  readonly #processes: ProcessSource;
  readonly #scanner: DescriptorScanner;
  readonly #clock: () => number;
  readonly #watcher: OwnerWatcher;
  readonly #order = new ProcessOrder();
  readonly #euid = effectiveUserId();
  /** Rows looked for in this round, key: inode, and a number: the subflows of an MPTCP connection have one inode. */
  readonly #sought = new SlotTable(64, 1 << 18, (n) => {
    this.#soughtRow = lengthened(this.#soughtRow, new Int32Array(n));
  });
  #soughtRow = new Int32Array(64);
  /** Of those, how many are worth a further scan. */
  #openCount = 0;
  readonly #searches = new OwnerSearches();
  /** Serial of a process slot that may not be looked into, per process slot. */
  #deniedSerial = new Uint32Array(0);
  #isAnyDenied = false;
  /**
   * Listeners and UDP sockets are listed rarely: any process that ran since the previous listing may have opened them.
   */
  #rareListings = 0;
  #rareGeneration = 0;
  #recentGeneration = 0;
  #scannedGeneration = 0;
  readonly #known = new KnownDescriptors();
  #areKnownSkipped = false;
  /** Of the scan in progress; -1: its process is not in the table, and the number tells which it is. */
  #scannedSlot = -1;
  #scannedPid = 0;
  /** Processes are scanned in another order than that of their start. */
  #isUnordered = false;
  /** Those that were not needed to find all owners by number. */
  #unscanned: Int32Array = NOBODY;
  #nextFullScanMicros = 0;
  #isPostponed = false;
  #nextRetryMicros = 0;
  #verifyCursor = 0;
  readonly #recent = new Int32Array(RECENT_ROWS);
  #recentCount = 0;

  constructor(
    rows: SocketRows,
    processes: ProcessSource,
    scanner: DescriptorScanner,
    clock: () => number,
    watcher: OwnerWatcher,
  ) {
    this.#watcher = watcher;
    this.#rows = rows;
    this.#processes = processes;
    this.#scanner = scanner;
    this.#clock = clock;
  }

  /** Brings the owner columns of the socket table up to date with its rows and the process table. */
  async resolve(slice: Slice): Promise<void> {
    this.#growColumns();
    this.#verify();
    if (this.#unscanned.length > 0 && this.#processes.generation > 0) await this.#scanLeft(slice);
    await this.#gather(slice);
    this.#noteListing();
    this.#areKnownSkipped = false;
    // The first round scans all processes.
    const isFirst = this.#nextFullScanMicros === 0;
    if (this.#isPostponed) this.#postpone();
    // Without a new look at the processes nobody is known to have run.
    const hasNews = this.#processes.generation !== this.#scannedGeneration;
    this.#scannedGeneration = this.#processes.generation;
    if (this.#openCount > 0 && !isFirst && hasNews) await this.#scanRecent(slice);
    if (this.#openCount > 0 && (isFirst || this.#isFullScanDue())) {
      if (this.#processes.generation === 0) await this.#scanByNumber(slice);
      else await this.#scanEverybody(slice);
    }
    this.#sought.clear();
  }

  /**
   * Before the first `resolve`: rows that have no owner then are held by no descriptor. What an io_uring has is looked
   * for behind the first seconds.
   */
  postponeScan(): void {
    this.#isPostponed = true;
  }

  /** The row's owner is not known any more. */
  seekAgain(row: number): void {
    if (row < this.#searches.search.length) this.#searches.search[row] = Search.FRESH;
  }

  /** DescriptorVisitor: a socket of the process being scanned. */
  socket(inode: number, descriptor: number): boolean {
    for (let nth = 0; ; nth++) {
      const found = this.#sought.find(inode, nth, 0, 0);
      if (found < 0) return nth === 0 || this.#isUnordered || this.#openCount > 0;
      if (!this.#find(this.#soughtRow[found]!, descriptor)) return false;
    }
  }

  /** The row's socket is at a descriptor of the process being scanned; false: that one has ended. */
  #find(row: number, descriptor: number): boolean {
    const isFound = this.#searches.search[row] === Search.FOUND;
    if (isFound && !this.#isUnordered) return true;
    if (this.#scannedSlot < 0) this.#scannedSlot = this.#admit(this.#scannedPid);
    if (this.#scannedSlot < 0) return false;
    if (isFound && !this.#startedBefore(row, this.#scannedSlot)) return true;
    if (!isFound && this.#searches.search[row] !== Search.MISSED) this.#openCount--;
    this.#assign(row, this.#scannedSlot, descriptor);
    return true;
  }

  /** Whether the row's owner did, before another process. */
  #startedBefore(row: number, processSlot: number): boolean {
    const { ownerPid, ownerStartTicks } = this.#rows.table;
    const { pid, startTicks } = this.#processes.table;
    const ticks = startTicks[processSlot]! - ownerStartTicks[row]!;
    return ticks > 0 || (ticks === 0 && pid[processSlot]! > ownerPid[row]!);
  }

  /** With all that it descends from, so that a tree by parents is whole. */
  #admit(pid: number): number {
    const { table } = this.#processes;
    const slot = this.#processes.admit(pid, true);
    for (let at = slot; at >= 0 && table.ppid[at]! > 0 && table.find(table.ppid[at]!) < 0; ) {
      at = this.#processes.admit(table.ppid[at]!, true);
    }
    return slot;
  }

  /** DescriptorVisitor. */
  skips(descriptor: number): boolean {
    return this.#areKnownSkipped && this.#known.has(descriptor);
  }

  #assign(row: number, processSlot: number, descriptor: number): void {
    const { table } = this.#rows;
    const processes = this.#processes.table;
    this.#searches.search[row] = Search.FOUND;
    this.#searches.processSlot[row] = processSlot;
    this.#searches.processSerial[row] = processes.slots.serial[processSlot]!;
    this.#searches.descriptor[row] = descriptor;
    table.ownerPid[row] = processes.pid[processSlot]!;
    table.ownerStartTicks[row] = processes.startTicks[processSlot]!;
    table.ownerBasis[row] = OwnerBasis.DESCRIPTOR;
    if (this.#recentCount < RECENT_ROWS) this.#recent[this.#recentCount++] = row;
    this.#watcher.assigned(row);
  }

  async #gather(slice: Slice): Promise<void> {
    const { slots } = this.#rows.table;
    const isRetryDue = this.#clock() >= this.#nextRetryMicros;
    if (isRetryDue) this.#nextRetryMicros = this.#clock() + RETRY_MISSED_MICROS;
    this.#openCount = 0;
    for (let i = 0; i < slots.count; i++) {
      this.#gatherRow(slots.rows[i]!, isRetryDue);
      if (i % ROWS_BETWEEN_RESTS === ROWS_BETWEEN_RESTS - 1 && slice.due()) await slice.rest();
    }
  }

  #gatherRow(row: number, isRetryDue: boolean): void {
    const { table, life } = this.#rows;
    if (this.#searches.serial[row] !== table.slots.serial[row]) this.#forget(row);
    if (this.#rows.ownerTold[row] !== OwnerTold.NOBODY) return;
    if (table.inode[row] === 0) {
      this.#settleOrphan(row);
      return;
    }
    if (this.#searches.search[row] === Search.ORPHAN) this.#searches.search[row] = Search.FRESH;
    const search = this.#searches.search[row]!;
    if (search === Search.FOUND) {
      const processSlot = this.#searches.processSlot[row]!;
      // The owner is alive; else another process may hold it, and until that is found it keeps the old owner.
      if (this.#processes.table.slots.serial[processSlot] === this.#searches.processSerial[row]) return;
      this.#searches.search[row] = Search.FRESH;
    }
    if (life[row] === RowLife.CLOSED) return;
    if (search === Search.MISSED && isRetryDue) this.#searches.search[row] = Search.EVERYBODY;
    if (this.#seek(row) && this.#searches.search[row] !== Search.MISSED) this.#openCount++;
  }

  /** False: there is no room. */
  #seek(row: number): boolean {
    const inode = this.#rows.table.inode[row]!;
    let nth = 0;
    while (this.#sought.find(inode, nth, 0, 0) >= 0) nth++;
    const at = this.#sought.add(inode, nth, 0, 0);
    if (at >= 0) this.#soughtRow[at] = row;
    return at >= 0;
  }

  /** No inode: not accepted yet, or let go by its process. Who had an owner keeps it. */
  #settleOrphan(row: number): void {
    const { table } = this.#rows;
    if (this.#searches.search[row] !== Search.FRESH || table.ownerBasis[row] !== OwnerBasis.NONE) return;
    this.#searches.search[row] = Search.ORPHAN;
    this.#watcher.orphaned(row);
  }

  #noteListing(): void {
    const { generation } = this.#processes;
    this.#recentGeneration = generation;
    if (this.#rows.rareListings === this.#rareListings) return;
    this.#rareListings = this.#rows.rareListings;
    this.#recentGeneration = Math.min(generation, this.#rareGeneration + 1);
    this.#rareGeneration = generation;
  }

  async #scanRecent(slice: Slice): Promise<void> {
    const { table } = this.#processes;
    this.#order.clear();
    for (let i = 0; i < table.slots.count; i++) {
      const slot = table.slots.rows[i]!;
      if (table.lastRanGeneration[slot]! >= this.#recentGeneration) this.#order.push(slot);
    }
    this.#collectKnown();
    this.#areKnownSkipped = true;
    await this.#scanInOrder(slice);
    this.#areKnownSkipped = false;
    this.#advanceSearch(Search.FRESH, Search.AGAIN);
  }

  async #scanEverybody(slice: Slice): Promise<void> {
    const startMicros = this.#clock();
    const { slots } = this.#processes.table;
    this.#order.clear();
    for (let i = 0; i < slots.count; i++) this.#order.push(slots.rows[i]!);
    await this.#scanInOrder(slice);
    if (this.#openCount > 0) await this.#scanSeparateThreads(slice);
    this.#endFullScan(startMicros);
  }

  /** What no process seems to have may be at a descriptor that one of its threads has alone. */
  async #scanSeparateThreads(slice: Slice): Promise<void> {
    const { table } = this.#processes;
    for (let i = 0; i < this.#order.count && this.#openCount > 0; i++) {
      const slot = this.#order.slots[i]!;
      if (table.threads[slot] === 1 || this.#deniedSerial[slot] === table.slots.serial[slot]) continue;
      const pid = table.pid[slot]!;
      for (const thread of this.#scanner.separateThreads(pid)) {
        this.#scannedSlot = slot;
        if (this.#scanner.begin(pid, thread) === 0) await this.#scanOn(slice);
      }
      if (slice.due()) await slice.rest();
    }
  }

  #endFullScan(startMicros: number): void {
    this.#giveUp();
    const tookMicros = this.#clock() - startMicros;
    this.#nextFullScanMicros =
      this.#clock() + Math.max(FULL_SCAN_REST_MICROS, tookMicros * FULL_SCAN_REST_RATIO);
  }

  /** Before the processes have been collected: those that hold a socket become known. Who got its number last comes first. */
  async #scanByNumber(slice: Slice): Promise<void> {
    const startMicros = this.#clock();
    const numbers = (await this.#processes.list?.(slice)) ?? NOBODY;
    let left = numbers.length;
    this.#isUnordered = true;
    for (; left > 0 && this.#openCount > 0; left--) {
      this.#scannedPid = numbers[left - 1]!;
      this.#scannedSlot = -1;
      const result = this.#scanner.begin(this.#scannedPid);
      if (isDenied(result)) this.#isAnyDenied = true;
      if (result === 0) await this.#scanOn(slice);
    }
    this.#isUnordered = false;
    this.#unscanned = numbers.subarray(0, left);
    this.#endFullScan(startMicros);
    // Threads with descriptors of their own are looked for behind the first seconds.
    this.#nextRetryMicros = this.#nextFullScanMicros;
  }

  /**
   * Of those that were not looked into, now that their start is known: where numbers have begun anew, one of them may have
   * started after an owner, and hold its socket too.
   */
  async #scanLeft(slice: Slice): Promise<void> {
    const { slots, ownerStartTicks } = this.#rows.table;
    let earliest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < slots.count; i++) {
      const row = slots.rows[i]!;
      if (this.#searches.search[row] !== Search.FOUND) continue;
      earliest = Math.min(earliest, ownerStartTicks[row]!);
      this.#seek(row);
    }
    const { table } = this.#processes;
    this.#isUnordered = true;
    for (const pid of this.#unscanned) {
      const slot = table.find(pid);
      if (slot >= 0 && table.startTicks[slot]! >= earliest && this.#beginScan(slot))
        await this.#scanOn(slice);
    }
    this.#isUnordered = false;
    this.#unscanned = NOBODY;
    this.#sought.clear();
  }

  async #scanInOrder(slice: Slice): Promise<void> {
    const { table } = this.#processes;
    this.#order.sortByStart(table);
    for (let i = 0; i < this.#order.count && this.#openCount > 0; i++) {
      const slot = this.#order.slots[i]!;
      if (!this.#beginScan(slot)) continue;
      if (this.#areKnownSkipped) this.#known.choose(slot);
      await this.#scanOn(slice);
    }
  }

  async #scanOn(slice: Slice): Promise<void> {
    while (this.#scanner.step(this)) if (slice.due()) await slice.rest();
    this.#scanner.end();
    if (slice.due()) await slice.rest();
  }

  #beginScan(slot: number): boolean {
    const { table } = this.#processes;
    if (this.#deniedSerial[slot] === table.slots.serial[slot]) return false;
    this.#scannedSlot = slot;
    const result = this.#scanner.begin(table.pid[slot]!);
    if (isDenied(result)) {
      this.#deniedSerial[slot] = table.slots.serial[slot]!;
      this.#isAnyDenied = true;
    }
    return result === 0;
  }

  /** What was found earlier and is still listed by the kernel needs no second look, unless a row of its inode is new. */
  #collectKnown(): void {
    const { table, life } = this.#rows;
    this.#known.clear(this.#processes.table.slots.capacity, table.slots.capacity);
    for (let i = 0; i < table.slots.count; i++) {
      const row = table.slots.rows[i]!;
      if (this.#searches.search[row] !== Search.FOUND || life[row] !== RowLife.LIVE || table.inode[row] === 0)
        continue;
      if (this.#sought.find(table.inode[row]!, 0, 0, 0) >= 0) continue;
      this.#known.add(this.#searches.processSlot[row]!, row, this.#searches.descriptor[row]!);
    }
  }

  /** Rows still sought go from one stage of the search to the next; those of others' users end where it is no use. */
  #advanceSearch(from: number, to: number): void {
    for (let i = 0; i < this.#sought.count; i++) {
      const row = this.#soughtRow[this.#sought.rows[i]!]!;
      const search = this.#searches.search[row]!;
      if (search === from) this.#searches.search[row] = to;
      else if (search === Search.AGAIN) this.#searches.search[row] = Search.EVERYBODY;
      if (search < Search.EVERYBODY && this.#isOthers(row)) this.#miss(row);
    }
  }

  #postpone(): void {
    this.#isPostponed = false;
    for (let i = 0; i < this.#sought.count; i++) {
      this.#searches.search[this.#soughtRow[this.#sought.rows[i]!]!] = Search.MISSED;
    }
    this.#openCount = 0;
    this.#nextFullScanMicros = this.#clock() + FULL_SCAN_REST_MICROS;
    this.#nextRetryMicros = this.#nextFullScanMicros;
  }

  #isFullScanDue(): boolean {
    if (this.#clock() < this.#nextFullScanMicros) return false;
    for (let i = 0; i < this.#sought.count; i++) {
      if (this.#searches.search[this.#soughtRow[this.#sought.rows[i]!]!] === Search.EVERYBODY) return true;
    }
    return false;
  }

  #giveUp(): void {
    for (let i = 0; i < this.#sought.count; i++) {
      const row = this.#soughtRow[this.#sought.rows[i]!]!;
      if (this.#searches.search[row] !== Search.FOUND) this.#miss(row);
    }
    this.#openCount = 0;
  }

  #miss(row: number): void {
    const { ownerBasis } = this.#rows.table;
    if (this.#searches.search[row] !== Search.MISSED) this.#openCount--;
    this.#searches.search[row] = Search.MISSED;
    if (ownerBasis[row] === OwnerBasis.NONE && this.#isOthers(row)) ownerBasis[row] = OwnerBasis.HIDDEN;
  }

  /** Whether the row's process is most likely one that this program may not look into. */
  #isOthers(row: number): boolean {
    const uid = this.#rows.table.uid[row]!;
    return this.#isAnyDenied && uid !== UNKNOWN_USER && uid >>> 0 !== this.#euid;
  }

  /** Looks at some known descriptors again: those found lately, and a few of the others by turns. */
  #verify(): void {
    for (let i = 0; i < this.#recentCount; i++) this.#verifyRow(this.#recent[i]!);
    this.#recentCount = 0;
    const { slots } = this.#rows.table;
    for (let i = 0; i < Math.min(VERIFIED_ROWS, slots.count); i++) {
      this.#verifyCursor = (this.#verifyCursor + 1) % slots.count;
      this.#verifyRow(slots.rows[this.#verifyCursor]!);
    }
  }

  #verifyRow(row: number): void {
    const { table, life } = this.#rows;
    if (this.#searches.serial[row] !== table.slots.serial[row] || table.slots.serial[row] === 0) return;
    if (this.#searches.search[row] !== Search.FOUND || life[row] !== RowLife.LIVE || table.inode[row] === 0)
      return;
    const processSlot = this.#searches.processSlot[row]!;
    const processes = this.#processes.table;
    if (processes.slots.serial[processSlot] !== this.#searches.processSerial[row]) return;
    const pid = processes.pid[processSlot]!;
    const descriptor = this.#searches.descriptor[row]!;
    if (!this.#scanner.hasSocketAt(pid, descriptor, table.inode[row]!))
      this.#searches.search[row] = Search.FRESH;
  }

  #forget(row: number): void {
    this.#searches.serial[row] = this.#rows.table.slots.serial[row]!;
    this.#searches.search[row] = Search.FRESH;
  }

  #growColumns(): void {
    this.#searches.reserve(this.#rows.table.slots.capacity);
    const processCapacity = this.#processes.table.slots.capacity;
    if (this.#deniedSerial.length < processCapacity) {
      this.#deniedSerial = lengthened(this.#deniedSerial, new Uint32Array(processCapacity));
    }
  }
}
