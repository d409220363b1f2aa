import type { InterfaceTable } from '../../../src/data/sample/interface-table.ts';
import type { MachineSection } from '../../../src/data/sample/machine-section.ts';
import { sectionError } from '../../../src/data/sample/snapshot.ts';
import type { CpuSample } from '../../../src/data/schema/cpu-sample.ts';
import type { GpuSample } from '../../../src/data/schema/gpu-sample.ts';
import type { Part, SectionError } from '../../../src/data/schema/section-facts.ts';
import { sectionFacts } from '../../../src/data/schema/section-facts.ts';
import type { SensorsSample } from '../../../src/data/schema/sensors-sample.ts';
import { monotonicMicros } from '../clock.ts';
import { CpuCollector } from './cpu.ts';
import { GpuCollector } from './gpus.ts';
import { NetworksCollector } from './interface-collector.ts';
import type { MachineRoots } from './machine.ts';
import { MemoryCollector } from './memory.ts';
import { TemperatureCollector } from './temperatures.ts';

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
    this.#temperatures = roots.temperatures === false ? undefined : new TemperatureCollector(roots);
    this.#gpus = roots.gpus === false ? undefined : new GpuCollector(roots);
  }

  async collect(): Promise<MachineSection> {
    await this.#roots.drives?.renew();
    const started = monotonicMicros();
    const parts = {
      cpu: this.#collectCpu(),
      memory: collectPart('collect memory', () => this.#memory.collect()),
      networks: this.#collectNetworks(),
      sensors: this.#collectSensors(),
      gpus: this.#collectGpus(),
    };
    return {
      ...sectionFacts(++this.#sequence, started, monotonicMicros()),
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

  #collectCpu(): Part<CpuSample> {
    const part = collectPart('collect CPU', () => this.#cpu.collect());
    return { ...part, error: part.error ?? this.#cpu.error };
  }

  #collectNetworks(): Part<InterfaceTable> {
    return collectPart('collect networks', () => {
      this.#networks ??= new NetworksCollector(this.#roots);
      return this.#networks.collect();
    });
  }

  #collectSensors(): Part<SensorsSample> {
    const temperatures = this.#temperatures;
    const part = collectPart('collect temperatures', temperatures && (() => temperatures.collect()));
    return { ...part, error: part.error ?? this.#roots.drives?.error };
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
