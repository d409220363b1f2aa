import type { CpuUsage } from '../../../data/rates/cpu-rates.ts';
import type { DisksSection } from '../../../data/sample/disks-section.ts';
import type { GpuSample } from '../../../data/sample/gpu-sample.ts';
import type { InterfaceTable } from '../../../data/sample/interface-table.ts';
import type {
  OriginalDisk,
  OriginalFastMetrics,
  OriginalGpu,
  OriginalNetwork,
  OriginalProcess,
} from '../../wire/original-metrics.ts';
import type { ProcessChanges } from '../../wire/process-changes.ts';
import type { MachineSample } from '../samples/machine-samples.ts';

/** Rows of `top_processes`. */
const TOP_PROCESSES = 50;

/** The machine as the original protocol tells it; `processCount` is known where a sample of processes is fresh. */
export function originalMetricsOf(
  { header, section, cpu }: MachineSample,
  processCount: number | undefined,
): OriginalFastMetrics {
  const { memory, networks, sensors, gpus } = section;
  return {
    sampled_at_ms: Math.round(header.wallMillis),
    cpu_total: cpu.total,
    cpu_per_core: coresOf(cpu),
    mem_total: memory.value?.totalBytes,
    mem_used: memory.value?.usedBytes,
    swap_total: memory.value?.swapTotalBytes,
    swap_used: memory.value?.swapUsedBytes,
    hostname: header.hostName,
    cpu_temp_c: sensors.value?.cpu?.celsius,
    networks: networks.value === undefined ? [] : originalNetworksOf(networks.value),
    gpus: gpus.value === undefined || gpus.value.length === 0 ? undefined : gpus.value.map(originalGpuOf),
    process_count: processCount,
  };
}

/** File systems, each once, as the original protocol tells them. */
export function originalDisksOf({ fileSystems }: DisksSection): OriginalDisk[] {
  return fileSystems.map((fileSystem) => ({
    name: fileSystem.name,
    total: fileSystem.totalBytes,
    available: fileSystem.availableBytes,
    temperature: fileSystem.device?.temperatureCelsius,
    is_partition: fileSystem.isPartition,
  }));
}

/** The first by CPU, then by memory. */
export function topProcessesOf({ list, cpuPercent }: ProcessChanges): OriginalProcess[] {
  const { pid, names, rssBytes, slots } = list.processes;
  const { rows, count } = slots;
  const byUse = rows
    .slice(0, count)
    .sort((a, b) => (cpuPercent[b]! || 0) - (cpuPercent[a]! || 0) || rssBytes[b]! - rssBytes[a]! || 0);
  return Array.from(byUse.subarray(0, TOP_PROCESSES), (slot) => ({
    pid: pid[slot],
    name: names[slot]!,
    cpu_usage: cpuPercent[slot],
    mem_bytes: rssBytes[slot],
  }));
}

function coresOf({ percent, count }: CpuUsage): number[] {
  return Array.from(percent.subarray(1, count));
}

function originalNetworksOf(table: InterfaceTable): OriginalNetwork[] {
  return Array.from(table.slots.rows.subarray(0, table.slots.count), (slot) => ({
    name: table.names[slot] ?? '',
    received: table.rxBytes[slot],
    transmitted: table.txBytes[slot],
  }));
}

function originalGpuOf(gpu: GpuSample): OriginalGpu {
  return {
    name: gpu.name,
    vendor: gpu.vendor,
    utilization_gpu_pct: gpu.utilizationPercent,
    mem_used_bytes: gpu.memoryUsedBytes,
    mem_total_bytes: gpu.memoryTotalBytes,
    temp_c: gpu.temperatureCelsius,
  };
}
