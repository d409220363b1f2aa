import type { Section, SnapshotHeader } from '../../data/sample/snapshot.ts';
import { count, exact, flag, type JsonCodec, list, optionalText, record, text } from './json-codec.ts';
import { TEXT_LIMIT } from './limits.ts';
import { sectionFacts, signed, snapshotHeader } from './section-json.ts';

/** A thread; times in clock ticks. */
export interface ThreadMessage {
  readonly tid: number | undefined;
  readonly name: string;
  /** One ASCII letter as in /proc/PID/stat. */
  readonly state: number | undefined;
  readonly userTicks: number | undefined;
  readonly systemTicks: number | undefined;
  readonly startTicks: number | undefined;
}

/** A child of the process. */
interface ChildMessage {
  readonly pid: number | undefined;
  readonly startTicks: number | undefined;
  readonly name: string;
  readonly state: number | undefined;
  /** -1 unknown. */
  readonly uid: number;
  readonly threads: number | undefined;
  readonly cpuNanos: number | undefined;
  readonly rssBytes: number | undefined;
}

/** One process; undefined where it is not known. */
export interface ProcessFactsMessage {
  readonly pid: number | undefined;
  readonly ppid: number | undefined;
  readonly name: string;
  readonly state: number | undefined;
  readonly startTicks: number | undefined;
  readonly userTicks: number | undefined;
  readonly systemTicks: number | undefined;
  readonly cpuNanos: number | undefined;
  readonly threadCount: number | undefined;
  readonly nice: number | undefined;
  readonly effectiveUid: number | undefined;
  readonly effectiveGid: number | undefined;
  readonly userName: string | undefined;
  readonly residentBytes: number | undefined;
  readonly sharedBytes: number | undefined;
  readonly virtualBytes: number | undefined;
  readonly swappedBytes: number | undefined;
  readonly commandLine: string | undefined;
  readonly executablePath: string | undefined;
  readonly workingDirectory: string | undefined;
  readonly cgroup: string | undefined;
  readonly descriptorCount: number | undefined;
  readonly readBytes: number | undefined;
  readonly writtenBytes: number | undefined;
  readonly voluntarySwitches: number | undefined;
  readonly involuntarySwitches: number | undefined;
}

/** The reply to `get_process_metrics` on `socktop.v2`. */
export interface ProcessMessage {
  readonly header: SnapshotHeader;
  readonly section: Section;
  readonly process: ProcessFactsMessage;
  readonly threads: readonly ThreadMessage[];
  readonly children: readonly ChildMessage[];
}

/** An entry of a journal. */
interface JournalEntryMessage {
  /** Since 1970. */
  readonly realtimeMicros: number | undefined;
  /** 0 (emergency) to 7 (debug). */
  readonly priority: number | undefined;
  readonly message: string;
  readonly unit: string | undefined;
  readonly identifier: string | undefined;
  readonly pid: number | undefined;
  readonly comm: string | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/** The reply to `get_journal_entries` on `socktop.v2`, oldest entry first. */
export interface JournalMessage {
  readonly header: SnapshotHeader;
  readonly section: Section;
  readonly pid: number | undefined;
  readonly entries: readonly JournalEntryMessage[];
  readonly isTruncated: boolean;
  readonly notice: string | undefined;
}

const name = text(TEXT_LIMIT.name);
const optionalName = optionalText(TEXT_LIMIT.name);
const optionalLine = optionalText(TEXT_LIMIT.line);
const counter = count();

const thread: JsonCodec<ThreadMessage> = record<ThreadMessage>({
  ...{ tid: counter, name, state: counter, userTicks: counter, systemTicks: counter, startTicks: counter },
});

const child: JsonCodec<ChildMessage> = record<ChildMessage>({
  ...{ pid: counter, startTicks: counter, name, state: counter, uid: signed(-1), threads: counter },
  ...{ cpuNanos: counter, rssBytes: counter },
});

const facts: JsonCodec<ProcessFactsMessage> = record<ProcessFactsMessage>({
  ...{ pid: counter, ppid: counter, name, state: counter, startTicks: counter },
  ...{ userTicks: counter, systemTicks: counter, cpuNanos: counter, threadCount: counter, nice: exact },
  ...{ effectiveUid: counter, effectiveGid: counter, userName: optionalName },
  ...{ residentBytes: counter, sharedBytes: counter, virtualBytes: counter, swappedBytes: counter },
  ...{ commandLine: optionalLine, executablePath: optionalLine, workingDirectory: optionalLine },
  ...{ cgroup: optionalLine, descriptorCount: counter, readBytes: counter, writtenBytes: counter },
  ...{ voluntarySwitches: counter, involuntarySwitches: counter },
});

const entry: JsonCodec<JournalEntryMessage> = record<JournalEntryMessage>({
  ...{ realtimeMicros: counter, priority: counter, message: text(TEXT_LIMIT.message), unit: optionalName },
  ...{ identifier: optionalName, pid: counter, comm: optionalName, uid: counter, gid: counter },
});

/** `get_process_metrics` of `socktop.v2`. */
export const processMessage: JsonCodec<ProcessMessage> = record<ProcessMessage>({
  header: snapshotHeader,
  section: sectionFacts,
  process: facts,
  threads: list(thread),
  children: list(child),
});

/** `get_journal_entries` of `socktop.v2`. */
export const journalMessage: JsonCodec<JournalMessage> = record<JournalMessage>({
  header: snapshotHeader,
  section: sectionFacts,
  pid: counter,
  entries: list(entry),
  isTruncated: flag,
  notice: optionalLine,
});
