import { TEXT_LIMIT } from '../../data/schema/column.ts';
import {
  count,
  flag,
  type JsonCodec,
  list,
  measure,
  type ObjectOf,
  object,
  oneOf,
  optionalText,
  text,
  type ValueOf,
} from './json-codec.ts';
import { CHILD_DEPTH_LIMIT } from './limits.ts';

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

/** `(uid_t) -1`, which no user has: what the original peers get for an unknown user or group. */
const NO_USER = 0xffff_ffff;

const thread = object({
  tid: count(0),
  name: text(TEXT_LIMIT.name),
  cpu_time_user: count(0),
  cpu_time_system: count(0),
  /** A word: `Running`, `Sleeping`, `Idle`, ... */
  status: text(TEXT_LIMIT.name),
});
/** A thread; times in microseconds. */
export type OriginalThread = ValueOf<typeof thread>;

/** A user or group; NO_USER is read as unknown. */
const id: JsonCodec<number | undefined> = {
  read: (value, path) => {
    const number = count().read(value, path);
    return number === NO_USER ? undefined : number;
  },
  write: count(NO_USER).write,
};

/** One process in depth, without its lists. Bytes, microseconds of CPU; undefined where it is not known. */
const PROCESS_FIELDS = {
  pid: count(0),
  name: text(TEXT_LIMIT.name),
  command: text(TEXT_LIMIT.line),
  /** Share of the whole machine, 0 to 100. */
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
  /** Seconds since 1970. */
  start_time: count(0),
  /** Microseconds. */
  cpu_time_user: count(0),
  cpu_time_system: count(0),
  read_bytes: count(),
  write_bytes: count(),
  working_directory: optionalText(TEXT_LIMIT.line),
  executable_path: optionalText(TEXT_LIMIT.line),
};

export interface OriginalProcessDetail extends ObjectOf<typeof PROCESS_FIELDS> {
  readonly child_processes: readonly OriginalProcessDetail[];
  readonly threads: readonly OriginalThread[];
}

/** A process with children down to `depth` generations; what is below is left out. */
function processTo(depth: number): JsonCodec<OriginalProcessDetail> {
  const children: JsonCodec<readonly OriginalProcessDetail[]> =
    depth > 0 ? list(processTo(depth - 1)) : { read: () => [], write: () => [] };
  return object({ ...PROCESS_FIELDS, child_processes: children, threads: list(thread) });
}

/** `get_process_metrics:<pid>`. */
export const originalProcessMetrics = object({
  process: processTo(CHILD_DEPTH_LIMIT),
  /** When it was collected, seconds since 1970. */
  cached_at: count(0),
});
export type OriginalProcessMetrics = ValueOf<typeof originalProcessMetrics>;

/** The original's reader knows no missing priority: `Info` stands for it, as in the original. */
const priority: JsonCodec<JournalPriority | undefined> = {
  read: oneOf(JOURNAL_PRIORITIES).read,
  write: (value) => value ?? 'Info',
};

const entry = object({
  /** RFC 3339, UTC, for display. */
  timestamp: text(TEXT_LIMIT.name),
  /** Microseconds since 1970. */
  timestamp_us: count(0),
  priority,
  message: text(TEXT_LIMIT.message),
  unit: optionalText(TEXT_LIMIT.name),
  pid: count(),
  comm: optionalText(TEXT_LIMIT.name),
  uid: count(),
  gid: count(),
});

/** `get_journal_entries:<pid>`, oldest entry first. */
export const originalJournal = object({
  entries: list(entry),
  total_count: count(0),
  truncated: flag,
  /** Why there are none, where that is known. */
  notice: optionalText(TEXT_LIMIT.line),
  cached_at: count(0),
});
export type OriginalJournal = ValueOf<typeof originalJournal>;
