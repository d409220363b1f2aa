import type { ProcessTable } from './process-table.ts';
import type { Section } from './snapshot.ts';

/** A thread of a process. Times in clock ticks. */
export interface ThreadSample {
  readonly tid: number;
  /** Task name, neither sanitised nor shortened. */
  readonly name: string;
  /** One ASCII letter as in /proc/PID/stat. */
  readonly state: number;
  readonly userTicks: number;
  readonly systemTicks: number;
  readonly startTicks: number;
}

/** One process in depth; what is missing for want of permission is undefined. Texts are not sanitised. */
export interface ProcessDetail {
  readonly pid: number;
  readonly ppid: number;
  readonly name: string;
  /** One ASCII letter as in /proc/PID/stat. */
  readonly state: number;
  /** Clock ticks since boot: with the pid the process's identity. */
  readonly startTicks: number;
  readonly userTicks: number;
  readonly systemTicks: number;
  /** All threads, from the process's CPU clock where it can be asked, else from the ticks. */
  readonly cpuNanos: number;
  readonly threadCount: number;
  /** -20 (goes first) to 19. */
  readonly nice: number | undefined;
  readonly effectiveUid: number | undefined;
  readonly effectiveGid: number | undefined;
  /** Of another machine; undefined: ask this one. */
  readonly userName?: string | undefined;
  /** Wall time of its start where the source tells that and no start ticks; else undefined. */
  readonly startWallMillis?: number | undefined;
  readonly residentBytes: number;
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

/** A process, its threads and its children. */
export interface ProcessDetailSection extends Section {
  readonly process: ProcessDetail;
  /** By tid; at most 4096, `process.threadCount` says how many there are. */
  readonly threads: readonly ThreadSample[];
  /** Slots of its children in `processes`, by pid. */
  readonly children: Int32Array;
  readonly processes: ProcessTable;
}
