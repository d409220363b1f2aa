import { countValue, rateValue } from './cell-values.ts';
import type { MachineProcessRows } from './machine-process-rows.ts';
import { exported, falls, inJson, type RowFields, rises, risesByText } from './row-fields.ts';

/** What exports read a process of a machine from: rates of storage are not smoothed. */
export interface MachineProcessExport {
  readonly rows: MachineProcessRows;
  readonly readOf: (row: number) => number;
  readonly writtenOf: (row: number) => number;
}

/** The columns of a machine's processes. */
export const MACHINE_PROCESS_FIELDS = {
  pid: {
    help: 'process ID',
    ...exported('pid', 'pid'),
    order: rises(3, (rows, row) => rows.pid[row]!),
    value: ({ rows }, row) => rows.pid[row]!,
  },
  name: {
    help: 'name',
    ...exported('process', 'name'),
    order: risesByText(4, (rows) => rows.listedTexts(rows.names)),
    value: ({ rows }, row) => rows.names[row]!,
  },
  user: {
    help: 'name of the user, or its number',
    ...exported('user', 'user'),
    order: risesByText(5, (rows) => rows.listedTexts(rows.users)),
    value: ({ rows }, row) => rows.users[row]!,
  },
  state: {
    help: 'state, one letter as in ps(1)',
    ...exported('state', 'state'),
    csvAt: 7,
    value: ({ rows }, row) => (rows.state[row] === 0 ? null : String.fromCharCode(rows.state[row]!)),
  },
  threads: {
    help: 'threads',
    ...exported('threads', 'threads'),
    csvAt: 6,
    order: falls(6, (rows, row) => rows.threads[row]!),
    value: ({ rows }, row) => countValue(rows.threads[row]!),
  },
  cpu: {
    help: 'share of the whole machine, percent',
    ...exported('cpu_percent', 'cpu_percent'),
    order: falls(1, (rows, row) => rows.corePercent[row]!),
    value: ({ rows }, row) => rateValue(rows.machinePercent[row]!),
  },
  time: {
    help: 'CPU time since its start, seconds',
    ...inJson('cpu_seconds'),
    order: falls(7, (rows, row) => rows.cpuNanos[row]!),
    value: ({ rows }, row) => rateValue(rows.cpuNanos[row]! / 1e9),
  },
  memory: {
    help: 'resident memory, bytes',
    ...exported('mem_bytes', 'mem_bytes'),
    order: falls(2, (rows, row) => rows.residentBytes[row]!),
    value: ({ rows }, row) => countValue(rows.residentBytes[row]!),
  },
  'memory-percent': {
    help: 'share of the memory, percent',
    ...exported('mem_percent', 'mem_percent'),
    value: ({ rows }, row) => rateValue(rows.memoryPercent[row]!),
  },
  read: {
    help: 'bytes a second read from storage',
    ...exported('read_bytes_per_s', 'read_rate'),
    order: falls(8, (rows, row) => rows.read[row]!),
    value: ({ readOf }, row) => rateValue(readOf(row)),
  },
  written: {
    help: 'bytes a second written to storage',
    ...exported('write_bytes_per_s', 'write_rate'),
    order: falls(9, (rows, row) => rows.written[row]!),
    value: ({ writtenOf }, row) => rateValue(writtenOf(row)),
  },
  network: {
    help: 'bytes a second over the network, both directions together',
    order: falls(10, (rows, row) => rows.network[row]!),
  },
} satisfies RowFields<MachineProcessRows, MachineProcessExport>;
