import { PROCESSES } from '../../data/schema/process-columns.ts';
import { LIST_LIMIT } from '../../data/schema/record.ts';

/** A payload of more bytes is sent compressed (the original's number). */
export const GZIP_ABOVE_BYTES = 768;

/** The longest request, in bytes; an agent refuses more. */
export const REQUEST_LIMIT_BYTES = 4096;

/** The longest reply as it arrives, compressed or not: what a client sets as its largest frame. */
export const FRAME_LIMIT_BYTES = 64 << 20;

/** How large the reply to each request may be when inflated. */
export const PAYLOAD_LIMIT_BYTES = {
  error: 64 << 10,
  get_capabilities: 256 << 10,
  get_metrics: 4 << 20,
  get_disks: 4 << 20,
  get_control_groups: 4 << 20,
  get_process_metrics: 8 << 20,
  get_journal_entries: 8 << 20,
  get_processes: 32 << 20,
  get_network: 64 << 20,
  get_history: 1 << 20,
  get_totals: 1 << 20,
  get_alerts: 1 << 20,
} as const;

/** JSON nests no deeper: the deepest of the messages is a process's children, see CHILD_DEPTH_LIMIT. */
export const JSON_DEPTH_LIMIT = 32;

/** Rows of one list; beyond them a reply is refused. Those of tables stand in their declarations. */
export const ROWS_LIMIT = {
  processes: PROCESSES.limit,
  /** Distinct texts of one reply. */
  texts: 1 << 19,
  errors: 64,
  /** CPU cores; the kernel can be built for 8192. */
  cores: 8192,
  /** Entries of any other JSON list. */
  list: LIST_LIMIT,
} as const;

/** Children of children of a process are read and written to this depth. */
export const CHILD_DEPTH_LIMIT = 4;

/** Removed processes that an agent remembers; a client further behind gets every row. */
export const REMOVALS_LIMIT = 8192;

/** The largest `max_age_ms` of a request; more is taken as this. */
export const MAX_AGE_LIMIT_MILLIS = 3_600_000;

/** Pids that one request may name. */
export const PIDS_LIMIT = 256;
