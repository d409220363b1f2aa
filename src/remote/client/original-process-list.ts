import { type MachineProcesses, ProcessList } from '../../data/sample/machine-processes.ts';
import type { ProcessDetailSection } from '../../data/sample/process-detail-section.ts';
import { ProcessTable } from '../../data/sample/process-table.ts';
import {
  type JournalSection,
  PROCESS_FACTS,
  type ProcessDetail,
  type ThreadSample,
} from '../../data/schema/process-detail.ts';
import { unknownRecord } from '../../data/schema/record.ts';
import { columnsClass, numbers } from '../../kit/table/columns.ts';
import { ROWS_LIMIT } from '../wire/limits.ts';
import {
  JOURNAL_PRIORITIES,
  type OriginalJournal,
  type OriginalProcess,
  type OriginalProcessDetail,
  type OriginalProcessMetrics,
  type OriginalThread,
} from '../wire/original-metrics.ts';
import type { OriginalProcesses } from '../wire/original-processes.ts';

const UNKNOWN = Number.NaN;
const UNKNOWN_STATE = 0x3f;
/** Ticks per second used here; the protocol has microseconds. */
const MICROS_PER_TICK = 10_000;

/** What the agent says a process does, as the letter of /proc/PID/stat. */
const STATES: readonly (readonly [word: string, letter: string])[] = [
  ['run', 'R'],
  ['idle', 'I'],
  ['uninterrupt', 'D'],
  ['disk', 'D'],
  ['sleep', 'S'],
  ['zomb', 'Z'],
  ['trac', 't'],
  ['stop', 'T'],
  ['park', 'P'],
  ['dead', 'X'],
];

class SeenColumns extends columnsClass({ sequence: numbers('f64') }) {}

interface Gathered {
  readonly memoryTotalBytes: number;
  readonly coreCount: number;
  readonly receivedMicros: number;
}

/**
 * Processes of an agent of the original protocol. It tells neither start times nor CPU time: a process is its pid and
 * name, its start ticks are 0, and CPU time is made of the shares.
 */
export class OriginalProcessList {
  readonly #list = new ProcessList(ROWS_LIMIT.processes);
  /** By slot: the reply that had the process last. */
  readonly #seen = new SeenColumns();
  #sequence = 0;
  #lastMicros = UNKNOWN;

  section(
    processes: OriginalProcesses & { readonly rows: Iterable<OriginalProcess> },
    { memoryTotalBytes, coreCount, receivedMicros }: Gathered,
  ): MachineProcesses {
    const cores = Math.max(1, coreCount);
    this.#sequence++;
    const elapsedNanos = (receivedMicros - this.#lastMicros) * 1000;
    this.#lastMicros = receivedMicros;
    for (const row of processes.rows) this.#put(row, ((elapsedNanos || 0) * cores) / 100);
    this.#removeGone();
    return this.#list.section({
      ...{ sequence: this.#sequence, monotonicMicros: receivedMicros, durationMicros: 0, errors: [] },
      ...{ memoryTotalBytes, coreCount: cores, processCount: processes.process_count },
      isCpuTimeWhole: false,
    });
  }

  #put({ pid, name, cpu_usage, mem_bytes }: OriginalProcess, nanosPerPercent: number): void {
    if (pid === undefined) return;
    const { processes: table } = this.#list;
    let slot = table.find(pid);
    if (slot >= 0 && table.names[slot] !== name) {
      this.#list.remove(slot);
      slot = -1;
    }
    if (slot < 0) slot = this.#list.add(pid, 0);
    if (slot < 0) return;
    table.names[slot] = name;
    table.rssBytes[slot] = mem_bytes ?? UNKNOWN;
    table.cpuNanos[slot] = (table.cpuNanos[slot]! || 0) + (cpu_usage ?? UNKNOWN) * nanosPerPercent;
    this.#seen.reserve(table.slots.capacity);
    this.#seen.sequence[slot] = this.#sequence;
  }

  #removeGone(): void {
    this.#list.processes.slots.removeWhere(
      (slot) => this.#seen.sequence[slot] !== this.#sequence,
      (slot) => this.#list.remove(slot),
    );
  }
}

/** One process of an agent of the original protocol in depth. */
export function originalDetailSection(
  { process }: OriginalProcessMetrics,
  sequence: number,
  monotonicMicros: number,
): ProcessDetailSection {
  const children = new ProcessTable(Math.max(1, process.child_processes.length));
  for (const child of process.child_processes) {
    if (child.pid === undefined || children.find(child.pid) >= 0) continue;
    const slot = children.slots.add(child.pid, 0, 0, 0);
    if (slot < 0) break;
    children.pid[slot] = child.pid;
    children.ppid[slot] = process.pid ?? 0;
    children.uid[slot] = child.user_id ?? -1;
    children.state[slot] = stateOf(child.status);
    children.threads[slot] = child.thread_count ?? -1;
    children.cpuNanos[slot] = cpuNanosOf(child);
    children.rssBytes[slot] = child.mem_bytes ?? UNKNOWN;
    children.names[slot] = child.name;
  }
  return {
    ...{ sequence, monotonicMicros, durationMicros: 0, errors: [] },
    process: detailOf(process),
    threads: process.threads.map(threadOf),
    children,
  };
}

export function originalJournalSection(
  pid: number,
  journal: OriginalJournal,
  sequence: number,
  monotonicMicros: number,
): JournalSection {
  return {
    ...{ sequence, monotonicMicros, durationMicros: 0, errors: [], pid },
    entries: journal.entries.map((entry) => ({
      realtimeMicros: entry.timestamp_us ?? UNKNOWN,
      priority: entry.priority === undefined ? undefined : JOURNAL_PRIORITIES.indexOf(entry.priority),
      message: entry.message,
      ...{ unit: entry.unit, identifier: undefined, pid: entry.pid, comm: entry.comm },
      ...{ uid: entry.uid, gid: entry.gid },
    })),
    isTruncated: journal.truncated,
    notice: journal.notice,
  };
}

function detailOf(process: OriginalProcessDetail): ProcessDetail {
  const { start_time } = process;
  return {
    ...unknownRecord(PROCESS_FACTS),
    ...{ pid: process.pid ?? 0, ppid: process.parent_pid ?? 0, name: process.name },
    state: stateOf(process.status),
    startWallMillis: start_time === undefined || start_time === 0 ? undefined : start_time * 1000,
    userTicks: (process.cpu_time_user ?? UNKNOWN) / MICROS_PER_TICK,
    systemTicks: (process.cpu_time_system ?? UNKNOWN) / MICROS_PER_TICK,
    cpuNanos: cpuNanosOf(process),
    threadCount: process.thread_count ?? UNKNOWN,
    ...{ effectiveUid: process.user_id, effectiveGid: process.group_id },
    residentBytes: process.mem_bytes ?? UNKNOWN,
    ...{ sharedBytes: process.shared_mem_bytes, virtualBytes: process.virtual_mem_bytes },
    commandLine: process.command === '' ? undefined : process.command,
    ...{ executablePath: process.executable_path, workingDirectory: process.working_directory },
    descriptorCount: process.fd_count,
    ...{ readBytes: process.read_bytes, writtenBytes: process.write_bytes },
  };
}

function cpuNanosOf({ cpu_time_user, cpu_time_system }: OriginalProcessDetail): number {
  return ((cpu_time_user ?? UNKNOWN) + (cpu_time_system ?? UNKNOWN)) * 1000;
}

function threadOf(thread: OriginalThread): ThreadSample {
  return {
    tid: thread.tid ?? 0,
    name: thread.name,
    state: stateOf(thread.status),
    userTicks: (thread.cpu_time_user ?? UNKNOWN) / MICROS_PER_TICK,
    systemTicks: (thread.cpu_time_system ?? UNKNOWN) / MICROS_PER_TICK,
    startTicks: 0,
  };
}

function stateOf(status: string): number {
  const word = status.toLowerCase();
  const letter = STATES.find(([start]) => word.includes(start))?.[1];
  return letter?.charCodeAt(0) ?? UNKNOWN_STATE;
}
