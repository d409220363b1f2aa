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
  optional,
  optionalText,
  text,
  type ValueOf,
} from './json-codec.ts';
import { CHILD_DEPTH_LIMIT, ROWS_LIMIT } from './limits.ts';

const disk = object({
  name: text(TEXT_LIMIT.name),
  /** Bytes. */
  total: count(0),
  /** Bytes that ordinary users may still write. */
  available: count(0),
  /** Of the drive, degrees Celsius. */
  temperature: measure(),
  is_partition: flag,
});
/** A file system in `get_metrics` and `get_disks`. Numbers are undefined where they are not known. */
export type OriginalDisk = ValueOf<typeof disk>;

const network = object({
  name: text(TEXT_LIMIT.name),
  /** Bytes since it appeared. */
  received: count(0),
  transmitted: count(0),
});
/** An interface. */
export type OriginalNetwork = ValueOf<typeof network>;

const process = object({
  pid: count(0),
  name: text(TEXT_LIMIT.name),
  /** Share of the whole machine, 0 to 100. */
  cpu_usage: measure(0),
  mem_bytes: count(0),
});
/** A process in a list. */
export type OriginalProcess = ValueOf<typeof process>;

const gpu = object(
  {
    name: optionalText(TEXT_LIMIT.name),
    vendor: optionalText(TEXT_LIMIT.name),
    /** 0 to 100. */
    utilization_gpu_pct: measure(),
    mem_used_bytes: count(),
    mem_total_bytes: count(),
    /** Degrees Celsius. */
    temp_c: measure(),
  },
  {
    utilization_gpu_pct: ['gpu_util_pct', 'gpu_utilization'],
    mem_used_bytes: ['vram_used_bytes'],
    mem_total_bytes: ['vram_total_bytes'],
    temp_c: ['temperature_c'],
  },
);
export type OriginalGpu = ValueOf<typeof gpu>;

/** `get_disks`. */
export const originalDisks = list(disk);
const processes = list(process, ROWS_LIMIT.processes);

/** The fields of `get_metrics` that change with each of its samples. */
const fastFields = {
  /** Wall clock of the agent, milliseconds since 1970; agents before 1.60 do not say. */
  sampled_at_ms: count(),
  /** 0 to 100, of all cores together, and of each. */
  cpu_total: measure(0),
  cpu_per_core: list(measure(0), ROWS_LIMIT.cores),
  mem_total: count(0),
  mem_used: count(0),
  swap_total: count(0),
  swap_used: count(0),
  hostname: text(TEXT_LIMIT.name),
  cpu_temp_c: measure(),
  networks: list(network),
  gpus: optional(list(gpu)),
  /** Undefined: the original agent does not say it here. */
  process_count: count(),
};

const { networks, gpus, process_count, ...machineFields } = fastFields;

/** `get_metrics`. */
export const originalMetrics = object({
  ...machineFields,
  disks: originalDisks,
  networks,
  top_processes: processes,
  gpus,
  process_count,
});
/** The reply to `get_metrics`, by the names that it has on the wire. */
export type OriginalMetrics = ValueOf<typeof originalMetrics>;

/** What `get_metrics` says of its own sample. */
export type OriginalFastMetrics = ValueOf<typeof originalFastMetrics>;
const originalFastMetrics = object(fastFields);

/** `get_metrics` as JSON, with lists that were written before: they are most of it, and seldom change. */
export function originalMetricsJson(
  metrics: OriginalFastMetrics,
  disksJson: string,
  topJson: string,
): string {
  const fast = JSON.stringify(originalFastMetrics.write(metrics));
  return `${fast.slice(0, -1)},"disks":${disksJson},"top_processes":${topJson}}`;
}

/** A list of file systems as JSON. */
export function originalDisksJson(list: readonly OriginalDisk[]): string {
  return JSON.stringify(originalDisks.write(list));
}

export function originalProcessesJson(list: readonly OriginalProcess[]): string {
  return JSON.stringify(processes.write(list));
}

/** What agents before 1.40 answer to `get_processes`: JSON, 50 rows. Read, never written. */
export const originalProcessList = object({ process_count: count(0), top_processes: processes });

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
