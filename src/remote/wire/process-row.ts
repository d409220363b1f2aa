import { lengthened, SlotTable } from '../../kit/table/slot-table.ts';
import { ROWS_LIMIT, TEXT_LIMIT } from './limits.ts';
import { PROCESS_COLUMNS_SHAPE } from './socktop-v2.generated.ts';
import { WireColumns } from './wire-table.ts';

const TWO_32 = 2 ** 32;

/**
 * A process as `socktop.v2` tells of it. Counters are cumulative, NaN unknown; a process is (pid, startTicks). One
 * object serves for all rows that are put into a table one after the other.
 */
export interface ProcessRow {
  pid: number;
  /** Clock ticks since boot. */
  startTicks: number;
  /** One ASCII letter as in /proc/PID/stat; 0 unknown. */
  state: number;
  threads: number;
  cpuNanos: number;
  residentBytes: number;
  /** Fetched from and sent to storage. */
  readBytes: number;
  writtenBytes: number;
  /**
   * Share of the whole machine, 0 to 100; NaN unknown, as in the first sample. Single precision. Not sent: a reader
   * makes it of `cpuNanos`; the original protocol has it.
   */
  cpuPercent: number;
  /** Task name, neither sanitised nor shortened. */
  name: string;
  user: string | undefined;
  commandLine: string | undefined;
}

/** A row in which nothing is known. */
export function unknownProcessRow(): ProcessRow {
  const unknown = Number.NaN;
  return {
    ...{ pid: 0, startTicks: 0, state: 0, threads: unknown, cpuNanos: unknown, residentBytes: unknown },
    ...{ readBytes: unknown, writtenBytes: unknown, cpuPercent: unknown },
    ...{ name: '', user: undefined, commandLine: undefined },
  };
}

/** Processes in columns, one slot each, keyed by (pid, start ticks low and high word, 0); columns as in ProcessRow. */
export class ProcessRowTable {
  readonly slots: SlotTable;
  pid = new Int32Array(0);
  startTicks = new Float64Array(0);
  state = new Uint8Array(0);
  threads = new Float64Array(0);
  cpuNanos = new Float64Array(0);
  residentBytes = new Float64Array(0);
  readBytes = new Float64Array(0);
  writtenBytes = new Float64Array(0);
  cpuPercent = new Float32Array(0);
  readonly names: string[] = [];
  readonly users: (string | undefined)[] = [];
  readonly commandLines: (string | undefined)[] = [];

  constructor() {
    this.slots = new SlotTable(256, ROWS_LIMIT.processes, (capacity) => this.#grow(capacity));
    this.#grow(this.slots.capacity);
  }

  /** The slot of a process, -1 unknown. */
  find(pid: number, startTicks: number): number {
    return this.slots.find(pid, startTicks >>> 0, Math.floor(startTicks / TWO_32), 0);
  }

  /** A slot for a process that `find` did not know, without texts, its numbers as the last tenant left them; -1: full. */
  add(pid: number, startTicks: number): number {
    const slot = this.slots.add(pid, startTicks >>> 0, Math.floor(startTicks / TWO_32), 0);
    if (slot < 0) return -1;
    this.pid[slot] = pid;
    this.startTicks[slot] = startTicks;
    this.names[slot] = '';
    this.users[slot] = undefined;
    this.commandLines[slot] = undefined;
    return slot;
  }

  remove(slot: number): void {
    this.names[slot] = '';
    this.users[slot] = undefined;
    this.commandLines[slot] = undefined;
    this.slots.remove(slot);
  }

  clear(): void {
    this.names.length = 0;
    this.users.length = 0;
    this.commandLines.length = 0;
    this.slots.clear();
  }

  #grow(n: number): void {
    this.pid = lengthened(this.pid, new Int32Array(n));
    this.startTicks = lengthened(this.startTicks, new Float64Array(n));
    this.state = lengthened(this.state, new Uint8Array(n));
    this.threads = lengthened(this.threads, new Float64Array(n));
    this.cpuNanos = lengthened(this.cpuNanos, new Float64Array(n));
    this.residentBytes = lengthened(this.residentBytes, new Float64Array(n));
    this.readBytes = lengthened(this.readBytes, new Float64Array(n));
    this.writtenBytes = lengthened(this.writtenBytes, new Float64Array(n));
    this.cpuPercent = lengthened(this.cpuPercent, new Float32Array(n));
  }
}

/** The columns of the table that are sent, as they are now, its key among them. */
export function processColumns(table: ProcessRowTable): WireColumns {
  return new WireColumns(PROCESS_COLUMNS_SHAPE)
    .number('pid', table.pid)
    .number('start_ticks', table.startTicks, 0)
    .number('state', table.state, 0, 0x7f)
    .number('threads', table.threads)
    .number('cpu_nanos', table.cpuNanos)
    .number('resident_bytes', table.residentBytes)
    .number('read_bytes', table.readBytes)
    .number('written_bytes', table.writtenBytes)
    .text('name', table.names, false, TEXT_LIMIT.name)
    .text('user', table.users, true, TEXT_LIMIT.name)
    .text('command_line', table.commandLines, true, TEXT_LIMIT.line);
}
