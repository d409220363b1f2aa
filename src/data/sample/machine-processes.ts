import { columnsClass } from '../../kit/table/columns.ts';
import { lengthened } from '../../kit/table/slot-table.ts';
import {
  PROCESS_TEXT_COLUMNS,
  PROCESS_USAGE_COLUMNS,
  USAGE_COLUMNS,
  type UsageColumn,
} from '../schema/process-columns.ts';
import type { Section } from '../schema/section-facts.ts';
import { ProcessTable } from './process-table.ts';

/** As long as the longest set of columns that has one. Nothing is written to it. */
let longestUnknown = new Float64Array(0);

function unknownColumn(rows: number): ProcessUsage[UsageColumn] {
  if (longestUnknown.length < rows) longestUnknown = new Float64Array(rows).fill(Number.NaN);
  return longestUnknown.subarray(0, rows);
}

/** Columns beside `ProcessTable`, filled at least for the rows asked for; else NaN, as where it is not permitted. */
export class ProcessUsage extends columnsClass(PROCESS_USAGE_COLUMNS) {
  readonly #wanted = new Set<UsageColumn>();

  /** As `reserve`; columns that were never wanted share one array, and nothing is to be written to them. */
  reserveWanted(capacity: number, wanted: readonly UsageColumn[]): void {
    const rows = Math.max(capacity, this.capacity);
    const added = wanted.filter((name) => !this.#wanted.has(name));
    if (rows === this.capacity && added.length === 0) return;
    const columns = [...this.#wanted, ...added].map((name) => {
      return [name, lengthened(this[name], new Float64Array(rows).fill(Number.NaN))] as const;
    });
    this.show(rows, new Map(columns));
  }

  /** Has these columns, which stay their owner's, and no others: the rest is unknown. */
  show(capacity: number, columns: UsageArrays): void {
    const unknown = unknownColumn(capacity);
    this.#wanted.clear();
    for (const name of USAGE_COLUMNS) {
      this[name] = columns.get(name) ?? unknown;
      if (columns.has(name)) this.#wanted.add(name);
    }
    this.capacity = capacity;
  }

  /** Whether a column may have values: with `reserveWanted` only one that was wanted, with `show` only one that was shown. */
  mayHave(name: UsageColumn): boolean {
    return this.#wanted.size === 0 || this.#wanted.has(name);
  }

  /** All columns at least so long, all values unknown. */
  clear(capacity: number): void {
    this.reserve(capacity);
    this.clearRows();
  }
}

/** Columns of usage, by name. */
type UsageArrays = ReadonlyMap<UsageColumn, ProcessUsage[UsageColumn]>;

/** Texts of processes, by the slots of their table; undefined unknown. Those of another machine are cleaned. */
export class ProcessTexts extends columnsClass(PROCESS_TEXT_COLUMNS) {}

/** Every process of the machine; threads are not listed. CPU time and memory are counters and gauges of the table. */
export interface MachineProcesses extends Section {
  readonly processes: ProcessTable;
  readonly usage: ProcessUsage;
  /** Of the whole machine; NaN unknown: for a process's share of memory. */
  readonly memoryTotalBytes: number;
  /** Cores online; with them CPU nanoseconds become a share of the whole machine. */
  readonly coreCount: number;
  /** Of the whole machine, where the table may hold fewer; undefined: the rows of the table. */
  readonly processCount?: number | undefined;
  /** Of the requested rows or of all, by table slot, not sanitised; undefined: not requested, or none. */
  readonly commandLines?: readonly (string | undefined)[] | undefined;
  /** Paths of control groups, by table slot; undefined: not requested. */
  readonly cgroups?: readonly (string | undefined)[] | undefined;
  /** Names of containers, by table slot; undefined: not requested. */
  readonly containers?: readonly (string | undefined)[] | undefined;
  /** False: the source has no CPU time, and the table counts it from the first request on. Undefined: true. */
  readonly isCpuTimeWhole?: boolean;
  /** Of another machine, whose users this one does not know. Undefined: the processes are this machine's. */
  readonly texts?: ProcessTexts | undefined;
}

/** Columns of processes, all indexed by table slot. */
export interface ToldProcesses {
  readonly processes: ProcessTable;
  readonly usage: ProcessUsage;
  readonly texts: ProcessTexts;
}

/** Processes copied from a sample, received from an agent, or read from a recording. */
export class ProcessList implements ToldProcesses {
  readonly processes: ProcessTable;
  readonly usage = new ProcessUsage();
  readonly texts = new ProcessTexts();

  /** `limit`: the most processes it may hold. */
  constructor(limit: number) {
    this.processes = new ProcessTable(undefined, limit);
  }

  /** The slot of a process, or -1. A pid that was given to another process is another one. */
  find(pid: number, startTicks: number): number {
    const slot = this.processes.find(pid);
    return slot >= 0 && this.processes.startTicks[slot] === startTicks ? slot : -1;
  }

  /** A slot for a process whose pid the list does not have, with nothing known; -1: the list is full. */
  add(pid: number, startTicks: number): number {
    const { processes, usage, texts } = this;
    const slot = processes.slots.add(pid, 0, 0, 0);
    if (slot < 0) return -1;
    usage.reserve(processes.slots.capacity);
    for (const columns of [processes, usage, texts]) columns.clearRow(slot);
    processes.pid[slot] = pid;
    processes.startTicks[slot] = startTicks;
    return slot;
  }

  remove(slot: number): void {
    this.processes.names[slot] = '';
    this.texts.clearRow(slot);
    this.processes.slots.remove(slot);
  }

  /** The list as a section of a machine. Figures that cannot be are unknown. Borrowed. */
  section(facts: Omit<MachineProcesses, keyof ToldProcesses>): MachineProcesses {
    const { processes, usage, texts } = this;
    return {
      ...facts,
      ...{ processes, usage, texts },
      memoryTotalBytes: facts.memoryTotalBytes > 0 ? facts.memoryTotalBytes : Number.NaN,
      coreCount: Math.max(1, facts.coreCount),
      processCount: Math.max(facts.processCount ?? 0, processes.slots.count),
    };
  }
}
