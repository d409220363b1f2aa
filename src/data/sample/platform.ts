import type { ControlGroupsSection } from '../schema/control-groups-section.ts';
import type { DisksSection } from '../schema/disks-section.ts';
import type { JournalSection } from '../schema/process-detail.ts';
import type { MachineProcesses } from './machine-processes.ts';
import type { MachineSection } from './machine-section.ts';
import type { NetworkSample, Tier } from './network-sample.ts';
import type { ProcessDetailSection } from './process-detail-section.ts';
import type { Slice } from './slice.ts';
import type { ProcessesWant } from './snapshot.ts';

/** A machine. Its name may change while the program runs; so may the boot time, with the wall clock. */
export interface HostFacts {
  readonly hostName: string;
  readonly bootId: string;
  readonly bootWallMillis: number;
  readonly clockTicksPerSecond: number;
  readonly pageSizeBytes: number;
}

/** Whether a tier works here, and its limits or what is missing. */
export interface TierReport {
  readonly tier: Tier;
  readonly isAvailable: boolean;
  /** One line for people: the reason, or the limits. */
  readonly detail: string;
}

/** Collects sockets with their owners, processes and interfaces of this machine. */
export interface NetworkCollector {
  readonly tier: Tier;
  /** Calls must not overlap; a sample is valid until the next one. Rejects only if nothing could be read. */
  collect(slice: Slice): Promise<NetworkSample>;
  /** Reads what the kernel has queued (closings, copies of packets): cheap, and due before its buffers are full. */
  drainClosings(): void;
  /** How long the kernel's buffers last at the recent rate, milliseconds; Infinity: nothing comes (`onQueued`). */
  drainWithinMillis(): number;
  commandLine(pid: number): string | undefined;
  cgroup(pid: number): string | undefined;
  /** Name of the container of a control group's path; undefined: none, unknown, or not looked up yet. Never waits. */
  containerName?(cgroup: string): string | undefined;
  /**
   * Name of a process's network namespace: its container's, the one below /run/netns, `net:[INODE]`, or `netns` where it
   * is known only that it is another one (`isForeign`); undefined: that of this program, or unknown. Never waits.
   */
  networkNamespace?(pid: number, cgroup: string | undefined, isForeign: boolean): string | undefined;
  close(): void;
}

/** Only lists at first which processes have sockets, and counts nothing. */
export interface ListingCollector extends NetworkCollector {
  /** The next collections count, by the tier asked for; nothing is forgotten. OpError where none works: try again. */
  beginCounting(options: NetworkOptions): void;
}

/** Result of sending a signal to a process, after comparing its identity. */
export type SignalOutcome = 'sent' | 'gone' | 'not-permitted' | 'identity-changed';

export interface Signaller {
  /** `signal`: the number that this system has for it. A promise where another program is asked who it is. */
  send(pid: number, startTicks: number, signal: number): SignalOutcome | Promise<SignalOutcome>;
}

export interface NetworkOptions {
  /** `auto`: the best tier that works. A named tier that does not work throws an OpError with the reason. */
  readonly tier: Tier | 'auto';
  /** Whether names of remote hosts are learned from packets. Default false. */
  readonly sniff?: boolean;
  /**
   * Whether the first collection only lists who has sockets, where the platform has `openListing`, and the second begins
   * to count, in another epoch: for a screen, whose first names then wait for no program of the kernel. Default false.
   */
  readonly listsFirst?: boolean;
  /**
   * Called when the kernel has queued something although `drainWithinMillis` was Infinity: `drainClosings` is due. Without
   * it, `drainWithinMillis` is never Infinity where more than closings are read.
   */
  readonly onQueued?: () => void;
}

export interface MachineOptions {
  /** Default true. */
  readonly gpus?: boolean;
  /** Default true; includes temperatures of drives. */
  readonly temperatures?: boolean;
  /**
   * Whether programs may be loaded into the kernel that list all processes: worth it for who lists them again and again.
   * `later`: after the first lists, which come sooner without. Default false.
   */
  readonly mayLoadPrograms?: boolean | 'later';
}

/** Collects a machine. Opens sources at their first use. A section is valid until the next call for it; no overlap. */
export interface MachineCollector {
  /** Never throws or rejects: each part carries its own error. */
  collectMachine(): MachineSection | Promise<MachineSection>;
  /** Rejects with OpError only if the mounts cannot be read. */
  collectDisks(spaceMaxAgeMillis?: number): Promise<DisksSection>;
  /** Missing if the platform has none. Rejects with OpError `ENOENT` if no hierarchy of them is mounted. */
  collectControlGroups?(slice: Slice): Promise<ControlGroupsSection>;
  /** Rejects with OpError only if the processes cannot be listed. */
  collectProcesses(want: ProcessesWant, slice: Slice): Promise<MachineProcesses>;
  /** Rejects with OpError; `ESRCH`: no such process. */
  collectProcess(pid: number, slice: Slice): Promise<ProcessDetailSection>;
  /** Journal of this boot, by a child process. OpError `ENOENT` no journalctl, `DEADLINE` after 2 s, `EXIT`. */
  collectJournal(pid: number): Promise<JournalSection>;
  close(): void;
}

/** Parts of a platform whose code is loaded only by the programs that need them. */
export type PlatformPart = 'network' | 'machine' | 'tiers';

/** Watches whether tasks of the machine wait for its resources, without polling. */
export interface PressureWatch {
  /** Why it does not, one line for people; undefined: it does. */
  readonly obstacle: string | undefined;
  close(): void;
}

/** Access to an operating system. */
export interface Platform {
  /** Current facts. */
  readonly host: HostFacts;
  /** CLOCK_MONOTONIC. */
  monotonicMicros(): number;
  /** To be awaited before a part is opened, or tiers are asked for; missing: there is nothing to load. */
  load?(part: PlatformPart): Promise<void>;
  openNetwork(options: NetworkOptions): NetworkCollector;
  /** Opens at once what counts nothing yet, for the tier that shall; undefined or missing where there is none. */
  openListing?(tier: Tier | 'auto'): ListingCollector | undefined;
  /** Missing if the platform does not support it. */
  openMachine?(options: MachineOptions): MachineCollector;
  /** Missing if the platform does not support it. `onTrouble` is called at most once a minute. */
  watchPressure?(onTrouble: () => void): PressureWatch;
  tierReports(): readonly TierReport[];
  userName(uid: number): string;
  readonly signaller: Signaller;
}

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The ways in which operating systems differ for a program with a screen and files. No part of it opens anything. */
export interface System {
  /** As people call it in a message: `linux`, `macos`, `windows`. */
  readonly name: string;
  /** Tiers that collect the network here, best first; none: this system cannot be watched. */
  readonly tiers: readonly Tier[];
  /** What `--version` adds where nobody has tried the programs on the system itself; undefined: somebody has. */
  readonly untried: string | undefined;
  /** The device of the terminal that a process belongs to; undefined: the console behind standard output. */
  readonly terminalPath: string | undefined;
  /** Whether a shell can stop a program and bring it back (SIGTSTP, SIGCONT). */
  readonly hasJobControl: boolean;
  /** Where the system keeps what it knows of names. */
  readonly nameFiles: NameFiles;
  /** What the terminal is, in the variables that POSIX programs go by: TERM, COLORTERM and the locale. */
  terminalEnvironment(environment: Environment): Environment;
  /** Folder of the configuration, the profiles and the certificates of sstop and socktop. */
  configFolder(environment: Environment): string;
  /** Folder of what the programs remember from one start to the next. */
  stateFolder(environment: Environment): string;
}

/** Paths, some of which need not exist. */
export interface NameFiles {
  /** hosts(5). */
  readonly hostsPath: string;
  /** services(5). */
  readonly servicesPath: string;
  /** Where databases of countries are put (MaxMind DB); the first that is there counts. */
  readonly countryFolders: readonly string[];
}

/** A finding: good, lacking, or only to be known. */
export type Mark = 'good' | 'lacking' | 'note';

/** One finding under a section's title. */
export interface DoctorEntry {
  /** What it is about, a word or two. */
  readonly label: string;
  readonly mark: Mark;
  /** Whole sentences. */
  readonly text: string;
  /** To be copied into a shell, so never broken into lines. */
  readonly commands?: readonly string[];
}

export interface DoctorSection {
  readonly title: string;
  readonly entries: readonly DoctorEntry[];
}
