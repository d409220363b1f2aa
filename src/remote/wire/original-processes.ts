import { PbfReader } from 'pbf';
import { checkProtobuf, WireWriter } from '../../data/codec/protobuf.ts';
import { TEXT_LIMIT } from '../../data/schema/column.ts';
import { columnsClass, numbers } from '../../kit/table/columns.ts';
import { lengthened } from '../../kit/table/slot-table.ts';
import { cleanText, cutText } from '../../kit/text/sanitize.ts';
import { ROWS_LIMIT } from './limits.ts';
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

/** `Processes` as protobuf, checked and cleaned. OpError `BAD_PROTOBUF`, `TOO_MANY_ROWS`. */
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

/** What is written again and again: pbf takes an object for a message. */
const scratch = { pid: 0, name: '', cpu_usage: 0, mem_bytes: 0 };

/**
 * A row of a sample's processes as the message has it; the same object again and again. What is not known is 0: the
 * message has nothing else, and NaN would break the order that the original client sorts by.
 */
function originalProcessOfRow({ list, cpuPercent }: ProcessChanges, slot: number): Process {
  const { pid, names, rssBytes } = list.processes;
  scratch.pid = countOr0(pid[slot], LARGEST_PID);
  scratch.name = cutText(names[slot]!, TEXT_LIMIT.name);
  scratch.cpu_usage = Number.isFinite(cpuPercent[slot]) ? cpuPercent[slot]! : 0;
  scratch.mem_bytes = countOr0(rssBytes[slot], LARGEST_COUNT);
  return scratch;
}

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

/** Writes the original's `Processes`. Bytes of rows that are as they were are copied: most processes sleep. */
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
