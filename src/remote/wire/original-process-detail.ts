import { TEXT_LIMIT } from '../../data/schema/column.ts';
import {
  count,
  flag,
  type JsonCodec,
  list,
  measure,
  object,
  oneOf,
  optionalText,
  text,
} from './json-codec.ts';
import { CHILD_DEPTH_LIMIT } from './limits.ts';

/** A thread; times in microseconds. */
export interface OriginalThread {
  readonly tid: number | undefined;
  readonly name: string;
  readonly cpu_time_user: number | undefined;
  readonly cpu_time_system: number | undefined;
  /** A word: `Running`, `Sleeping`, `Idle`, ... */
  readonly status: string;
}

/** One process in depth. Bytes, microseconds of CPU, seconds since 1970; undefined where it is not known. */
export interface OriginalProcessDetail {
  readonly pid: number | undefined;
  readonly name: string;
  readonly command: string;
  /** Share of the whole machine, 0 to 100. */
  readonly cpu_usage: number | undefined;
  readonly mem_bytes: number | undefined;
  readonly virtual_mem_bytes: number | undefined;
  readonly shared_mem_bytes: number | undefined;
  readonly thread_count: number | undefined;
  readonly fd_count: number | undefined;
  readonly status: string;
  readonly parent_pid: number | undefined;
  readonly user_id: number | undefined;
  readonly group_id: number | undefined;
  /** Seconds since 1970. */
  readonly start_time: number | undefined;
  /** Microseconds. */
  readonly cpu_time_user: number | undefined;
  readonly cpu_time_system: number | undefined;
  readonly read_bytes: number | undefined;
  readonly write_bytes: number | undefined;
  readonly working_directory: string | undefined;
  readonly executable_path: string | undefined;
  readonly child_processes: readonly OriginalProcessDetail[];
  readonly threads: readonly OriginalThread[];
}

/** The reply to `get_process_metrics:<pid>`. */
export interface OriginalProcessMetrics {
  readonly process: OriginalProcessDetail;
  /** When it was collected, seconds since 1970. */
  readonly cached_at: number | undefined;
}

/** Syslog's severities by the original's names, from 0. */
export const JOURNAL_PRIORITIES = [
  'Emergency',
  'Alert',
  'Critical',
  'Error',
  'Warning',
  'Notice',
  'Info',
  'Debug',
] as const;
type JournalPriority = (typeof JOURNAL_PRIORITIES)[number];

interface OriginalJournalEntry {
  /** RFC 3339, UTC, for display. */
  readonly timestamp: string;
  /** Microseconds since 1970. */
  readonly timestamp_us: number | undefined;
  readonly priority: JournalPriority | undefined;
  readonly message: string;
  readonly unit: string | undefined;
  readonly pid: number | undefined;
  readonly comm: string | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/** The reply to `get_journal_entries:<pid>`, oldest entry first. */
export interface OriginalJournal {
  readonly entries: readonly OriginalJournalEntry[];
  readonly total_count: number | undefined;
  readonly truncated: boolean;
  /** Why there are none, where that is known. */
  readonly notice: string | undefined;
  readonly cached_at: number | undefined;
}

/** `(uid_t) -1`, which no user has: what the original peers get for an unknown user or group. */
const NO_USER = 0xffff_ffff;

const thread: JsonCodec<OriginalThread> = object<OriginalThread>({
  tid: count(0),
  name: text(TEXT_LIMIT.name),
  cpu_time_user: count(0),
  cpu_time_system: count(0),
  status: text(TEXT_LIMIT.name),
});

/** A user or group; NO_USER is read as unknown. */
const id: JsonCodec<number | undefined> = {
  read: (value, path) => {
    const number = count().read(value, path);
    return number === NO_USER ? undefined : number;
  },
  write: count(NO_USER).write,
};

/** A process with children down to `depth` generations; what is below is left out. */
function processTo(depth: number): JsonCodec<OriginalProcessDetail> {
  const children: JsonCodec<readonly OriginalProcessDetail[]> =
    depth > 0 ? list(processTo(depth - 1)) : { read: () => [], write: () => [] };
  return object<OriginalProcessDetail>({
    pid: count(0),
    name: text(TEXT_LIMIT.name),
    command: text(TEXT_LIMIT.line),
    cpu_usage: measure(0),
    mem_bytes: count(0),
    virtual_mem_bytes: count(0),
    shared_mem_bytes: count(),
    thread_count: count(0),
    fd_count: count(),
    status: text(TEXT_LIMIT.name),
    parent_pid: count(),
    user_id: id,
    group_id: id,
    start_time: count(0),
    cpu_time_user: count(0),
    cpu_time_system: count(0),
    read_bytes: count(),
    write_bytes: count(),
    working_directory: optionalText(TEXT_LIMIT.line),
    executable_path: optionalText(TEXT_LIMIT.line),
    child_processes: children,
    threads: list(thread),
  });
}

/** `get_process_metrics:<pid>`. */
export const originalProcessMetrics: JsonCodec<OriginalProcessMetrics> = object<OriginalProcessMetrics>({
  process: processTo(CHILD_DEPTH_LIMIT),
  cached_at: count(0),
});

/** The original's reader knows no missing priority: `Info` stands for it, as in the original. */
const priority: JsonCodec<JournalPriority | undefined> = {
  read: oneOf(JOURNAL_PRIORITIES).read,
  write: (value) => value ?? 'Info',
};

const entry: JsonCodec<OriginalJournalEntry> = object<OriginalJournalEntry>({
  timestamp: text(TEXT_LIMIT.name),
  timestamp_us: count(0),
  priority,
  message: text(TEXT_LIMIT.message),
  unit: optionalText(TEXT_LIMIT.name),
  pid: count(),
  comm: optionalText(TEXT_LIMIT.name),
  uid: count(),
  gid: count(),
});

/** `get_journal_entries:<pid>`. */
export const originalJournal: JsonCodec<OriginalJournal> = object<OriginalJournal>({
  entries: list(entry),
  total_count: count(0),
  truncated: flag,
  notice: optionalText(TEXT_LIMIT.line),
  cached_at: count(0),
});
