import type { JournalEntry, JournalSection } from '../../../src/data/schema/process-detail.ts';
import { OpError } from '../../../src/kit/errors/op-error.ts';
import { type ChildProgram, outputOf } from '../../child-output.ts';
import { startChild } from '../child-program.ts';

export interface JournalOptions {
  /** Candidates for the program, absolute: never looked for in PATH. */
  readonly programs?: readonly string[];
  /** Starts the program; `startChild` unless a test has its own. */
  readonly start?: typeof startChild;
  /** Default 2 s. */
  readonly deadlineMillis?: number;
}

interface JournalQuery {
  readonly pid: number;
  /** UUID as /proc writes it; empty: of any boot. */
  readonly bootId: string;
  /** Entries before that are of an earlier process with this pid. */
  readonly sinceWallMicros: number;
}

type JournalReading = Pick<JournalSection, 'entries' | 'isTruncated' | 'notice'>;

const PROGRAMS = ['/usr', '', '/run/current-system/sw'].map((prefix) => `${prefix}/bin/journalctl`);
const DEADLINE_MILLIS = 2000;
const ENTRIES_LIMIT = 100;
const OUTPUT_LIMIT_BYTES = 1 << 20;
const NOTICE_LIMIT = 500;
const FIELDS = 'MESSAGE,PRIORITY,_SYSTEMD_UNIT,_SYSTEMD_USER_UNIT,SYSLOG_IDENTIFIER,_PID,_COMM,_UID,_GID';

/**
 * The last entries of one process, oldest first. journalctl runs beside and is killed at the deadline. Rejects with
 * OpError: `ENOENT` journalctl is not installed, `DEADLINE`, `EXIT` with what it said.
 */
export async function readJournal(
  query: JournalQuery,
  options: JournalOptions = {},
): Promise<JournalReading> {
  const said = await outputOf(startJournalctl(options, argumentsFor(query)), {
    deadlineMillis: options.deadlineMillis ?? DEADLINE_MILLIS,
    limit: OUTPUT_LIMIT_BYTES,
    complaintLimit: NOTICE_LIMIT * 4,
  });
  if (said.exitCode === undefined)
    throw new OpError({ op: 'journal', code: 'DEADLINE', message: 'journalctl timed out' });
  return readingOf(query, said);
}

function startJournalctl(options: JournalOptions, args: readonly string[]): ChildProgram {
  const { programs = PROGRAMS, start = startChild } = options;
  try {
    return start(programs, args, { SYSTEMD_COLORS: '0', SYSTEMD_PAGER: 'cat' });
  } catch (cause) {
    if (!(cause instanceof OpError) || cause.code !== 'ENOENT') throw cause;
    throw new OpError({ op: 'journal', code: 'ENOENT', message: 'journalctl is not installed', cause });
  }
}

function argumentsFor({ pid, bootId }: JournalQuery): string[] {
  const matches = [`_PID=${pid}`, ...(bootId === '' ? [] : [`_BOOT_ID=${bootId.replaceAll('-', '')}`])];
  // One more than is kept tells whether there are more; the newest first, so that a cut takes the oldest. Not quiet:
  // journalctl is to say that entries are hidden.
  const order = [`--lines=${ENTRIES_LIMIT + 1}`, '--reverse'];
  return ['--output=json', `--output-fields=${FIELDS}`, '--no-pager', '--all', ...order, ...matches];
}

function readingOf(query: JournalQuery, said: Awaited<ReturnType<typeof outputOf>>): JournalReading {
  const { text, isCut, exitCode } = said;
  const notice = noticeOf(said.complaint);
  if (exitCode !== 0 && !isCut && text === '') {
    const message = notice ?? `journalctl exited with ${exitCode}`;
    throw new OpError({ op: 'journal', code: 'EXIT', message });
  }
  const lines = text.split('\n');
  // The last line of a cut output is a part of one; of a whole output it is empty.
  const all = lines.slice(0, -1).flatMap((line) => parseJournalLine(line) ?? []);
  const { pid, sinceWallMicros } = query;
  const own = all.filter((entry) => entry.pid === pid && entry.realtimeMicros >= sinceWallMicros);
  return {
    entries: own.slice(0, ENTRIES_LIMIT).reverse(),
    isTruncated: isCut || own.length > ENTRIES_LIMIT,
    notice,
  };
}

/** What journalctl says beside its output, on one line; `-- No entries --` says nothing new. */
function noticeOf(complaint: string): string | undefined {
  const words = complaint.replaceAll(/\s+/g, ' ').trim();
  return words === '' || /^-- No entries --$/.test(words) ? undefined : words.slice(0, NOTICE_LIMIT);
}

/** Longest message kept, in UTF-16 units. */
const MESSAGE_LIMIT = 8192;
const FIELD_LIMIT = 256;
const decoder = new TextDecoder();

/**
 * A line of `journalctl -o json` (systemd's JOURNAL_EXPORT_FORMATS); undefined where it is no entry. A field is a
 * string; an array of numbers where its bytes are no text; an array of those where it was given several times; null
 * where it was too long for journalctl.
 */
function parseJournalLine(line: string): JournalEntry | undefined {
  const fields = parseObject(line);
  if (fields === undefined) return undefined;
  const realtimeMicros = numberOf(fields['__REALTIME_TIMESTAMP']);
  if (realtimeMicros === undefined) return undefined;
  const priority = numberOf(fields['PRIORITY']);
  return {
    realtimeMicros,
    priority: priority !== undefined && priority <= 7 ? priority : undefined,
    message: textOf(fields['MESSAGE'])?.slice(0, MESSAGE_LIMIT) ?? '',
    unit: shortText(fields['_SYSTEMD_UNIT'] ?? fields['_SYSTEMD_USER_UNIT']),
    identifier: shortText(fields['SYSLOG_IDENTIFIER']),
    pid: numberOf(fields['_PID']),
    comm: shortText(fields['_COMM']),
    uid: numberOf(fields['_UID']),
    gid: numberOf(fields['_GID']),
  };
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return undefined;
  const isBytes = value.every((each) => Number.isInteger(each) && each >= 0 && each <= 255);
  return isBytes ? decoder.decode(new Uint8Array(value)) : textOf(value[0]);
}

function shortText(value: unknown): string | undefined {
  return textOf(value)?.slice(0, FIELD_LIMIT);
}

function numberOf(value: unknown): number | undefined {
  const text = textOf(value);
  if (text === undefined || !/^\d{1,16}$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : undefined;
}
