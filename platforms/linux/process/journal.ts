import type { JournalEntry } from '../../../src/data/schema/journal-section.ts';
import { OpError } from '../../../src/kit/errors/op-error.ts';
import { BoundedOutput } from '../bounded-output.ts';
import { type ChildProgram, startChild } from '../child-program.ts';
import { parseJournalLine } from './journal-entry.ts';

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

interface JournalReading {
  readonly entries: readonly JournalEntry[];
  readonly isTruncated: boolean;
  readonly notice: string | undefined;
}

const PROGRAMS: readonly string[] = [
  '/usr/bin/journalctl',
  '/bin/journalctl',
  '/run/current-system/sw/bin/journalctl',
];
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
  const child = startJournalctl(options, argumentsFor(query));
  const output = new BoundedOutput(child.stdout, OUTPUT_LIMIT_BYTES);
  const complaint = new BoundedOutput(child.stderr, NOTICE_LIMIT * 4);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
    output.stop();
    complaint.stop();
  }, options.deadlineMillis ?? DEADLINE_MILLIS);
  try {
    await output.read();
    // Whoever wrote too much is not waited for; the pipe is closed, which ends whatever it has started, too.
    if (output.isCut) {
      child.kill('SIGKILL');
      complaint.stop();
    }
    await complaint.read();
    const exitCode = await child.exited;
    if (isLate) throw new OpError({ op: 'journal', code: 'DEADLINE', message: 'journalctl took too long' });
    return readingOf(query, output, complaint.text, exitCode);
  } finally {
    clearTimeout(timer);
    output.stop();
    complaint.stop();
    child.kill('SIGKILL');
  }
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

function readingOf(
  query: JournalQuery,
  output: BoundedOutput,
  complaint: string,
  exitCode: number,
): JournalReading {
  const notice = noticeOf(complaint);
  if (exitCode !== 0 && !output.isCut && output.text === '') {
    const message = notice ?? `journalctl ended with ${exitCode}`;
    throw new OpError({ op: 'journal', code: 'EXIT', message });
  }
  const lines = output.text.split('\n');
  // The last line of a cut output is a part of one; of a whole output it is empty.
  const all = lines.slice(0, -1).flatMap((line) => parseJournalLine(line) ?? []);
  const own = all.filter(
    ({ pid, realtimeMicros }) => pid === query.pid && realtimeMicros >= query.sinceWallMicros,
  );
  return {
    entries: own.slice(0, ENTRIES_LIMIT).reverse(),
    isTruncated: output.isCut || own.length > ENTRIES_LIMIT,
    notice,
  };
}

/** What journalctl says beside its output, on one line; `-- No entries --` says nothing new. */
function noticeOf(complaint: string): string | undefined {
  const words = complaint.replaceAll(/\s+/g, ' ').trim();
  return words === '' || /^-- No entries --$/.test(words) ? undefined : words.slice(0, NOTICE_LIMIT);
}
