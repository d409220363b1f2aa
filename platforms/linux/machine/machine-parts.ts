import type { InterfaceTable } from '../../../src/data/sample/interface-table.ts';
import type { MachineSection } from '../../../src/data/sample/machine-section.ts';
import type { GpuSample } from '../../../src/data/schema/gpu-sample.ts';
import type { Part } from '../../../src/data/schema/section-facts.ts';
import type { SensorsSample } from '../../../src/data/schema/sensors-sample.ts';
import { monotonicMicros } from '../clock.ts';
import type { LinkSource } from '../link.ts';
import { CpuCollector } from './cpu.ts';
import { GpuCollector } from './gpus.ts';
import { MemoryCollector } from './memory.ts';
import { NetworksCollector } from './networks.ts';
import { absentPart, collectPart } from './part.ts';
import { TemperatureCollector } from './temperatures.ts';

/** Where a machine is looked at, and what of it is not. */
interface MachineRoots {
  readonly procRoot: string;
  readonly sysRoot: string;
  readonly gpus: boolean;
  readonly temperatures: boolean;
  /** Default: this machine's own. */
  readonly links?: LinkSource;
  readonly nvmlPaths?: readonly string[];
}

/** The fast part of a machine. Every collector is opened when it is first asked, and fails alone. */
export class MachineParts {
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
    this.#temperatures = roots.temperatures ? new TemperatureCollector(roots) : undefined;
    this.#gpus = roots.gpus ? new GpuCollector(roots) : undefined;
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
    if (temperatures === undefined) return absentPart();
    return collectPart('collect temperatures', () => temperatures.collect());
  }

  #collectGpus(): Part<readonly GpuSample[]> {
    const gpus = this.#gpus;
    if (gpus === undefined) return absentPart();
    const part = collectPart('collect GPUs', () => gpus.collect());
    return { ...part, value: part.value?.gpus, error: part.error ?? part.value?.error };
  }
}
