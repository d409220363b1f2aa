import type { JournalSection } from '../../data/sample/journal-section.ts';
import { type MachineProcesses, ProcessUsage } from '../../data/sample/machine-processes.ts';
import type { ProcessDetail, ProcessDetailSection } from '../../data/sample/process-detail.ts';
import { ProcessTable } from '../../data/sample/process-table.ts';
import type {
  JournalMessage,
  ProcessFactsMessage,
  ProcessMessage,
  ThreadMessage,
} from '../wire/process-message.ts';
import type { ReceivedProcesses } from '../wire/process-replica.ts';
import type { ProcessRowTable } from '../wire/process-row.ts';

const UNKNOWN = Number.NaN;
const UNKNOWN_STATE = 0x3f;

/** All processes of another machine; rows of those that live on keep their slots. */
export class V2Processes {
  readonly #table = new ProcessTable();
  readonly #usage = new ProcessUsage();
  readonly #users: (string | undefined)[] = [];
  readonly #commandLines: (string | undefined)[] = [];

  section({
    section,
    table,
    processCount,
    memoryTotalBytes,
    coreCount,
  }: ReceivedProcesses): MachineProcesses {
    this.#removeGone(table);
    const { rows, count } = table.slots;
    for (let i = 0; i < count; i++) this.#add(table, rows[i]!);
    this.#usage.clear(this.#table.slots.capacity);
    for (let i = 0; i < count; i++) this.#put(table, rows[i]!);
    return {
      ...section,
      processes: this.#table,
      usage: this.#usage,
      memoryTotalBytes: memoryTotalBytes > 0 ? memoryTotalBytes : UNKNOWN,
      coreCount: Math.max(1, coreCount),
      processCount: Math.max(processCount, count),
      texts: { users: this.#users, commandLines: this.#commandLines },
    };
  }

  /** Those that the machine does not have any more, and those whose pid another process has now. */
  #removeGone(table: ProcessRowTable): void {
    const { slots, pid, startTicks } = this.#table;
    for (let i = slots.count - 1; i >= 0; i--) {
      const slot = slots.rows[i]!;
      if (table.find(pid[slot]!, startTicks[slot]!) >= 0) continue;
      this.#users[slot] = undefined;
      this.#commandLines[slot] = undefined;
      slots.remove(slot);
    }
  }

  #add(table: ProcessRowTable, row: number): void {
    const pid = table.pid[row]!;
    if (this.#table.find(pid) >= 0) return;
    const slot = this.#table.slots.add(pid, 0, 0, 0);
    if (slot < 0) return;
    this.#table.pid[slot] = pid;
    this.#table.startTicks[slot] = table.startTicks[row]!;
  }

  #put(table: ProcessRowTable, row: number): void {
    const to = this.#table;
    const usage = this.#usage;
    const slot = to.find(table.pid[row]!);
    if (slot < 0) return;
    to.startTicks[slot] = table.startTicks[row]!;
    // Nothing that is shown needs them: the user stands there as text.
    to.ppid[slot] = 0;
    to.uid[slot] = -1;
    to.state[slot] = table.state[row]!;
    to.threads[slot] = countOf(table.threads[row]!);
    to.cpuNanos[slot] = table.cpuNanos[row]!;
    to.rssBytes[slot] = table.residentBytes[row]!;
    to.names[slot] = table.names[row]!;
    usage.readBytes[slot] = table.readBytes[row]!;
    usage.writtenBytes[slot] = table.writtenBytes[row]!;
    this.#users[slot] = table.users[row];
    this.#commandLines[slot] = table.commandLines[row];
  }
}

/** One process of another machine in depth. */
export function processDetailSection(message: ProcessMessage): ProcessDetailSection {
  const processes = new ProcessTable(Math.max(1, message.children.length));
  const children: number[] = [];
  for (const child of message.children) {
    if (child.pid === undefined || processes.find(child.pid) >= 0) continue;
    const slot = processes.slots.add(child.pid, 0, 0, 0);
    if (slot < 0) break;
    processes.pid[slot] = child.pid;
    processes.ppid[slot] = message.process.pid ?? 0;
    processes.startTicks[slot] = child.startTicks ?? 0;
    processes.uid[slot] = child.uid;
    processes.state[slot] = child.state ?? UNKNOWN_STATE;
    processes.threads[slot] = countOf(child.threads ?? UNKNOWN);
    processes.cpuNanos[slot] = child.cpuNanos ?? UNKNOWN;
    processes.rssBytes[slot] = child.rssBytes ?? UNKNOWN;
    processes.names[slot] = child.name;
    children.push(slot);
  }
  return {
    ...message.section,
    process: detail(message.process),
    threads: message.threads.map(thread),
    children: Int32Array.from(children),
    processes,
  };
}

/** The journal of a process of another machine. */
export function journalSection(message: JournalMessage): JournalSection {
  return {
    ...message.section,
    pid: message.pid ?? 0,
    entries: message.entries.map((entry) => ({ ...entry, realtimeMicros: entry.realtimeMicros ?? UNKNOWN })),
    isTruncated: message.isTruncated,
    notice: message.notice,
  };
}

function detail(facts: ProcessFactsMessage): ProcessDetail {
  return {
    ...facts,
    pid: facts.pid ?? 0,
    ppid: facts.ppid ?? 0,
    state: facts.state ?? UNKNOWN_STATE,
    startTicks: facts.startTicks ?? 0,
    userTicks: facts.userTicks ?? UNKNOWN,
    systemTicks: facts.systemTicks ?? UNKNOWN,
    cpuNanos: facts.cpuNanos ?? UNKNOWN,
    threadCount: facts.threadCount ?? UNKNOWN,
    residentBytes: facts.residentBytes ?? UNKNOWN,
  };
}

/** For a column of integers in which -1 is unknown. */
function countOf(value: number): number {
  return value >= 0 ? value : -1;
}

function thread(message: ThreadMessage): ProcessDetailSection['threads'][number] {
  return {
    tid: message.tid ?? 0,
    name: message.name,
    state: message.state ?? UNKNOWN_STATE,
    userTicks: message.userTicks ?? UNKNOWN,
    systemTicks: message.systemTicks ?? UNKNOWN,
    startTicks: message.startTicks ?? 0,
  };
}
