import type { MachineProcesses } from '../../../src/data/sample/machine-processes.ts';
import type { MachineSection } from '../../../src/data/sample/machine-section.ts';
import type { MachineCollector, MachineOptions } from '../../../src/data/sample/platform.ts';
import type { ProcessDetailSection } from '../../../src/data/sample/process-detail-section.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import type { ProcessesWant } from '../../../src/data/sample/snapshot.ts';
import type { ControlGroupsSection } from '../../../src/data/schema/control-groups-section.ts';
import type { DisksSection } from '../../../src/data/schema/disks-section.ts';
import type { JournalSection } from '../../../src/data/schema/process-detail.ts';
import { sectionFacts } from '../../../src/data/schema/section-facts.ts';
import { monotonicMicros } from '../clock.ts';
import { Host } from '../host.ts';
import type { LinkSource } from '../link.ts';
import type { JournalOptions } from '../process/journal.ts';
import type { ContainerNames } from '../processes/container-names.ts';
import type { ControlGroupCollector } from './control-group-collector.ts';
import type { DiskCollector, SpaceSource } from './disks.ts';
import type { MachineParts } from './machine-parts.ts';
import { ProcessSections } from './process-sections.ts';

/** What every collector of a machine is given. */
export interface CollectorOptions {
  readonly procRoot: string;
  readonly sysRoot: string;
  /** Monotonic microseconds. */
  readonly clock?: () => number;
}

/** Roots are `/proc` and `/sys` by default. */
export interface LinuxMachineOptions extends MachineOptions, Partial<CollectorOptions> {
  /** Default what `procRoot` says. */
  readonly host?: Host;
  readonly links?: LinkSource;
  /** Candidates for libnvidia-ml.so.1; default where drivers put it. */
  readonly nvmlPaths?: readonly string[];
  readonly journal?: JournalOptions;
  /** Who asks file systems; default a process beside. */
  readonly space?: SpaceSource;
  /** Names of containers; undefined: they have none. */
  readonly containers?: ContainerNames;
  /** Default this machine's. */
  readonly pageSizeBytes?: number;
}

/** The options, with the roots that are asked. */
export type MachineRoots = LinuxMachineOptions & CollectorOptions;

/** A process's entries may carry a time a little before its start: two clocks, one of them cut to ticks. */
const START_SLACK_MICROS = 1e6;

/**
 * This machine, section by section. Each collector is opened when it is first asked, and its code loaded then: the names
 * of processes come before all others.
 */
export class LinuxMachine implements MachineCollector {
  readonly #options: MachineRoots;
  #parts: MachineParts | undefined;
  #disks: DiskCollector | undefined;
  #controlGroups: ControlGroupCollector | undefined;
  #processes: Promise<ProcessSections> | undefined;
  #host: Host | undefined;
  #journalSequence = 0;

  constructor(options: LinuxMachineOptions = {}) {
    this.#options = { procRoot: '/proc', sysRoot: '/sys', ...options };
    this.#host = options.host;
  }

  async collectMachine(): Promise<MachineSection> {
    if (this.#parts === undefined) {
      const { MachineParts } = await import('./machine-parts.ts');
      this.#parts ??= new MachineParts(this.#options);
    }
    return this.#parts.collect();
  }

  async collectDisks(spaceMaxAgeMillis = 0): Promise<DisksSection> {
    if (this.#disks === undefined) {
      const { DiskCollector } = await import('./disks.ts');
      this.#disks ??= new DiskCollector(this.#options);
    }
    return this.#disks.collect(spaceMaxAgeMillis);
  }

  async collectControlGroups(slice: Slice): Promise<ControlGroupsSection> {
    if (this.#controlGroups === undefined) {
      const { ControlGroupCollector } = await import('./control-group-collector.ts');
      this.#controlGroups ??= new ControlGroupCollector(this.#options);
    }
    return this.#controlGroups.collect(slice);
  }

  async collectProcesses(want: ProcessesWant, slice: Slice): Promise<MachineProcesses> {
    return (await this.#openProcesses()).collect(want, slice);
  }

  async collectProcess(pid: number, slice: Slice): Promise<ProcessDetailSection> {
    return (await this.#openProcesses()).collectOne(pid, slice);
  }

  async collectJournal(pid: number): Promise<JournalSection> {
    const started = monotonicMicros();
    this.#host ??= new Host(this.#options.procRoot);
    const host = this.#host.facts;
    const startTicks = (await this.#openProcesses()).startTicks(pid) ?? 0;
    const startMillis = host.bootWallMillis + (startTicks / host.clockTicksPerSecond) * 1000;
    const sinceWallMicros = startMillis * 1000 - START_SLACK_MICROS;
    const { readJournal } = await import('../process/journal.ts');
    const reading = await readJournal({ pid, bootId: host.bootId, sinceWallMicros }, this.#options.journal);
    return { ...sectionFacts(++this.#journalSequence, started, monotonicMicros()), pid, ...reading };
  }

  close(): void {
    this.#parts?.close();
    this.#disks?.close();
    // One that could not be opened was its asker's business.
    this.#processes?.then(
      (processes) => processes.close(),
      () => undefined,
    );
    this.#parts = undefined;
    this.#disks = undefined;
    this.#processes = undefined;
  }

  #openProcesses(): Promise<ProcessSections> {
    this.#processes ??= ProcessSections.open(this.#options).catch((thrown: unknown) => {
      this.#processes = undefined;
      throw thrown;
    });
    return this.#processes;
  }
}
