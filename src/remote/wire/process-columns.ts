import type { ToldProcesses } from '../../data/sample/process-list.ts';
import { TEXT_LIMIT } from './limits.ts';
import { PROCESS_COLUMNS_SHAPE } from './socktop-v2.generated.ts';
import { WireColumns } from './wire-table.ts';

const LARGEST_INT = 0x7fff_ffff;

/** The columns that are sent and recorded of processes, as they are now, their key among them. */
export function processColumns({ processes, usage, texts }: ToldProcesses): WireColumns {
  return new WireColumns(PROCESS_COLUMNS_SHAPE)
    .number('pid', processes.pid)
    .number('start_ticks', processes.startTicks, 0)
    .number('state', processes.state, 0, 0x7f)
    .number('threads', processes.threads, -1, LARGEST_INT)
    .number('cpu_nanos', processes.cpuNanos)
    .number('resident_bytes', processes.rssBytes)
    .number('read_bytes', usage.readBytes)
    .number('written_bytes', usage.writtenBytes)
    .text('name', processes.names, false, TEXT_LIMIT.name)
    .text('user', texts.users, true, TEXT_LIMIT.name)
    .text('command_line', texts.commandLines, true, TEXT_LIMIT.line);
}
