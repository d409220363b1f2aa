import type { CpuSample } from './cpu-sample.ts';
import type { GpuSample } from './gpu-sample.ts';
import type { InterfaceTable } from './interface-table.ts';
import type { MemorySample } from './memory-sample.ts';
import type { SensorsSample } from './sensors-sample.ts';
import type { Section, SectionError } from './snapshot.ts';

/**
 * What came of one collector: its facts, or why there are none; both where only some are missing (one of two GPUs),
 * neither where it is switched off.
 */
export interface Part<T> {
  readonly value: T | undefined;
  readonly error: SectionError | undefined;
  /** When its counters were read: growth is divided by the time between these. */
  readonly monotonicMicros: number;
  readonly durationMicros: number;
}

/** The fast part of a machine's state. `errors` holds those of all parts. */
export interface MachineSection extends Section {
  readonly cpu: Part<CpuSample>;
  readonly memory: Part<MemorySample>;
  readonly networks: Part<InterfaceTable>;
  readonly sensors: Part<SensorsSample>;
  /** No GPU: an empty list. */
  readonly gpus: Part<readonly GpuSample[]>;
}
