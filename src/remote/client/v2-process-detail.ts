import type { JournalSection } from '../../data/sample/journal-section.ts';
import type { ProcessDetail, ProcessDetailSection } from '../../data/sample/process-detail.ts';
import { ProcessTable } from '../../data/sample/process-table.ts';
import type {
  JournalMessage,
  ProcessFactsMessage,
  ProcessMessage,
  ThreadMessage,
} from '../wire/process-message.ts';

const UNKNOWN = Number.NaN;
const UNKNOWN_STATE = 0x3f;

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
