import { WireWriter } from '../../data/codec/protobuf.ts';
import { TEXT_LIMIT } from '../../data/schema/column.ts';
import { cutText } from '../../kit/text/sanitize.ts';
import { errorReply } from './error-reply.ts';
import { ROWS_LIMIT } from './limits.ts';
import {
  originalDisks,
  originalJournal,
  originalMetrics,
  originalProcessMetrics,
} from './original-metrics.ts';
import type { OriginalProcesses } from './original-processes.ts';
import { type Frame, type OriginalReply, originalFrame, protobufFrame } from './original-protocol.ts';
import { writeProcess } from './processes.generated.ts';

/** A reply as the frame that the original client understands. */
export function encodeOriginalReply(reply: OriginalReply): Frame {
  switch (reply.reply) {
    case 'get_metrics':
      return originalFrame(originalMetrics, reply.metrics);
    case 'get_disks':
      return originalFrame(originalDisks, reply.disks);
    case 'get_processes':
      return protobufFrame(encodeOriginalProcesses(reply.processes));
    case 'get_process_metrics':
      return originalFrame(originalProcessMetrics, reply.process);
    case 'get_journal_entries':
      return originalFrame(originalJournal, reply.journal);
    default:
      return originalFrame(errorReply, reply.error);
  }
}

/** `Processes` as protobuf: what is not known is 0, and rows beyond the limit of readers are left out. */
export function encodeOriginalProcesses({ process_count, rows }: OriginalProcesses): Uint8Array<ArrayBuffer> {
  const writer = new WireWriter();
  const countOf = (value: number | undefined, most = 2 ** 64 - 2048): number =>
    value !== undefined && value >= 0 ? Math.min(Math.floor(value), most) : 0;
  writer.writeVarintField(1, countOf(process_count));
  for (const { pid, name, cpu_usage, mem_bytes } of [...rows].slice(0, ROWS_LIMIT.processes)) {
    const row = {
      pid: countOf(pid, 0xffff_ffff),
      name: cutText(name, TEXT_LIMIT.name),
      cpu_usage: cpu_usage !== undefined && Number.isFinite(cpu_usage) ? cpu_usage : 0,
      mem_bytes: countOf(mem_bytes),
    };
    writer.writeMessage(2, writeProcess, row);
  }
  return new Uint8Array(writer.finish());
}
