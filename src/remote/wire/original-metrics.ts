import { TEXT_LIMIT } from '../../data/schema/column.ts';
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
import { ROWS_LIMIT } from './limits.ts';

/** A file system in `get_metrics` and `get_disks`. Numbers are undefined where they are not known. */
export interface OriginalDisk {
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
export interface OriginalNetwork {
  readonly name: string;
  readonly received: number | undefined;
  readonly transmitted: number | undefined;
}

/** A process in a list. `cpu_usage` is its share of the whole machine, 0 to 100. */
export interface OriginalProcess {
  readonly pid: number | undefined;
  readonly name: string;
  readonly cpu_usage: number | undefined;
  readonly mem_bytes: number | undefined;
}

export interface OriginalGpu {
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
export interface OriginalMetrics {
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
  readonly disks: readonly OriginalDisk[];
  readonly networks: readonly OriginalNetwork[];
  readonly top_processes: readonly OriginalProcess[];
  readonly gpus: readonly OriginalGpu[] | undefined;
  /** undefined: the original agent does not say it here. */
  readonly process_count: number | undefined;
}

const disk: JsonCodec<OriginalDisk> = object<OriginalDisk>({
  name: text(TEXT_LIMIT.name),
  total: count(0),
  available: count(0),
  temperature: measure(),
  is_partition: flag,
});

const network: JsonCodec<OriginalNetwork> = object<OriginalNetwork>({
  name: text(TEXT_LIMIT.name),
  received: count(0),
  transmitted: count(0),
});

const process: JsonCodec<OriginalProcess> = object<OriginalProcess>({
  pid: count(0),
  name: text(TEXT_LIMIT.name),
  cpu_usage: measure(0),
  mem_bytes: count(0),
});

const gpu: JsonCodec<OriginalGpu> = object<OriginalGpu>(
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

const disks: JsonCodec<readonly OriginalDisk[]> = list(disk);
const processes: JsonCodec<readonly OriginalProcess[]> = list(process, ROWS_LIMIT.processes);

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
export const originalMetrics: JsonCodec<OriginalMetrics> = object<OriginalMetrics>({
  ...machineFields,
  disks,
  networks,
  top_processes: processes,
  gpus,
  process_count,
});

/** What `get_metrics` says of its own sample. */
export type OriginalFastMetrics = Omit<OriginalMetrics, 'disks' | 'top_processes'>;
const originalFastMetrics: JsonCodec<OriginalFastMetrics> = object<OriginalFastMetrics>(fastFields);

/**
 * `get_metrics` as JSON, of its own sample and of lists that were written before: they change less often, and make up
 * most of it.
 */
export function originalMetricsJson(
  metrics: OriginalFastMetrics,
  disksJson: string,
  topJson: string,
): string {
  const fast = JSON.stringify(originalFastMetrics.write(metrics));
  return `${fast.slice(0, -1)},"disks":${disksJson},"top_processes":${topJson}}`;
}

/** A list of file systems as JSON. */
export function originalDisksJson(list: readonly OriginalDisk[]): string {
  return JSON.stringify(disks.write(list));
}

/** A list of processes as JSON. */
export function originalProcessesJson(list: readonly OriginalProcess[]): string {
  return JSON.stringify(processes.write(list));
}

/** `get_disks`. */
export const originalDisks: JsonCodec<readonly OriginalDisk[]> = disks;

/** What agents before 1.40 answer to `get_processes`: JSON, 50 rows. Read, never written. */
export const originalProcessList = object<{
  readonly process_count: number | undefined;
  readonly top_processes: readonly OriginalProcess[];
}>({ process_count: count(0), top_processes: processes });
