import type { DisksSection } from '../schema/disks-section.ts';
import type { JournalSection } from '../schema/journal-section.ts';
import type { MachineProcesses } from './machine-processes.ts';
import type { MachineSection } from './machine-section.ts';
import type { NetworkSample, Tier } from './network-sample.ts';
import type { ProcessDetailSection } from './process-detail-section.ts';
import type { Slice } from './slice.ts';
import type { ProcessesWant } from './snapshot.ts';

/** Who a machine is. Its name and, with its wall clock, the time of its boot may change while the program runs. */
export interface HostFacts {
  readonly hostName: string;
  readonly bootId: string;
  readonly bootWallMillis: number;
  readonly clockTicksPerSecond: number;
  readonly pageSizeBytes: number;
}

/** Which tier can run here, or which privilege it lacks and what that costs. */
export interface TierReport {
  readonly tier: Tier;
  readonly isAvailable: boolean;
  /** One line for people: why not, or what limits it. */
  readonly detail: string;
}

/** Sockets with their owners, processes and interfaces of this machine. */
export interface NetworkCollector {
  readonly tier: Tier;
  /** Never overlaps itself; the sample is borrowed until the next call. Rejects only if nothing could be read. */
  collect(slice: Slice): Promise<NetworkSample>;
  /** Reads closing messages that wait in the kernel. Cheap; for intervals longer than the kernel's buffers last. */
  drainClosings(): void;
  /** How long, at the rate of closings seen lately, the kernel's buffers last; Infinity when there are none. */
  drainWithinMillis(): number;
  commandLine(pid: number): string | undefined;
  cgroup(pid: number): string | undefined;
  close(): void;
}

/** Sends a signal to a process of this machine, after comparing its identity. */
export type SignalOutcome = 'sent' | 'gone' | 'not-permitted' | 'identity-changed';

export interface Signaller {
  send(pid: number, startTicks: number, signal: number): SignalOutcome;
}

export interface NetworkOptions {
  /** `auto` takes the best that works; a named tier that cannot run throws an OpError that says why. */
  readonly tier: Tier | 'auto';
}

export interface MachineOptions {
  /** Default true. */
  readonly gpus?: boolean;
  /** Default true; of drives too. */
  readonly temperatures?: boolean;
}

/**
 * Processors, memory, disks, sensors, GPUs and processes of this machine. Nothing is opened before it is asked for.
 * Each section is borrowed until the next call for the same one. A call never overlaps another for the same section.
 */
export interface MachineCollector {
  /** Never throws: each part carries its own error. */
  collectMachine(): MachineSection;
  /** Rejects with OpError only where the mounts cannot be read at all. */
  collectDisks(): Promise<DisksSection>;
  /** Rejects with OpError only where the processes cannot be listed at all. */
  collectProcesses(want: ProcessesWant, slice: Slice): Promise<MachineProcesses>;
  /** Rejects with OpError: `ESRCH` where there is no such process. */
  collectProcess(pid: number, slice: Slice): Promise<ProcessDetailSection>;
  /** Of this boot, beside all else; rejects with OpError: `ENOENT` no journalctl, `DEADLINE` after 2 s, `EXIT`. */
  collectJournal(pid: number): Promise<JournalSection>;
  close(): void;
}

/** How an operating system is asked. */
export interface Platform {
  /** As it is now. */
  readonly host: HostFacts;
  /** CLOCK_MONOTONIC. */
  monotonicMicros(): number;
  openNetwork(options: NetworkOptions): NetworkCollector;
  /** Missing where the platform cannot tell these. */
  openMachine?(options: MachineOptions): MachineCollector;
  tierReports(): readonly TierReport[];
  userName(uid: number): string;
  readonly signaller: Signaller;
}
