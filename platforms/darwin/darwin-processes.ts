import { availableParallelism, totalmem } from 'node:os';
import { type MachineProcesses, ProcessUsage } from '../../src/data/sample/machine-processes.ts';
import {
  CHILD_FACTS_LIMIT,
  type ProcessDetailSection,
} from '../../src/data/sample/process-detail-section.ts';
import { ProcessTable } from '../../src/data/sample/process-table.ts';
import type { Slice } from '../../src/data/sample/slice.ts';
import type { ProcessesWant } from '../../src/data/sample/snapshot.ts';
import { USAGE_COLUMNS } from '../../src/data/schema/process-columns.ts';
import { PROCESS_FACTS } from '../../src/data/schema/process-detail.ts';
import { unknownRecord } from '../../src/data/schema/record.ts';
import { sectionFacts } from '../../src/data/schema/section-facts.ts';
import { OpError } from '../../src/kit/errors/op-error.ts';
import type { Host } from './darwin-host.ts';
import type { ProcessList } from './process-list.ts';
import { nameOf, type PsRow } from './ps.ts';

const ROWS_BETWEEN_RESTS = 64;
/** Figures that cost a call each are read for so many rows. */
const VISIBLE_LIMIT = 256;

/** The table of processes, kept from one collection to the next. */
export class ProcessRows {
  readonly table = new ProcessTable();
  readonly #list: ProcessList;
  readonly #host: Host;
  /** Of the last collection, by pid. */
  rows: ReadonlyMap<number, PsRow> = new Map();
  #generation = 0;

  constructor(list: ProcessList, host: Host) {
    this.#list = list;
    this.#host = host;
  }

  /** Rejects with OpError where the processes cannot be listed. */
  async collect(slice: Slice): Promise<void> {
    const rows = await this.#list.rows();
    this.rows = rows;
    this.#generation++;
    const { table } = this;
    for (let i = table.slots.count - 1; i >= 0; i--) {
      const slot = table.slots.rows[i]!;
      const row = rows.get(table.pid[slot]!);
      if (row === undefined || this.#startTicks(row) !== table.startTicks[slot]) {
        table.names[slot] = '';
        table.slots.remove(slot);
      }
    }
    let count = 0;
    for (const row of rows.values()) {
      this.#store(row);
      if (++count % ROWS_BETWEEN_RESTS === 0 && slice.due()) await slice.rest();
    }
  }

  #store(row: PsRow): void {
    const { table } = this;
    const known = table.find(row.pid);
    const slot = known >= 0 ? known : table.slots.add(row.pid, 0, 0, 0);
    if (slot < 0) return;
    if (known < 0) table.clearRow(slot);
    // Finer, and with the number of threads, where the kernel lets it be seen.
    const task = this.#list.task(row.pid);
    const cpuNanos = task === undefined ? row.cpuNanos : task.userNanos + task.systemNanos;
    if (known < 0 || table.cpuNanos[slot] !== cpuNanos) table.lastRanGeneration[slot] = this.#generation;
    table.pid[slot] = row.pid;
    table.ppid[slot] = row.ppid;
    table.startTicks[slot] = this.#startTicks(row);
    table.uid[slot] = row.uid;
    table.state[slot] = row.state;
    table.threads[slot] = task?.threads ?? -1;
    table.cpuNanos[slot] = cpuNanos;
    table.rssBytes[slot] = task?.rssBytes ?? row.rssBytes;
    table.names[slot] = nameOf(row.command);
  }

  #startTicks(row: PsRow): number {
    return this.#host.startTicks(row.startSeconds);
  }
}

/** All processes and single ones in depth. */
export class ProcessSections {
  readonly #rows: ProcessRows;
  readonly #list: ProcessList;
  readonly #host: Host;
  readonly #usage = new ProcessUsage();
  #commandLines: (string | undefined)[] = [];
  #sequence = 0;
  #detailSequence = 0;

  constructor(list: ProcessList, host: Host) {
    this.#list = list;
    this.#host = host;
    this.#rows = new ProcessRows(list, host);
  }

  /** Rejects with OpError where the processes cannot be listed. */
  async collect(want: ProcessesWant, slice: Slice): Promise<MachineProcesses> {
    const started = this.#host.monotonicMicros();
    await this.#rows.collect(slice);
    const { table, rows } = this.#rows;
    await this.#readUsage(want, slice);
    const pids = want.allCommandLines === true ? [...rows.keys()] : want.visiblePids;
    const lines = await this.#list.commandLines(rows, pids);
    this.#commandLines = Array.from({ length: table.slots.capacity }, () => undefined);
    for (const pid of pids) {
      const slot = table.find(pid);
      if (slot >= 0) this.#commandLines[slot] = lines.get(pid);
    }
    return {
      ...sectionFacts(++this.#sequence, started, this.#host.monotonicMicros()),
      processes: table,
      usage: this.#usage,
      memoryTotalBytes: totalmem(),
      coreCount: availableParallelism(),
      commandLines: this.#commandLines,
    };
  }

  /** Rejects with OpError, `ESRCH` where there is no such process. */
  async collectOne(pid: number, slice: Slice): Promise<ProcessDetailSection> {
    const started = this.#host.monotonicMicros();
    await this.#rows.collect(slice);
    const { table, rows } = this.#rows;
    const row = rows.get(pid);
    if (row === undefined) {
      throw new OpError({ op: 'read process', code: 'ESRCH', message: `there is no process ${pid}` });
    }
    const children = table.childrenOf(pid);
    const lines = await this.#list.commandLines(rows, [pid, ...children.pid]);
    const described = children.slots.rows.subarray(0, Math.min(children.slots.count, CHILD_FACTS_LIMIT));
    return {
      ...sectionFacts(++this.#detailSequence, started, this.#host.monotonicMicros()),
      process: this.#detailOf(row, lines.get(pid)),
      threads: [],
      children,
      childFacts: Array.from(described, (slot) => {
        const child = children.pid[slot]!;
        const virtualBytes = rows.get(child)?.virtualBytes;
        return { pid: child, virtualBytes, effectiveGid: undefined, commandLine: lines.get(child) };
      }),
    };
  }

  #detailOf(row: PsRow, commandLine: string | undefined): ProcessDetailSection['process'] {
    const task = this.#list.task(row.pid);
    const storage = this.#list.storage(row.pid);
    const ticks = (nanos: number | undefined): number =>
      nanos === undefined ? Number.NaN : (nanos / 1e9) * this.#host.facts.clockTicksPerSecond;
    return {
      ...unknownRecord(PROCESS_FACTS),
      pid: row.pid,
      ppid: row.ppid,
      name: nameOf(row.command),
      state: row.state,
      startTicks: this.#host.startTicks(row.startSeconds),
      userTicks: ticks(task?.userNanos),
      systemTicks: ticks(task?.systemNanos),
      cpuNanos: task === undefined ? row.cpuNanos : task.userNanos + task.systemNanos,
      threadCount: task?.threads ?? Number.NaN,
      nice: row.nice,
      effectiveUid: row.uid >>> 0,
      effectiveGid: task?.gid,
      residentBytes: task?.rssBytes ?? row.rssBytes,
      virtualBytes: row.virtualBytes,
      commandLine,
      executablePath: row.command.startsWith('/') ? row.command : undefined,
      descriptorCount: task?.descriptors,
      readBytes: storage?.readBytes,
      writtenBytes: storage?.writtenBytes,
    };
  }

  async #readUsage(want: ProcessesWant, slice: Slice): Promise<void> {
    const { table, rows } = this.#rows;
    this.#usage.clear(table.slots.capacity);
    const hasAll = (want.columnsOfAll ?? []).some((column) => USAGE_COLUMNS.includes(column));
    if (!hasAll && (want.columns ?? []).length === 0) return;
    let count = 0;
    for (const pid of hasAll ? rows.keys() : want.visiblePids.slice(0, VISIBLE_LIMIT)) {
      const slot = table.find(pid);
      const storage = slot < 0 ? undefined : this.#list.storage(pid);
      if (storage !== undefined) {
        this.#usage.readBytes[slot] = storage.readBytes;
        this.#usage.writtenBytes[slot] = storage.writtenBytes;
        this.#usage.contextSwitches[slot] = this.#list.task(pid)?.contextSwitches ?? Number.NaN;
      }
      if (++count % ROWS_BETWEEN_RESTS === 0 && slice.due()) await slice.rest();
    }
  }
}
