import type { InterfaceTable } from '../../../src/data/sample/interface-table.ts';
import type { MachineProcesses } from '../../../src/data/sample/machine-processes.ts';
import type { MachineSection } from '../../../src/data/sample/machine-section.ts';
import type { MachineCollector, MachineOptions } from '../../../src/data/sample/platform.ts';
import type { ProcessDetailSection } from '../../../src/data/sample/process-detail-section.ts';
import type { Slice } from '../../../src/data/sample/slice.ts';
import { type ProcessesWant, sectionError } from '../../../src/data/sample/snapshot.ts';
import type { ControlGroupsSection } from '../../../src/data/schema/control-groups-section.ts';
import type { DisksSection } from '../../../src/data/schema/disks-section.ts';
import type { GpuSample } from '../../../src/data/schema/gpu-sample.ts';
import type { JournalSection } from '../../../src/data/schema/process-detail.ts';
import type { Part, SectionError } from '../../../src/data/schema/section-facts.ts';
import type { SensorsSample } from '../../../src/data/schema/sensors-sample.ts';
import { monotonicMicros } from '../clock.ts';
import { Host } from '../host.ts';
import type { LinkSource } from '../link.ts';
import { type JournalOptions, readJournal } from '../process/journal.ts';
import type { ContainerNames } from '../processes/container-names.ts';
import { ControlGroupCollector } from './control-group-collector.ts';
import { CpuCollector } from './cpu.ts';
import { DiskCollector, type SpaceSource } from './disks.ts';
import { GpuCollector } from './gpus.ts';
import { NetworksCollector } from './interface-collector.ts';
import { MemoryCollector } from './memory.ts';
import { ProcessSections } from './process-sections.ts';
import { TemperatureCollector } from './temperatures.ts';

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
  /** Names of containers; undefined: they have none. */
  readonly containers?: ContainerNames;
  /** Default this machine's. */
  readonly pageSizeBytes?: number;
}

/** The options, with the roots that are asked. */
type MachineRoots = LinuxMachineOptions & Required<Pick<LinuxMachineOptions, 'procRoot' | 'sysRoot'>>;

/** A process's entries may carry a time a little before its start: two clocks, one of them cut to ticks. */
const START_SLACK_MICROS = 1e6;

/** This machine, section by section. Each collector is opened when it is first asked. */
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

  collectMachine(): MachineSection {
    this.#parts ??= new MachineParts(this.#options);
    return this.#parts.collect();
  }

  async collectDisks(spaceMaxAgeMillis = 0): Promise<DisksSection> {
    this.#disks ??= new DiskCollector(this.#options);
    return this.#disks.collect(spaceMaxAgeMillis);
  }

  async collectControlGroups(slice: Slice): Promise<ControlGroupsSection> {
    this.#controlGroups ??= new ControlGroupCollector(this.#options);
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

/** The fast part of a machine. Every collector is opened when it is first asked, and fails alone. */
class MachineParts {
  readonly #roots: MachineRoots;
  readonly #cpu: CpuCollector;
  readonly #memory: MemoryCollector;
  readonly #temperatures: TemperatureCollector | undefined;
  readonly #gpus: GpuCollector | undefined;
  #networks: NetworksCollector | undefined;
  #sequence = 0;

  constructor(roots: MachineRoots) {
    this.#roots = roots;
    this.#cpu = new CpuCollector(roots);
    this.#memory = new MemoryCollector(roots);
    this.#temperatures = roots.temperatures === false ? undefined : new TemperatureCollector(roots);
    this.#gpus = roots.gpus === false ? undefined : new GpuCollector(roots);
  }

  collect(): MachineSection {
    const started = monotonicMicros();
    const parts = {
      cpu: collectPart('collect CPU', () => this.#cpu.collect()),
      memory: collectPart('collect memory', () => this.#memory.collect()),
      networks: this.#collectNetworks(),
      sensors: this.#collectSensors(),
      gpus: this.#collectGpus(),
    };
    return {
      sequence: ++this.#sequence,
      monotonicMicros: started,
      durationMicros: monotonicMicros() - started,
      errors: Object.values(parts).flatMap(({ error }) => error ?? []),
      ...parts,
    };
  }

  close(): void {
    this.#cpu.close();
    this.#memory.close();
    this.#temperatures?.close();
    this.#gpus?.close();
    this.#networks?.close();
    this.#networks = undefined;
  }

  #collectNetworks(): Part<InterfaceTable> {
    return collectPart('collect networks', () => {
      this.#networks ??= new NetworksCollector(this.#roots);
      return this.#networks.collect();
    });
  }

  #collectSensors(): Part<SensorsSample> {
    const temperatures = this.#temperatures;
    return collectPart('collect temperatures', temperatures && (() => temperatures.collect()));
  }

  #collectGpus(): Part<readonly GpuSample[]> {
    const gpus = this.#gpus;
    const part = collectPart('collect GPUs', gpus && (() => gpus.collect()));
    return { ...part, value: part.value?.gpus, error: part.error ?? part.value?.error };
  }
}

/** Runs one collector, which fails alone: what it throws becomes its part's error. `undefined`: it is switched off. */
function collectPart<T>(op: string, collect: (() => T) | undefined): Part<T> {
  const started = monotonicMicros();
  let value: T | undefined;
  let error: SectionError | undefined;
  try {
    value = collect?.();
  } catch (thrown) {
    error = sectionError(op, thrown);
  }
  return { value, error, monotonicMicros: started, durationMicros: monotonicMicros() - started };
}
