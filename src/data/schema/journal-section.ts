import { count, flag, list, optional, record, text, type ValueOf } from './record.ts';
import type { Section } from './section-facts.ts';

/** An entry of the systemd journal. Texts come from programs and are not sanitised. */
const JOURNAL_ENTRY = record({
  /** Since 1970, by the wall clock of the machine. */
  realtimeMicros: count('microseconds', Number.NaN),
  /** 0 (emergency) to 7 (debug), as syslog has them. */
  priority: count(),
  message: text('message'),
  unit: optional(text()),
  identifier: optional(text()),
  pid: count(),
  comm: optional(text()),
  uid: count(),
  gid: count(),
});
export type JournalEntry = ValueOf<typeof JOURNAL_ENTRY>;

/** The last entries of one process, oldest first. */
export const JOURNAL = record({
  pid: count('', 0),
  entries: list(JOURNAL_ENTRY),
  /** There are more, or some were too long. */
  isTruncated: flag(),
  /** What journalctl says of this answer: that entries of other users are hidden, above all. */
  notice: optional(text('line')),
});
export type JournalSection = Section & ValueOf<typeof JOURNAL>;
