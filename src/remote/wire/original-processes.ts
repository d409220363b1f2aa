import { PbfReader } from 'pbf';
import { checkProtobuf, WireWriter } from '../../data/codec/protobuf.ts';
import { cleanText, cutText } from '../../data/codec/wire-text.ts';
import { TEXT_LIMIT } from '../../data/schema/column.ts';
import { columnsClass, numbers } from '../../kit/table/columns.ts';
import { lengthened } from '../../kit/table/slot-table.ts';
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
import { CHILD_DEPTH_LIMIT, ROWS_LIMIT } from './limits.ts';
import type { OriginalProcess } from './original-metrics.ts';
import type { ProcessChanges } from './process-changes.ts';
import { PROCESSES_SHAPE, type Process, readProcesses, writeProcess } from './processes.generated.ts';

/** The reply to `get_processes`, by the names that it has on the wire. */
export interface OriginalProcesses {
  /** Of the whole machine. */
  readonly process_count: number | undefined;
  readonly rows: Iterable<OriginalProcess>;
}

const LIMITS = { rows: ROWS_LIMIT.processes };
const LARGEST_PID = 0xffff_ffff;
/** Largest double below 2^64. */
const LARGEST_COUNT = 2 ** 64 - 2048;
const FIRST_BUFFER_BYTES = 1 << 14;

/** What is written again and again: pbf takes an object for a message. */
const scratch = { pid: 0, name: '', cpu_usage: 0, mem_bytes: 0 };

/**
 * `Processes` as protobuf. What is not known is 0: the message has nothing else, and NaN would break the order that
 * the original client sorts by. Rows beyond the limit of readers are left out.
 */
export function encodeOriginalProcesses(processes: OriginalProcesses): Uint8Array<ArrayBuffer> {
  const writer = new WireWriter(new Uint8Array(FIRST_BUFFER_BYTES));
  writer.writeVarintField(1, countOr0(processes.process_count, LARGEST_COUNT));
  let rows = 0;
  for (const row of processes.rows) {
    if (rows++ === ROWS_LIMIT.processes) break;
    setScratch(row.pid, row.name, row.cpu_usage, row.mem_bytes);
    writer.writeMessage(2, writeProcess, scratch);
  }
  return new Uint8Array(writer.finish());
}

/** A row of a sample's processes as the message has it; the same object again and again. */
function originalProcessOfRow({ list, cpuPercent }: ProcessChanges, slot: number): Process {
  const { pid, names, rssBytes } = list.processes;
  setScratch(pid[slot], names[slot]!, cpuPercent[slot], rssBytes[slot]);
  return scratch;
}

function setScratch(
  pid: number | undefined,
  name: string,
  cpuUsage: number | undefined,
  memBytes: number | undefined,
): void {
  scratch.pid = countOr0(pid, LARGEST_PID);
  scratch.name = cutText(name, TEXT_LIMIT.name);
  scratch.cpu_usage = cpuUsage !== undefined && Number.isFinite(cpuUsage) ? cpuUsage : 0;
  scratch.mem_bytes = countOr0(memBytes, LARGEST_COUNT);
}

/** The same, checked and cleaned. OpError `BAD_PROTOBUF`, `TOO_MANY_ROWS`. */
export function decodeOriginalProcesses(
  bytes: Uint8Array,
): OriginalProcesses & { readonly rows: readonly OriginalProcess[] } {
  checkProtobuf(bytes, PROCESSES_SHAPE, LIMITS);
  const { process_count, rows } = readProcesses(new PbfReader(bytes));
  for (const row of rows) {
    row.name = cleanText(row.name, TEXT_LIMIT.name);
    if (!(row.cpu_usage >= 0 && row.cpu_usage <= LARGEST_SHARE)) row.cpu_usage = 0;
    if (row.pid > LARGEST_PID) row.pid = 0;
  }
  return { process_count, rows };
}

/** A share of a machine in percent; of one core, which old agents report, at most as many times that as cores. */
const LARGEST_SHARE = 100 * ROWS_LIMIT.cores;

function countOr0(value: number | undefined, most: number): number {
  return value !== undefined && value >= 0 ? Math.min(Math.floor(value), most) : 0;
}

const PROCESS_COUNT_FIELD = 1;
const ROWS_FIELD = 2;
const ROW_BUFFER_BYTES = 1 << 11;

/** By the slots of the processes. */
class WrittenRows extends columnsClass({
  /** Where its bytes stand in the last message, and the sample that they are of; 0: they do not. */
  start: numbers('u32'),
  end: numbers('u32'),
  writtenAt: numbers('f64'),
}) {}

/**
 * Writes the original's `Processes` from the processes of a sample. A row that is as it was stands in the message before:
 * its bytes are copied, since most processes sleep.
 */
export class OriginalProcessEncoder {
  readonly #changes: ProcessChanges;
  /** One row, or the head. */
  readonly #row = new WireWriter(new Uint8Array(ROW_BUFFER_BYTES));
  #bytes = new Uint8Array(FIRST_BUFFER_BYTES);
  #before = new Uint8Array(FIRST_BUFFER_BYTES);
  #length = 0;
  readonly #written = new WrittenRows();

  constructor(changes: ProcessChanges) {
    this.#changes = changes;
  }

  /** The message; a copy, which stays as it is. */
  encode(processCount: number): Uint8Array<ArrayBuffer> {
    const { list, changedAt, shareChangedAt, sequence } = this.#changes;
    const { slots } = list.processes;
    this.#written.reserve(slots.capacity);
    [this.#bytes, this.#before] = [this.#before, this.#bytes];
    this.#length = 0;
    this.#row.pos = 0;
    this.#row.writeVarintField(PROCESS_COUNT_FIELD, processCount);
    this.#append(this.#row.buf, 0, this.#row.pos);
    const { rows, count } = slots;
    for (let i = 0; i < count; i++) {
      const slot = rows[i]!;
      const start = this.#length;
      const otherSince = Math.max(changedAt[slot]!, shareChangedAt[slot]!);
      const isWritten = this.#written.writtenAt[slot]! > 0 && this.#written.writtenAt[slot]! >= otherSince;
      if (isWritten) this.#append(this.#before, this.#written.start[slot]!, this.#written.end[slot]!);
      else this.#write(slot);
      this.#written.start[slot] = start;
      this.#written.end[slot] = this.#length;
      this.#written.writtenAt[slot] = sequence;
    }
    return this.#bytes.slice(0, this.#length);
  }

  #write(slot: number): void {
    this.#row.pos = 0;
    this.#row.writeMessage(ROWS_FIELD, writeProcess, originalProcessOfRow(this.#changes, slot));
    this.#append(this.#row.buf, 0, this.#row.pos);
  }

  #append(from: Uint8Array, start: number, end: number): void {
    const length = this.#length + end - start;
    if (length > this.#bytes.length) {
      this.#bytes = lengthened(this.#bytes, new Uint8Array(length * 2));
    }
    this.#bytes.set(from.subarray(start, end), this.#length);
    this.#length = length;
  }
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
