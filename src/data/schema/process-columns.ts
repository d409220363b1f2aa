import { numbers, OPTIONAL_TEXT, TEXT } from '../../kit/table/columns.ts';
import { type DeclaredTable, internal, TEXT_LIMIT, told } from './column.ts';

const OF_COLLECTING = 'tells a collector which processes to read again';

export const PROCESS_COLUMNS = {
  pid: told(2, numbers('i32')),
  ppid: internal(numbers('i32'), 'no list of processes shows the parent; one process in depth has it'),
  /** /proc/PID/stat field 22: clock ticks since boot. */
  startTicks: told(3, numbers('f64'), { unit: 'clock ticks', absent: 0 }),
  /** Effective user. */
  uid: internal(numbers('i32', -1), 'the user name is sent instead'),
  /** One ASCII letter as in /proc/PID/stat (`R`, `S`, `D`, `Z`, ...). */
  state: told(4, numbers('u8'), { most: 0x7f }),
  threads: told(5, numbers('i32', -1), { least: -1 }),
  /** CPU time of all threads, from the process's CPU clock. */
  cpuNanos: told(6, numbers('f64', Number.NaN), { unit: 'nanoseconds' }),
  rssBytes: told(7, numbers('f64', Number.NaN), { unit: 'bytes', name: 'residentBytes' }),
  /** The collector's generation in which the process was last seen to have used CPU. */
  lastRanGeneration: internal(numbers('u32'), OF_COLLECTING),
  /** Task name (`comm`), decoded, neither sanitised nor shortened. */
  names: told(10, TEXT),
};

export const PROCESS_USAGE_COLUMNS = {
  /** Bytes fetched from and sent to storage (/proc/PID/io), cumulative. */
  readBytes: told(8, numbers('f64', Number.NaN), { unit: 'bytes' }),
  writtenBytes: told(9, numbers('f64', Number.NaN), { unit: 'bytes' }),
};

export const PROCESS_TEXT_COLUMNS = {
  /** User name, or the number as text. */
  users: told(11, OPTIONAL_TEXT),
  commandLines: told(12, OPTIONAL_TEXT, { most: TEXT_LIMIT.line }),
};

/** All processes of a machine. Linux has at most 2^22 pids; no encoded process list has more rows. */
export const PROCESSES: DeclaredTable = {
  name: 'processRows',
  message: 'ProcessColumns',
  limit: 1 << 18,
  key: ['pid'],
  identity: 'startTicks',
  parts: { processes: PROCESS_COLUMNS, usage: PROCESS_USAGE_COLUMNS, texts: PROCESS_TEXT_COLUMNS },
};
