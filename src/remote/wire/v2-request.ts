import { readObject } from '../../data/codec/json-values.ts';
import { TABLE_FORMATS } from '../../data/codec/table-format.ts';
import { wireError } from '../../data/codec/wire-error.ts';
import { isPeriodName, TOTALS_PERIODS, type TotalsPeriod } from '../../data/sample/totals-kind.ts';
import { USAGE_COLUMNS, type UsageColumn } from '../../data/schema/process-columns.ts';
import { parseJsonWithin } from '../../kit/bytes/json-bytes.ts';
import { type OpError, toOpError } from '../../kit/errors/op-error.ts';
import { MAX_AGE_LIMIT_MILLIS, PIDS_LIMIT, REQUEST_LIMIT_BYTES } from './limits.ts';

/** The WebSocket subprotocol by which both ends agree on the messages here. */
export const V2_SUBPROTOCOL = 'socktop.v2';

export const V2_REQUESTS = [
  'get_capabilities',
  'get_metrics',
  'get_disks',
  'get_control_groups',
  'get_processes',
  'get_process_metrics',
  'get_journal_entries',
  'get_network',
  'get_history',
  'get_totals',
  'get_alerts',
] as const;
export type V2RequestName = (typeof V2_REQUESTS)[number];

/** A request, as a JSON text frame. */
export interface V2Request {
  /** 1 to 2^32 - 1, chosen by the client; the reply carries it. */
  readonly id: number;
  readonly request: V2RequestName;
  /** How old the sample may be that answers it; undefined: as the agent sees fit. */
  readonly maxAgeMillis: number | undefined;
  /** For one process. */
  readonly pid: number | undefined;
  /** `get_processes`: rows whose exact memory and `columns` are wanted. */
  readonly visiblePids: readonly number[];
  /** `get_processes`: the columns of usage that are wanted of these rows. */
  readonly columns: readonly UsageColumn[];
  /** `get_processes`: those that are wanted of all rows. */
  readonly columnsOfAll: readonly UsageColumn[];
  /** `get_processes`: the control groups of all rows are wanted. */
  readonly cgroups: boolean;
  /** `get_processes`: every row, whatever was sent before. */
  readonly isFull: boolean;
  /** `get_history`: a part of the history; undefined: which parts there are. */
  readonly segment: number | undefined;
  /** `get_history`: where in the part, in bytes. */
  readonly from: number | undefined;
  /** `get_history`: so many bytes of it; undefined: the heads of its members. */
  readonly length: number | undefined;
  /** `get_totals`: of which kind of period. */
  readonly period: TotalsPeriod | undefined;
  /** `get_totals`: those before this period; undefined: from the newest on. */
  readonly before: string | undefined;
}

/** Columns of usage by their names in `ProcessColumns`. */
const COLUMN_OF: ReadonlyMap<unknown, UsageColumn> = new Map(
  TABLE_FORMATS.processes.numbers.flatMap(({ column, field }) => {
    const found = USAGE_COLUMNS.find((name) => name === column);
    return found === undefined ? [] : [[field.name, found] as const];
  }),
);
const WIRE_NAME = Object.fromEntries([...COLUMN_OF].map(([name, column]) => [column, name])) as Readonly<
  Record<UsageColumn, string>
>;
/** More than there will ever be. */
const COLUMNS_LIMIT = 64;

/** Nests no deeper than an object with a list. */
const DEPTH_LIMIT = 4;
const LARGEST_WORD = 0xffff_ffff;

/** A text that is no request, and the id it came with: 0 where it has none. */
interface V2Refusal {
  readonly id: number;
  readonly error: OpError;
}

/** Reads a request; `error` is `TOO_LARGE`, `BAD_JSON` or `BAD_REQUEST`. Never throws. */
export function readV2Request(text: string): V2Request | V2Refusal {
  let id = 0;
  try {
    const fields = readObject(parseJsonWithin(text, REQUEST_LIMIT_BYTES, DEPTH_LIMIT), 'request');
    id = wordOf(fields['id']) ?? 0;
    return requestOf(id, fields);
  } catch (thrown) {
    return { id, error: toOpError('request', thrown) };
  }
}

function requestOf(id: number, fields: Readonly<Record<string, unknown>>): V2Request {
  if (id === 0) throw bad('id is missing or invalid');
  const request = V2_REQUESTS.find((name) => name === fields['request']);
  if (request === undefined) throw bad('unknown request');
  const needsPid = request === 'get_process_metrics' || request === 'get_journal_entries';
  const pid = needsPid ? wordOf(fields['pid']) : undefined;
  if (needsPid && pid === undefined) throw bad('pid is missing or invalid');
  return {
    id,
    request,
    maxAgeMillis: maxAgeOf(fields['max_age_ms']),
    pid,
    visiblePids: pidsOf(fields['visible_pids']),
    columns: columnsOf(fields['columns'], 'columns'),
    columnsOfAll: columnsOf(fields['columns_of_all'], 'columns_of_all'),
    cgroups: fields['cgroups'] === true,
    isFull: fields['full'] === true,
    ...placeOf(request, fields),
    ...periodOf(request, fields),
  };
}

/** A request with what it asks for; what is left out is not asked for. */
export type AskedV2Request = Pick<V2Request, 'id' | 'request'> & Partial<V2Request>;

/** Encodes a request as a text frame. */
export function printV2Request({ id, request, pid, visiblePids = [], ...asked }: AskedV2Request): string {
  const { segment, from, length, period, before } = asked;
  return JSON.stringify({
    ...{ id, request, max_age_ms: asked.maxAgeMillis, pid },
    visible_pids: visiblePids.length > 0 ? visiblePids.slice(0, PIDS_LIMIT) : undefined,
    columns: namesOf(asked.columns),
    columns_of_all: namesOf(asked.columnsOfAll),
    cgroups: asked.cgroups === true ? true : undefined,
    full: asked.isFull === true ? true : undefined,
    ...{ segment, from, length, period, before },
  });
}

function placeOf(
  request: V2RequestName,
  fields: Readonly<Record<string, unknown>>,
): Pick<V2Request, 'segment' | 'from' | 'length'> {
  const isHistory = request === 'get_history';
  const place = (name: string): number | undefined => {
    const value = fields[name];
    if (!isHistory || value === undefined || value === null) return undefined;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
      throw bad(`${name} is not a position`);
    return value;
  };
  return { segment: place('segment'), from: place('from'), length: place('length') };
}

function periodOf(
  request: V2RequestName,
  fields: Readonly<Record<string, unknown>>,
): Pick<V2Request, 'period' | 'before'> {
  if (request !== 'get_totals') return { period: undefined, before: undefined };
  const period = TOTALS_PERIODS.find((each) => each === fields['period']);
  if (period === undefined) throw bad('period must be hour, day or month');
  const before = fields['before'] ?? undefined;
  if (before === undefined) return { period, before };
  if (!isPeriodName(period, before)) throw bad(`before does not name a ${period}`);
  return { period, before };
}

function maxAgeOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !(value >= 0)) throw bad('max_age_ms is not a time');
  return Math.min(value, MAX_AGE_LIMIT_MILLIS);
}

function pidsOf(value: unknown): readonly number[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > PIDS_LIMIT)
    throw bad('visible_pids is not a list, or too long');
  return value.map((entry: unknown) => {
    const pid = wordOf(entry);
    if (pid === undefined) throw bad('visible_pids contains an invalid PID');
    return pid;
  });
}

/** A column that this agent does not know is passed over: a newer client may want it. */
function columnsOf(value: unknown, name: string): readonly UsageColumn[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > COLUMNS_LIMIT) throw bad(`${name} is not a short list`);
  return value.flatMap((entry: unknown) => COLUMN_OF.get(entry) ?? []);
}

function namesOf(columns: readonly UsageColumn[] = []): readonly string[] | undefined {
  return columns.length > 0 ? columns.map((column) => WIRE_NAME[column]) : undefined;
}

function wordOf(value: unknown): number | undefined {
  const isWord = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= LARGEST_WORD;
  return isWord ? value : undefined;
}

function bad(what: string): OpError {
  return wireError('request', 'BAD_REQUEST', what);
}
