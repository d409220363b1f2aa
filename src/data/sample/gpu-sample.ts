export type GpuVendor = 'nvidia' | 'amd' | 'intel' | 'other';

/**
 * Work of one process on one kind of engine. `busy` is cumulative nanoseconds where `total` is undefined, else cycles
 * of the `total` cycles that went by (xe).
 */
export interface GpuEngineUse {
  /** As the driver names it: `render`, `copy`, `video`, `gfx`, `compute`, `rcs`, ... */
  readonly engine: string;
  readonly busy: number;
  readonly total: number | undefined;
  /** Engines of this kind that share the work. */
  readonly capacity: number;
}

/** What a process does on a GPU. Several of one pid are clients that were counted together. */
export interface GpuProcess {
  readonly pid: number;
  readonly memoryBytes: number | undefined;
  /** Share of the GPU in the driver's own last period; undefined where only counters are given. */
  readonly utilizationPercent: number | undefined;
  readonly engines: readonly GpuEngineUse[];
}

/** A GPU as its driver describes it. */
export interface GpuSample {
  /** Stable while the machine runs: PCI address, or the card. */
  readonly id: string;
  readonly name: string;
  readonly vendor: GpuVendor;
  /** Powered down; it was not asked, so that it stays so. */
  readonly isAsleep: boolean;
  /** By the driver; where undefined, growth of the processes' engines tells. */
  readonly utilizationPercent: number | undefined;
  readonly memoryUsedBytes: number | undefined;
  readonly memoryTotalBytes: number | undefined;
  readonly temperatureCelsius: number | undefined;
  readonly powerMilliwatts: number | undefined;
  readonly frequencyHz: number | undefined;
  readonly maxFrequencyHz: number | undefined;
  readonly processes: readonly GpuProcess[];
}
