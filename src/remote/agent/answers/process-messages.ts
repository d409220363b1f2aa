import type { JournalSection } from '../../../data/sample/journal-section.ts';
import type { ProcessDetailSection } from '../../../data/sample/process-detail.ts';
import type { SnapshotHeader } from '../../../data/sample/snapshot.ts';
import {
  JOURNAL_PRIORITIES,
  type OriginalJournal,
  type OriginalProcessDetail,
} from '../../wire/original-process-detail.ts';
import type { JournalMessage, ProcessMessage } from '../../wire/process-message.ts';

/** Letters of /proc/PID/stat by the words that the original agent has for them. */
const STATE_WORDS: Readonly<Record<string, string>> = {
  R: 'Running',
  S: 'Sleeping',
  D: 'Disk Sleep',
  Z: 'Zombie',
  T: 'Stopped',
  t: 'Tracing Stop',
  X: 'Dead',
  x: 'Dead',
  K: 'Wakekill',
  W: 'Waking',
  P: 'Parked',
  I: 'Idle',
};

const MICROS_PER_SECOND = 1e6;
const NANOS_PER_MICRO = 1000;

/** One process as `socktop.v2` tells it; a copy. */
export function processMessageOf(
  header: SnapshotHeader,
  section: ProcessDetailSection,
  userName: (uid: number) => string,
): ProcessMessage {
  const { process, threads, children, processes: table } = section;
  const { effectiveUid } = process;
  return {
    header,
    section,
    process: {
      ...process,
      userName: effectiveUid === undefined ? undefined : userName(effectiveUid),
    },
    threads,
    children: Array.from(children, (slot) => ({
      pid: table.pid[slot],
      startTicks: table.startTicks[slot],
      name: table.names[slot] ?? '',
      state: table.state[slot],
      uid: table.uid[slot] ?? -1,
      threads: table.threads[slot],
      cpuNanos: table.cpuNanos[slot],
      rssBytes: table.rssBytes[slot],
    })),
  };
}

/** A share of the whole machine, percent, by pid and start ticks; NaN unknown. */
type ShareOf = (pid: number, startTicks: number) => number;

/** One process as the original protocol tells it. `cpuUsage` is its share of the whole machine, NaN unknown. */
export function originalProcessOf(
  { header, process, threads, children }: ProcessMessage,
  cpuUsage: number,
  shareOf: ShareOf,
): OriginalProcessDetail {
  const { bootWallMillis, clockTicksPerSecond } = header;
  const micros = (ticks = Number.NaN): number => (ticks * MICROS_PER_SECOND) / clockTicksPerSecond;
  const startOf = (ticks = Number.NaN): number => bootWallMillis / 1000 + ticks / clockTicksPerSecond;
  return {
    pid: process.pid,
    name: process.name,
    command: process.commandLine ?? '',
    cpu_usage: cpuUsage,
    mem_bytes: process.residentBytes,
    virtual_mem_bytes: process.virtualBytes,
    shared_mem_bytes: process.sharedBytes,
    thread_count: process.threadCount,
    fd_count: process.descriptorCount,
    status: stateWord(process.state),
    parent_pid: process.ppid === 0 ? undefined : process.ppid,
    user_id: process.effectiveUid,
    group_id: process.effectiveGid,
    start_time: startOf(process.startTicks),
    cpu_time_user: micros(process.userTicks),
    cpu_time_system: micros(process.systemTicks),
    read_bytes: process.readBytes,
    write_bytes: process.writtenBytes,
    working_directory: process.workingDirectory,
    executable_path: process.executablePath,
    threads: threads.map((thread) => ({
      tid: thread.tid,
      name: thread.name,
      cpu_time_user: micros(thread.userTicks),
      cpu_time_system: micros(thread.systemTicks),
      status: stateWord(thread.state),
    })),
    child_processes: children.map((child) => ({
      ...UNKNOWN_CHILD,
      pid: child.pid,
      name: child.name,
      cpu_usage: shareOf(child.pid ?? 0, child.startTicks ?? 0),
      mem_bytes: child.rssBytes,
      thread_count: child.threads,
      status: stateWord(child.state),
      parent_pid: process.pid,
      user_id: child.uid < 0 ? undefined : child.uid,
      start_time: startOf(child.startTicks),
      // The table has one time for both modes; the original client adds them up.
      cpu_time_user: (child.cpuNanos ?? Number.NaN) / NANOS_PER_MICRO,
    })),
  };
}

const UNKNOWN_CHILD: OriginalProcessDetail = {
  ...{ pid: undefined, name: '', command: '', cpu_usage: undefined, mem_bytes: undefined },
  ...{ virtual_mem_bytes: undefined, shared_mem_bytes: undefined, thread_count: undefined },
  ...{ fd_count: undefined, status: '', parent_pid: undefined, user_id: undefined, group_id: undefined },
  ...{ start_time: undefined, cpu_time_user: undefined, cpu_time_system: undefined },
  ...{ read_bytes: undefined, write_bytes: undefined, working_directory: undefined },
  ...{ executable_path: undefined, child_processes: [], threads: [] },
};

/** A journal as `socktop.v2` tells it. */
export function journalMessageOf(header: SnapshotHeader, section: JournalSection): JournalMessage {
  const { pid, entries, isTruncated, notice } = section;
  return { header, section, pid, entries, isTruncated, notice };
}

/** A journal as the original protocol tells it. */
export function originalJournalOf(
  { entries, isTruncated, notice }: JournalSection,
  wallMillis: number,
): OriginalJournal {
  return {
    entries: entries.map((entry) => ({
      timestamp: new Date(Math.floor(entry.realtimeMicros / 1000)).toISOString(),
      timestamp_us: entry.realtimeMicros,
      priority: entry.priority === undefined ? undefined : JOURNAL_PRIORITIES[entry.priority],
      message: entry.message,
      unit: entry.unit,
      pid: entry.pid,
      comm: entry.comm ?? entry.identifier,
      uid: entry.uid,
      gid: entry.gid,
    })),
    total_count: entries.length,
    truncated: isTruncated,
    notice,
    cached_at: wallMillis / 1000,
  };
}

function stateWord(state = 0): string {
  return STATE_WORDS[String.fromCharCode(state)] ?? 'Unknown';
}
