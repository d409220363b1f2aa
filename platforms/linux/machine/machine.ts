import type { MachineProcesses } from '../../../src/data/sample/machine-processes.ts';
import type { MachineSection } from '../../../src/data/sample/machine-section.ts';
import type { MachineCollector, MachineOptions } from '../../../src/data/sample/platform.ts';
import type { ProcessDetailSection } from '../../../src/data/sample/process-detail-section.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import type { ProcessesWant } from '../../../src/data/sample/snapshot.ts';
import type { DisksSection } from '../../../src/data/schema/disks-section.ts';
import type { JournalSection } from '../../../src/data/schema/journal-section.ts';
import { monotonicMicros } from '../clock.ts';
import { Host } from '../host.ts';
import type { LinkSource } from '../link.ts';
import { type JournalOptions, readJournal } from '../process/journal.ts';
import { DiskCollector, type SpaceSource } from './disks.ts';
import { MachineParts } from './machine-parts.ts';
import { ProcessSections } from './process-sections.ts';

export interface LinuxMachineOptions extends MachineOptions {
  /** Default `/proc` and `/sys`. */
  readonly procRoot?: string;
  readonly sysRoot?: string;
  /** Default what `procRoot` says. */
  readonly host?: Host;
  readonly links?: LinkSource;
  /** Candidates for libnvidia-ml.so.1; default where drivers put it. */
  readonly nvmlPaths?: readonly string[];
  readonly journal?: JournalOptions;
  /** Who asks file systems; default a process beside. */
  readonly space?: SpaceSource;
  /** Default this machine's. */
  readonly pageSizeBytes?: number;
}

/** A process's entries may carry a time a little before its start: two clocks, one of them cut to ticks. */
const START_SLACK_MICROS = 1e6;

/** This machine, section by section. Each collector is opened when it is first asked. */
export class LinuxMachine implements MachineCollector {
  readonly #options: LinuxMachineOptions;
  readonly #procRoot: string;
  readonly #sysRoot: string;
  #parts: MachineParts | undefined;
  #disks: DiskCollector | undefined;
  #processes: ProcessSections | undefined;
  #host: Host | undefined;
  #journalSequence = 0;

  constructor(options: LinuxMachineOptions = {}) {
    this.#options = options;
    this.#procRoot = options.procRoot ?? '/proc';
    this.#sysRoot = options.sysRoot ?? '/sys';
    this.#host = options.host;
  }

  collectMachine(): MachineSection {
    const { gpus = true, temperatures = true } = this.#options;
    const [procRoot, sysRoot] = [this.#procRoot, this.#sysRoot];
    this.#parts ??= new MachineParts({ ...this.#options, procRoot, sysRoot, gpus, temperatures });
    return this.#parts.collect();
  }

  async collectDisks(): Promise<DisksSection> {
    this.#disks ??= new DiskCollector({
      procRoot: this.#procRoot,
      sysRoot: this.#sysRoot,
      temperatures: this.#options.temperatures !== false,
      ...(this.#options.space === undefined ? {} : { space: this.#options.space }),
    });
    return this.#disks.collect();
  }

  async collectProcesses(want: ProcessesWant, slice: Slice): Promise<MachineProcesses> {
    return this.#openProcesses().collect(want, slice);
  }

  async collectProcess(pid: number, slice: Slice): Promise<ProcessDetailSection> {
    return this.#openProcesses().collectOne(pid, slice);
  }

  async collectJournal(pid: number): Promise<JournalSection> {
    const started = monotonicMicros();
    this.#host ??= new Host(this.#procRoot);
    const host = this.#host.facts;
    const startTicks = this.#openProcesses().startTicks(pid) ?? 0;
    const startMillis = host.bootWallMillis + (startTicks / host.clockTicksPerSecond) * 1000;
    const sinceWallMicros = startMillis * 1000 - START_SLACK_MICROS;
    const reading = await readJournal({ pid, bootId: host.bootId, sinceWallMicros }, this.#options.journal);
    return {
      sequence: ++this.#journalSequence,
      monotonicMicros: started,
      durationMicros: monotonicMicros() - started,
      errors: [],
      pid,
      ...reading,
    };
  }

  close(): void {
    this.#parts?.close();
    this.#disks?.close();
    this.#processes?.close();
    this.#parts = undefined;
    this.#disks = undefined;
    this.#processes = undefined;
  }

  #openProcesses(): ProcessSections {
    const { pageSizeBytes } = this.#options;
    this.#processes ??= new ProcessSections({
      procRoot: this.#procRoot,
      ...(pageSizeBytes === undefined ? {} : { pageSizeBytes }),
    });
    return this.#processes;
  }
}
