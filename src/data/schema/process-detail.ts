import { PRESSURE } from './cpu-sample.ts';
import {
  amount,
  count,
  flag,
  internal,
  list,
  optional,
  record,
  seldom,
  text,
  type ValueOf,
} from './record.ts';
import type { Section } from './section-facts.ts';

const UNKNOWN = Number.NaN;
/** The letter of a state that is not known: a question mark. */
const UNKNOWN_STATE = 0x3f;

const THREAD = record({
  tid: count('', 0),
  /** Task name, neither sanitised nor shortened. */
  name: text(),
  /** One ASCII letter as in /proc/PID/stat. */
  state: count('', UNKNOWN_STATE),
  userTicks: count('ticks', UNKNOWN),
  systemTicks: count('ticks', UNKNOWN),
  startTicks: count('ticks', 0),
});
export type ThreadSample = ValueOf<typeof THREAD>;
/** By tid; at most 4096, `threadCount` of the process says how many there are. */
export const THREADS = list(THREAD);

/** What the table of processes does not say of a child; what is missing for want of permission is undefined. */
export const CHILD_FACTS = record({
  pid: count('', 0),
  commandLine: optional(text('line')),
  virtualBytes: count('bytes'),
  effectiveGid: count(),
});
export type ChildFacts = ValueOf<typeof CHILD_FACTS>;

/**
 * What the tasks of a control group wait for, and its limits (Documentation/admin-guide/cgroup-v2.rst); undefined: the
 * kernel, or the hierarchy of version 1, does not tell.
 */
export const GROUP_WAITS = record({
  cpuPressure: optional(PRESSURE),
  memoryPressure: optional(PRESSURE),
  ioPressure: optional(PRESSURE),
  /** Periods in which the group ran, and those in which it was stopped because its share of CPU time was used up. */
  periods: count(),
  throttledPeriods: count(),
  /** Of all processors together, as is the CPU time that the group has used. */
  throttledMicros: count('microseconds'),
  usedMicros: seldom(count('microseconds')),
  /** How often memory was taken back above `high`, and refused at `max`; processes that were killed for lack of it. */
  memoryHighs: count(),
  memoryMaxes: count(),
  memoryKills: count(),
  /** How often nothing could be taken back at `max`, so that somebody was to be killed. */
  memoryOoms: seldom(count()),
});
export type GroupWaits = ValueOf<typeof GROUP_WAITS>;

/** One process in depth; what is missing for want of permission is undefined. Texts are not sanitised. */
export const PROCESS_FACTS = record({
  pid: count('', 0),
  ppid: count('', 0),
  name: text(),
  /** One ASCII letter as in /proc/PID/stat. */
  state: count('', UNKNOWN_STATE),
  /** Since boot: with the pid the process's identity. */
  startTicks: count('ticks', 0),
  userTicks: count('ticks', UNKNOWN),
  systemTicks: count('ticks', UNKNOWN),
  /** All threads, from the process's CPU clock where it can be asked, else from the ticks. */
  cpuNanos: count('nanoseconds', UNKNOWN),
  threadCount: count('', UNKNOWN),
  /** -20 (goes first) to 19. */
  nice: amount(),
  effectiveUid: count(),
  effectiveGid: count(),
  /** Of another machine; undefined: ask this one. */
  userName: seldom(text()),
  /** Wall time of its start, if the source has that instead of start ticks; else undefined. */
  startWallMillis: internal(
    'stands for start ticks where the original protocol tells none',
    count('milliseconds'),
  ),
  residentBytes: count('bytes', UNKNOWN),
  sharedBytes: count('bytes'),
  virtualBytes: count('bytes'),
  swappedBytes: count('bytes'),
  commandLine: optional(text('line')),
  executablePath: optional(text('line')),
  workingDirectory: optional(text('line')),
  cgroup: optional(text('line')),
  /** Of that control group. */
  groupWaits: seldom(GROUP_WAITS),
  descriptorCount: count(),
  readBytes: count('bytes'),
  writtenBytes: count('bytes'),
  voluntarySwitches: count(),
  involuntarySwitches: count(),
});
export type ProcessDetail = ValueOf<typeof PROCESS_FACTS>;

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
