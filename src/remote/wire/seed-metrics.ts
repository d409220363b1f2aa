import {
  count,
  flag,
  type JsonCodec,
  list,
  measure,
  object,
  optional,
  optionalText,
  text,
} from './json-codec.ts';
import { ROWS_LIMIT, TEXT_LIMIT } from './limits.ts';

/** A file system in `get_metrics` and `get_disks`. Numbers are undefined where they are not known. */
export interface SeedDisk {
  readonly name: string;
  /** Bytes. */
  readonly total: number | undefined;
  /** Bytes that ordinary users may still write. */
  readonly available: number | undefined;
  /** Of the drive, degrees Celsius. */
  readonly temperature: number | undefined;
  readonly is_partition: boolean;
}

/** An interface; bytes since it appeared. */
export interface SeedNetwork {
  readonly name: string;
  readonly received: number | undefined;
  readonly transmitted: number | undefined;
}

/** A process in a list. `cpu_usage` is its share of the whole machine, 0 to 100. */
export interface SeedProcess {
  readonly pid: number | undefined;
  readonly name: string;
  readonly cpu_usage: number | undefined;
  readonly mem_bytes: number | undefined;
}

export interface SeedGpu {
  readonly name: string | undefined;
  readonly vendor: string | undefined;
  /** 0 to 100. */
  readonly utilization_gpu_pct: number | undefined;
  readonly mem_used_bytes: number | undefined;
  readonly mem_total_bytes: number | undefined;
  /** Degrees Celsius. */
  readonly temp_c: number | undefined;
}

/** The reply to `get_metrics`, by the names that it has on the wire. */
export interface SeedMetrics {
  /** Wall clock of the agent, milliseconds since 1970; agents before 1.60 do not say. */
  readonly sampled_at_ms: number | undefined;
  /** 0 to 100, of all cores together, and of each. */
  readonly cpu_total: number | undefined;
  readonly cpu_per_core: readonly (number | undefined)[];
  readonly mem_total: number | undefined;
  readonly mem_used: number | undefined;
  readonly swap_total: number | undefined;
  readonly swap_used: number | undefined;
  readonly hostname: string;
  readonly cpu_temp_c: number | undefined;
  readonly disks: readonly SeedDisk[];
  readonly networks: readonly SeedNetwork[];
  readonly top_processes: readonly SeedProcess[];
  readonly gpus: readonly SeedGpu[] | undefined;
  /** undefined: the original agent does not say it here. */
  readonly process_count: number | undefined;
}

const disk: JsonCodec<SeedDisk> = object<SeedDisk>({
  name: text(TEXT_LIMIT.name),
  total: count(0),
  available: count(0),
  temperature: measure(),
  is_partition: flag,
});

const network: JsonCodec<SeedNetwork> = object<SeedNetwork>({
  name: text(TEXT_LIMIT.name),
  received: count(0),
  transmitted: count(0),
});

const process: JsonCodec<SeedProcess> = object<SeedProcess>({
  pid: count(0),
  name: text(TEXT_LIMIT.name),
  cpu_usage: measure(0),
  mem_bytes: count(0),
});

const gpu: JsonCodec<SeedGpu> = object<SeedGpu>(
  {
    name: optionalText(TEXT_LIMIT.name),
    vendor: optionalText(TEXT_LIMIT.name),
    utilization_gpu_pct: measure(),
    mem_used_bytes: count(),
    mem_total_bytes: count(),
    temp_c: measure(),
  },
  {
    utilization_gpu_pct: ['gpu_util_pct', 'gpu_utilization'],
    mem_used_bytes: ['vram_used_bytes'],
    mem_total_bytes: ['vram_total_bytes'],
    temp_c: ['temperature_c'],
  },
);

const disks: JsonCodec<readonly SeedDisk[]> = list(disk);
const processes: JsonCodec<readonly SeedProcess[]> = list(process, ROWS_LIMIT.processes);

/** The fields of `get_metrics` that change with each of its samples. */
const fastFields = {
  sampled_at_ms: count(),
  cpu_total: measure(0),
  cpu_per_core: list(measure(0), ROWS_LIMIT.cores),
  mem_total: count(0),
  mem_used: count(0),
  swap_total: count(0),
  swap_used: count(0),
  hostname: text(TEXT_LIMIT.name),
  cpu_temp_c: measure(),
  networks: list(network),
  gpus: optional(list(gpu)),
  process_count: count(),
};

const { networks, gpus, process_count, ...machineFields } = fastFields;

/** `get_metrics`. */
export const seedMetrics: JsonCodec<SeedMetrics> = object<SeedMetrics>({
  ...machineFields,
  disks,
  networks,
  top_processes: processes,
  gpus,
  process_count,
});

/** What `get_metrics` says of its own sample. */
export type SeedFastMetrics = Omit<SeedMetrics, 'disks' | 'top_processes'>;
const seedFastMetrics: JsonCodec<SeedFastMetrics> = object<SeedFastMetrics>(fastFields);

/**
 * `get_metrics` as JSON, of its own sample and of lists that were written before: they change less often, and make up
 * most of it.
 */
export function seedMetricsJson(metrics: SeedFastMetrics, disksJson: string, topJson: string): string {
  const fast = JSON.stringify(seedFastMetrics.write(metrics, 'seed'));
  return `${fast.slice(0, -1)},"disks":${disksJson},"top_processes":${topJson}}`;
}

/** A list of file systems as JSON. */
export function seedDisksJson(list: readonly SeedDisk[]): string {
  return JSON.stringify(disks.write(list, 'seed'));
}

/** A list of processes as JSON. */
export function seedProcessesJson(list: readonly SeedProcess[]): string {
  return JSON.stringify(processes.write(list, 'seed'));
}

/** `get_disks`. */
export const seedDisks: JsonCodec<readonly SeedDisk[]> = disks;

/** What agents before 1.40 answer to `get_processes`: JSON, 50 rows. Read, never written. */
export const seedProcessList = object<{
  readonly process_count: number | undefined;
  readonly top_processes: readonly SeedProcess[];
}>({ process_count: count(0), top_processes: processes });
