import { lengthened } from '../../kit/table/slot-table.ts';
import { machinePercent } from '../rates/process-cpu.ts';
import type { ProcessRates } from '../rates/process-rates.ts';
import type { MachineProcesses } from '../sample/machine-processes.ts';
import { RankedRows } from './ranked-rows.ts';
import type { RowOrder } from './row-order.ts';
import { isAscending, type SortBy } from './sort.ts';

/** What the process table of a machine can be ordered by; the first is what it starts with. */
export const MACHINE_SORT_KEYS = [
  'cpu',
  'memory',
  'pid',
  'name',
  'user',
  'threads',
  'time',
  'read',
  'written',
] as const;

export type MachineSortKey = (typeof MACHINE_SORT_KEYS)[number];
export type MachineSort = SortBy<MachineSortKey>;

/** A process whichever rank it has now: a PID that was given to another process is another one. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot; NaN where the machine does not tell. */
  readonly startTicks: number;
}

/** Names for a user's number; undefined: the number is shown. */
export type UserNames = (uid: number) => string | undefined;

/**
 * The process table of a machine as columns `[0..count)`, copied out of a sample, so that they stay readable while the
 * next one is collected. NaN is unknown. Valid until the next `build`.
 */
export class MachineProcessRows extends RankedRows<MachineSort> {
  /** Processes before the search took some away. */
  unfilteredCount = 0;
  pid = new Int32Array(0);
  startTicks = new Float64Array(0);
  /** One ASCII letter as in /proc/PID/stat; 0 unknown. */
  state = new Uint8Array(0);
  threads = new Float64Array(0);
  /** Share of one core, percent: two busy threads are 200. */
  corePercent = new Float64Array(0);
  /** Share of the whole machine, 0 to 100. */
  machinePercent = new Float64Array(0);
  /** CPU time since its start. */
  cpuNanos = new Float64Array(0);
  residentBytes = new Float64Array(0);
  /** Of the machine's memory. */
  memoryPercent = new Float64Array(0);
  /** Bytes per second from and to storage, for rows that were asked for. */
  read = new Float64Array(0);
  written = new Float64Array(0);
  readonly names: string[] = [];
  readonly users: string[] = [];
  readonly #lower: string[] = [];

  /** Makes the rows anew: those in whose name, user or PID `search` occurs, whatever its case; empty: all. */
  build(section: MachineProcesses, rates: ProcessRates, userOf: UserNames, search: string): void {
    const { processes, memoryTotalBytes, coreCount } = section;
    const { slots } = processes;
    if (slots.count > this.pid.length) this.#grow(Math.max(64, slots.count * 2));
    const wanted = search.trim().toLowerCase();
    this.unfilteredCount = slots.count;
    this.count = 0;
    for (let i = 0; i < slots.count; i++) {
      const slot = slots.rows[i]!;
      const user = this.#userOf(processes.uid[slot]!, userOf);
      const name = processes.names[slot] ?? '';
      const pid = processes.pid[slot]!;
      if (wanted !== '' && !matches(wanted, name, user, pid)) continue;
      const row = this.count++;
      this.pid[row] = pid;
      this.names[row] = name;
      this.users[row] = user;
      this.startTicks[row] = processes.startTicks[slot]!;
      this.state[row] = processes.state[slot]!;
      this.threads[row] = processes.threads[slot]! > 0 ? processes.threads[slot]! : Number.NaN;
      this.cpuNanos[row] = processes.cpuNanos[slot]!;
      const core = rates.cpu.corePercent[slot] ?? Number.NaN;
      this.corePercent[row] = core;
      this.machinePercent[row] = machinePercent(core, coreCount);
      this.residentBytes[row] = processes.rssBytes[slot]!;
      this.memoryPercent[row] = (processes.rssBytes[slot]! / memoryTotalBytes) * 100;
      this.read[row] = rates.io.smoothRx[slot] ?? Number.NaN;
      this.written[row] = rates.io.smoothTx[slot] ?? Number.NaN;
    }
  }

  /** Nothing is listed any more: another machine's rows, or none. */
  clear(): void {
    this.count = 0;
    this.unfilteredCount = 0;
  }

  identityOf(row: number): ProcessIdentity {
    return { pid: this.pid[row]!, startTicks: this.startTicks[row]! };
  }

  /** The row of a process, -1 where it is not listed. */
  rowOf({ pid, startTicks }: ProcessIdentity): number {
    for (let row = 0; row < this.count; row++) {
      if (this.pid[row] === pid && Object.is(this.startTicks[row], startTicks)) return row;
    }
    return -1;
  }

  protected override arrange(order: RowOrder, sort: MachineSort): void {
    const isUpwards = isAscending(sort);
    for (let row = 0; row < this.count; row++) order.ties[row] = this.pid[row]!;
    if (sort.key === 'name' || sort.key === 'user') {
      const texts = sort.key === 'name' ? this.names : this.users;
      for (let row = 0; row < this.count; row++) this.#lower[row] = texts[row]!.toLowerCase();
      order.setTexts(this.#lower, isUpwards);
      return;
    }
    const column = this.#columnOf(sort.key);
    for (let row = 0; row < this.count; row++) order.setNumber(row, column[row]!, isUpwards);
  }

  #columnOf(key: Exclude<MachineSortKey, 'name' | 'user'>): Float64Array | Int32Array {
    switch (key) {
      case 'cpu':
        return this.corePercent;
      case 'memory':
        return this.residentBytes;
      case 'pid':
        return this.pid;
      case 'threads':
        return this.threads;
      case 'time':
        return this.cpuNanos;
      case 'read':
        return this.read;
      case 'written':
        return this.written;
    }
  }

  readonly #userTexts = new Map<number, string>();

  #userOf(uid: number, userOf: UserNames): string {
    const known = this.#userTexts.get(uid);
    if (known !== undefined) return known;
    const text = uid < 0 ? '-' : (userOf(uid) ?? String(uid));
    // Users of a machine are few; a hostile one may make up more.
    if (this.#userTexts.size >= USERS_LIMIT) this.#userTexts.clear();
    this.#userTexts.set(uid, text);
    return text;
  }

  #grow(n: number): void {
    const longer = (column: Float64Array<ArrayBuffer>) => lengthened(column, new Float64Array(n));
    this.pid = lengthened(this.pid, new Int32Array(n));
    this.state = lengthened(this.state, new Uint8Array(n));
    this.startTicks = longer(this.startTicks);
    this.threads = longer(this.threads);
    this.corePercent = longer(this.corePercent);
    this.machinePercent = longer(this.machinePercent);
    this.cpuNanos = longer(this.cpuNanos);
    this.residentBytes = longer(this.residentBytes);
    this.memoryPercent = longer(this.memoryPercent);
    this.read = longer(this.read);
    this.written = longer(this.written);
  }
}

const USERS_LIMIT = 4096;

function matches(wanted: string, name: string, user: string, pid: number): boolean {
  return (
    name.toLowerCase().includes(wanted) || user.toLowerCase().includes(wanted) || String(pid).includes(wanted)
  );
}
