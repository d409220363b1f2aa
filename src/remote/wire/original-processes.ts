import { PbfReader } from 'pbf';
import { checkProtobuf } from '../../data/codec/protobuf-shape.ts';
import { cleanText, cutText } from '../../data/codec/wire-text.ts';
import { WireWriter } from '../../data/codec/wire-writer.ts';
import { ROWS_LIMIT, TEXT_LIMIT } from './limits.ts';
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
export function originalProcessOfRow({ list, cpuPercent }: ProcessChanges, slot: number): Process {
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
