import { numbers, OPTIONAL_TEXT, TEXT } from '../../kit/table/columns.ts';
import { type DeclaredTable, internal, TEXT_LIMIT, told, UNKNOWN_USER } from './column.ts';

const OF_COLLECTING = 'tells a collector which processes to read again';

export const PROCESS_COLUMNS = {
  pid: told(2, numbers('i32')),
  ppid: internal(numbers('i32'), 'no list of processes shows the parent; one process in depth has it'),
  /** /proc/PID/stat field 22: clock ticks since boot. */
  startTicks: told(3, numbers('f64'), { unit: 'clock ticks', absent: 0 }),
  /** Effective user. */
  uid: internal(numbers('i32', UNKNOWN_USER), 'the user name is sent instead'),
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

/** What costs a file of /proc for each process: it is read only where it is wanted. */
export const PROCESS_USAGE_COLUMNS = {
  /** Bytes fetched from and sent to storage (/proc/PID/io), cumulative. */
  readBytes: told(8, numbers('f64', Number.NaN), { unit: 'bytes' }),
  writtenBytes: told(9, numbers('f64', Number.NaN), { unit: 'bytes' }),
  /** Voluntary and involuntary, of its threads, by /proc of the first one (/proc/PID/status), cumulative. */
  contextSwitches: told(13, numbers('f64', Number.NaN)),
  /** Time that its threads were ready and waited for a processor, cumulative; in /proc/PID/schedstat the first one. */
  runDelayNanos: told(16, numbers('f64', Number.NaN), { unit: 'nanoseconds' }),
  /**
   * How long its threads, by /proc the first one (/proc/PID/stat field 42), waited for block devices, cumulative; NaN
   * where the kernel does not count it (kernel.task_delayacct).
   */
  blockDelayNanos: told(17, numbers('f64', Number.NaN), { unit: 'nanoseconds' }),
  /** Page faults that had to read from storage (/proc/PID/stat field 12), of all threads, cumulative. */
  majorFaults: told(18, numbers('f64', Number.NaN)),
  /** System calls that read and wrote, files, pipes and sockets alike (/proc/PID/io), cumulative. */
  ioCalls: told(19, numbers('f64', Number.NaN)),
  /**
   * How long its threads waited for memory: swapped in, took back, read again what had been thrown out (struct taskstats),
   * cumulative; NaN as for blockDelayNanos, and where /proc alone is asked.
   */
  memoryDelayNanos: told(20, numbers('f64', Number.NaN), { unit: 'nanoseconds' }),
};

export type UsageColumn = keyof typeof PROCESS_USAGE_COLUMNS;
export const USAGE_COLUMNS = Object.keys(PROCESS_USAGE_COLUMNS) as readonly UsageColumn[];

/** How a usage column grows per second, as a field of the process table and of its exports. */
interface UsageRate {
  readonly counter: UsageColumn;
  /** So much of the counter is one of the rate; undefined: 1. */
  readonly per?: number;
  readonly help: string;
  readonly csv: string;
  readonly json: string;
}

const NANOS_PER_MILLI = 1e6;

/** By the id of the field, in the order of the sort keys and of exports. */
export const PROCESS_USAGE_RATES = {
  read: {
    ...{ counter: 'readBytes', help: 'bytes per second read from storage' },
    ...{ csv: 'read_bytes_per_s', json: 'read_rate' },
  },
  written: {
    ...{ counter: 'writtenBytes', help: 'bytes per second written to storage' },
    ...{ csv: 'write_bytes_per_s', json: 'write_rate' },
  },
  'context-switches': {
    ...{ counter: 'contextSwitches', help: 'context switches per second' },
    ...{ csv: 'context_switches_per_s', json: 'context_switch_rate' },
  },
  'run-delay': {
    ...{ counter: 'runDelayNanos', per: NANOS_PER_MILLI },
    help: 'time waiting for a processor (exported: ms/s)',
    ...{ csv: 'run_delay_ms_per_s', json: 'run_delay_rate' },
  },
  'block-delay': {
    ...{ counter: 'blockDelayNanos', per: NANOS_PER_MILLI },
    help: 'time waiting for disks (exported: ms/s)',
    ...{ csv: 'block_delay_ms_per_s', json: 'block_delay_rate' },
  },
  'major-faults': {
    ...{ counter: 'majorFaults', help: 'page faults per second that read from storage' },
    ...{ csv: 'major_faults_per_s', json: 'major_fault_rate' },
  },
  'io-calls': {
    ...{ counter: 'ioCalls', help: 'system calls per second that read or wrote' },
    ...{ csv: 'io_calls_per_s', json: 'io_call_rate' },
  },
  'memory-delay': {
    ...{ counter: 'memoryDelayNanos', per: NANOS_PER_MILLI },
    help: 'time waiting for memory (exported: ms/s)',
    ...{ csv: 'memory_delay_ms_per_s', json: 'memory_delay_rate' },
  },
} as const satisfies Readonly<Record<string, UsageRate>>;

export type UsageRateId = keyof typeof PROCESS_USAGE_RATES;
export const USAGE_RATE_IDS = Object.keys(PROCESS_USAGE_RATES) as readonly UsageRateId[];

/** One value for each rate. */
export function usageRates<T>(make: (id: UsageRateId) => T): Readonly<Record<UsageRateId, T>> {
  return Object.fromEntries(USAGE_RATE_IDS.map((id) => [id, make(id)])) as Record<UsageRateId, T>;
}

/** So much of the counter is one of the rate. */
export function usageScale(id: UsageRateId): number {
  const rate: UsageRate = PROCESS_USAGE_RATES[id];
  return rate.per ?? 1;
}

/** The counter that a field of the process table needs; undefined: the field costs no extra read. */
export function usageColumnOf(field: string): UsageColumn | undefined {
  const rates: Readonly<Record<string, UsageRate>> = PROCESS_USAGE_RATES;
  return Object.hasOwn(rates, field) ? rates[field]?.counter : undefined;
}

export const PROCESS_TEXT_COLUMNS = {
  /** User name, or the number as text. */
  users: told(11, OPTIONAL_TEXT),
  commandLines: told(12, OPTIONAL_TEXT, { most: TEXT_LIMIT.line }),
  /** Control group path, as of owners; undefined: unknown, or not asked for. */
  cgroups: told(14, OPTIONAL_TEXT, { most: TEXT_LIMIT.line }),
  /** Name of its container, as of owners. */
  containers: told(15, OPTIONAL_TEXT),
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
