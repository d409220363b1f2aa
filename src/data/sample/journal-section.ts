import type { Section } from './snapshot.ts';

/** An entry of the systemd journal. Texts come from programs and are not sanitised. */
export interface JournalEntry {
  /** Since 1970, by the wall clock of the machine. */
  readonly realtimeMicros: number;
  /** 0 (emergency) to 7 (debug), as syslog has them. */
  readonly priority: number | undefined;
  readonly message: string;
  readonly unit: string | undefined;
  readonly identifier: string | undefined;
  readonly pid: number | undefined;
  readonly comm: string | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/** The last entries of one process, oldest first. */
export interface JournalSection extends Section {
  readonly pid: number;
  readonly entries: readonly JournalEntry[];
  /** There are more, or some were too long. */
  readonly isTruncated: boolean;
  /** What journalctl says of this answer: that entries of other users are hidden, above all. */
  readonly notice: string | undefined;
}
