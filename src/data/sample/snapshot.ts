import { toOpError } from '../../kit/errors/op-error.ts';
import type { AlertsSection } from '../schema/alerts-section.ts';
import type { ControlGroupsSection } from '../schema/control-groups-section.ts';
import type { DisksSection } from '../schema/disks-section.ts';
import type { UsageColumn } from '../schema/process-columns.ts';
import type { JournalSection } from '../schema/process-detail.ts';
import type { SectionError, SnapshotHeader } from '../schema/section-facts.ts';
import type { MachineProcesses } from './machine-processes.ts';
import type { MachineSection } from './machine-section.ts';
import type { NetworkSection } from './network-section.ts';
import type { ProcessDetailSection } from './process-detail-section.ts';

/** A failure as a section carries it: what was thrown, or `op` where that does not say what failed. */
export function sectionError(op: string, thrown: unknown): SectionError {
  const error = toOpError(op, thrown);
  return { op: error.op, code: error.code, message: error.message };
}

/** Cumulative counters of one machine. Borrowed: valid until the source's next sample. */
export interface Snapshot {
  readonly header: SnapshotHeader;
  readonly network?: NetworkSection;
  readonly machine?: MachineSection;
  readonly disks?: DisksSection;
  readonly controlGroups?: ControlGroupsSection;
  readonly machineProcesses?: MachineProcesses;
  readonly processDetail?: ProcessDetailSection;
  readonly journal?: JournalSection;
  /** Of an agent that watches its machine by rules of its own. */
  readonly alerts?: AlertsSection;
  /** Why a section that was asked for is missing, and what failed between two samples. */
  readonly errors: readonly SectionError[];
}

/** What is wanted of all processes. */
export interface ProcessesWant {
  readonly visiblePids: readonly number[];
  /** Columns of `ProcessUsage` that are read for the visible ones; without: none. */
  readonly columns?: readonly UsageColumn[] | undefined;
  /** Those that are read for all processes: the one they are ordered by. */
  readonly columnsOfAll?: readonly UsageColumn[] | undefined;
  /** Command lines of all, not of the visible ones alone: each is read once, and again when it may be another. */
  readonly allCommandLines?: boolean;
  /** The control group of each process: for sums by container or unit. */
  readonly cgroups?: boolean;
  /** How old texts of living processes may be, for a history, which shows them to nobody now. Default some seconds. */
  readonly textMaxAgeMillis?: number | undefined;
}

/** Sections to collect. */
export interface Want {
  readonly network?: boolean;
  readonly machine?: boolean;
  readonly disks?: boolean;
  /** With `disks`: how old the space of file systems may be, for it is asked of a process beside. Default 0. */
  readonly diskSpaceMaxAgeMillis?: number;
  /** What control groups wait for; costs some ten reads for each of them. */
  readonly controlGroups?: boolean;
  /** All processes; what costs a read of its own (exact memory, columns of usage) only where it is wanted. */
  readonly machineProcesses?: ProcessesWant;
  /** The pid of one process in depth. */
  readonly processDetail?: number;
  /** The pid whose journal is asked for. */
  readonly journal?: number;
  /** The rules that an agent watches by: others have none. */
  readonly alerts?: boolean;
}

/** What a history says of one of its samples without being read; NaN unknown. */
export interface Figures {
  readonly cpuPercent: number;
  readonly memoryPercent: number;
  /** Share of the time in which tasks waited for the resource that they waited for most. */
  readonly pressurePercent: number;
  /** Both directions of all uplinks. */
  readonly networkBytesPerSecond: number;
}

export interface HistoryMoment extends Figures {
  /** In the recording that the history is. */
  readonly positionMillis: number;
  readonly wallMillis: number;
}
