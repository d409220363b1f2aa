import type { ProcessTable } from '../../../src/data/sample/process-table.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import { lengthened } from '../../../src/kit/table/slot-table.ts';
import { monotonicMicros, processCpuNanos } from '../clock.ts';
import { closeDescriptor, NativeBuffer, readAt } from '../libc.ts';
import { parseLastPid } from '../proc/loadavg.ts';
import { sharesPidNamespace } from '../proc/namespace-links.ts';
import { ProcDirectory } from '../proc/proc-directory.ts';
import { PidCursor, PidListing } from './pid-listing.ts';
import { isSleepersTurn, ProcessRows, RowOutcome } from './process-row-reader.ts';
import { ProcessSource, ProcessTexts } from './process-source.ts';

interface ProcessCollectorOptions {
  /** Default `/proc`. */
  readonly procRoot?: string;
  /** Default this machine's; another for a /proc that was captured or built. */
  readonly pageSizeBytes?: number;
  /** Monotonic microseconds. */
  readonly clock?: () => number;
}

/** Rows between two looks at the slice: at 25 µs a row at most 0.4 ms. */
const ROWS_BETWEEN_RESTS = 16;
/** Up to as many pids are looked for one by one even where fewer processes are known (0.4 µs a pid). */
const PROBES_ALWAYS = 128;
/** Processes that the counter of pids does not betray (restored ones, those of a wrap missed) appear after so long. */
const LISTING_INTERVAL_MICROS = 30e6;
/** A new process that could not be read is looked for again after so long. */
const HIDDEN_RETRY_MICROS = 1e6;

/**
 * Follows every process at little cost. Each process's CPU clock tells whether it ran; `stat` is read only for those
 * that did, and for a rotating part of the others. New processes show in the last field of /proc/loadavg; all
 * of /proc is listed at first, when that field jumped or wrapped, and every 30 s.
 *
 * CPU clocks speak of this program's own pid namespace. Where /proc is another's (or a captured tree), everything is
 * listed and read each time, and CPU time comes from the tick counters.
 */
export class ProcessCollector extends ProcessSource {
  readonly basis = 'proc';
  readonly table: ProcessTable;
  readonly #proc: ProcDirectory;
  readonly #rows: ProcessRows;
  protected readonly texts: ProcessTexts;
  readonly #clock: () => number;
  readonly #hasClocks: boolean;
  readonly #listing: PidListing;
  readonly #cursor = new PidCursor();
  readonly #loadavg = new NativeBuffer(128);
  readonly #loadavgDescriptor: number;
  #seenGeneration = new Uint32Array(0);
  #nextListingMicros = 0;

  /** Throws SyscallError where the root cannot be opened. */
  constructor(options: ProcessCollectorOptions = {}) {
    super();
    this.#proc = new ProcDirectory(options.procRoot ?? '/proc');
    this.#clock = options.clock ?? monotonicMicros;
    this.#listing = new PidListing(this.#proc);
    this.#rows = new ProcessRows(this.#proc, (slot) => this.texts.forget(slot), options.pageSizeBytes);
    this.table = this.#rows.table;
    this.texts = new ProcessTexts(this.#proc, this.table, this.#clock);
    this.#hasClocks = sharesPidNamespace(this.#proc.root) && processCpuNanos(process.pid) >= 0;
    // Missing under the mount option subset=pid: then the pids are listed each time.
    this.#loadavgDescriptor = this.#proc.openFile('loadavg');
  }

  /** Brings the table up to date. Rejects with SyscallError only where /proc cannot be listed at all. */
  async collect(slice: Slice): Promise<void> {
    this.generation++;
    if (!this.#hasClocks) return this.#readEverything(slice);
    await this.#checkKnown(slice);
    await this.#findNew(slice);
  }

  admit(pid: number, isListed = false): number {
    const known = this.table.find(pid);
    if (known >= 0) return known;
    this.#adopt(pid, isListed);
    return this.table.find(pid);
  }

  override async list(slice: Slice): Promise<Int32Array> {
    await this.#listing.read(slice);
    const pids = this.#listing.pids.slice(0, this.#listing.count);
    // Behind the last one stand those that were given out before the numbers began anew.
    const last = this.#readLastPid();
    const older = pids.filter((pid) => pid > last);
    pids.copyWithin(older.length, 0, pids.length - older.length);
    pids.set(older);
    return pids;
  }

  override get count(): number {
    return this.generation === 0 ? this.#listing.count : super.count;
  }

  close(): void {
    if (this.#loadavgDescriptor >= 0) closeDescriptor(this.#loadavgDescriptor);
    this.#proc.close();
  }

  async #checkKnown(slice: Slice): Promise<void> {
    const slots = this.table.slots;
    // Downwards: a removal moves the last row, already checked, into the hole.
    for (let i = slots.count - 1; i >= 0; i--) {
      this.#check(slots.rows[i]!);
      if (i % ROWS_BETWEEN_RESTS === 0 && slice.due()) await slice.rest();
    }
  }

  #check(slot: number): void {
    const { table, generation } = this;
    const nanos = processCpuNanos(table.pid[slot]!);
    if (nanos < 0) {
      this.#remove(slot);
      return;
    }
    const hasRun = nanos !== table.cpuNanos[slot];
    if (hasRun) {
      table.cpuNanos[slot] = nanos;
      table.lastRanGeneration[slot] = generation;
    } else if (!isSleepersTurn(slot, generation)) {
      return;
    }
    const outcome = this.#rows.refresh(slot, generation);
    if (outcome === RowOutcome.GONE) this.#remove(slot);
    else if (outcome === RowOutcome.RECYCLED) this.#replace(slot);
  }

  #remove(slot: number): void {
    this.table.slots.remove(slot);
    this.texts.forget(slot);
  }

  #replace(slot: number): void {
    const pid = this.table.pid[slot]!;
    this.#remove(slot);
    this.#adopt(pid);
  }

  #adopt(pid: number, isListed = false): void {
    const outcome = this.#rows.adopt(pid, this.generation, isListed);
    // Not known now for lack of descriptors or memory: it must not be missed for long.
    if (outcome === RowOutcome.UNREADABLE) this.#nextListingMicros = 0;
    if (outcome !== RowOutcome.READ) return;
    const nanos = this.#hasClocks ? processCpuNanos(pid) : this.#rows.tickNanos;
    this.table.cpuNanos[this.table.find(pid)] = Math.max(nanos, 0);
  }

  async #findNew(slice: Slice): Promise<void> {
    // Read before /proc is listed: what is born meanwhile is found by the next collection.
    const last = this.#readLastPid();
    const candidates = this.#cursor.advance(last);
    const isListingDue = this.#clock() >= this.#nextListingMicros;
    if (isListingDue || candidates > Math.max(PROBES_ALWAYS, this.table.slots.count)) {
      await this.#adoptListed(slice);
      return;
    }
    for (let pid = this.#cursor.first; pid <= last; pid++) {
      if (this.table.find(pid) < 0 && processCpuNanos(pid) >= 0) this.#adoptProbed(pid);
      if (pid % ROWS_BETWEEN_RESTS === 0 && slice.due()) await slice.rest();
    }
  }

  /** Where /proc hides other users' processes, a child of a program with privileges can be seen only after its exec. */
  #adoptProbed(pid: number): void {
    this.#adopt(pid);
    if (this.table.find(pid) >= 0 || processCpuNanos(pid) < 0) return;
    this.#nextListingMicros = Math.min(this.#nextListingMicros, this.#clock() + HIDDEN_RETRY_MICROS);
  }

  #readLastPid(): number {
    if (this.#loadavgDescriptor < 0) return Number.NaN;
    const length = readAt(this.#loadavgDescriptor, this.#loadavg, 0);
    return length > 0 ? parseLastPid(this.#loadavg.bytes, length) : Number.NaN;
  }

  /** With room for an eighth more processes than there are: a table that grows by itself has room for half as many. */
  async #readListing(slice: Slice): Promise<void> {
    await this.#listing.read(slice);
    const { count } = this.#listing;
    this.table.slots.reserve(count + (count >> 3));
  }

  async #adoptListed(slice: Slice): Promise<void> {
    await this.#readListing(slice);
    this.#nextListingMicros = this.#clock() + LISTING_INTERVAL_MICROS;
    for (let i = 0; i < this.#listing.count; i++) {
      const pid = this.#listing.pids[i]!;
      if (this.table.find(pid) < 0) this.#adopt(pid, true);
      if (i % ROWS_BETWEEN_RESTS === 0 && slice.due()) await slice.rest();
    }
  }

  /** Without CPU clocks: reads every listed process; unlisted ones have exited. */
  async #readEverything(slice: Slice): Promise<void> {
    await this.#readListing(slice);
    for (let i = 0; i < this.#listing.count; i++) {
      this.#readListed(this.#listing.pids[i]!);
      if (i % ROWS_BETWEEN_RESTS === 0 && slice.due()) await slice.rest();
    }
    this.table.slots.removeWhere(
      (slot) => this.#seenGeneration[slot] !== this.generation,
      (slot) => this.#remove(slot),
    );
  }

  #readListed(pid: number): void {
    let slot = this.table.find(pid);
    if (slot < 0) {
      this.#adopt(pid, true);
    } else {
      const outcome = this.#rows.refresh(slot, this.generation);
      if (outcome === RowOutcome.GONE) return;
      if (outcome === RowOutcome.RECYCLED) this.#replace(slot);
      else if (outcome === RowOutcome.READ) this.#storeTicks(slot);
    }
    slot = this.table.find(pid);
    if (slot < 0) return;
    const capacity = this.table.slots.capacity;
    if (this.#seenGeneration.length < capacity) {
      this.#seenGeneration = lengthened(this.#seenGeneration, new Uint32Array(capacity));
    }
    this.#seenGeneration[slot] = this.generation;
  }

  #storeTicks(slot: number): void {
    const nanos = this.#rows.tickNanos;
    if (nanos === this.table.cpuNanos[slot]) return;
    this.table.cpuNanos[slot] = nanos;
    this.table.lastRanGeneration[slot] = this.generation;
  }
}
