import { InterfaceTable } from '../../data/sample/interface-table.ts';
import type { MachineSection } from '../../data/sample/machine-section.ts';
import { CPU, type CpuSample, CpuTable } from '../../data/schema/cpu-sample.ts';
import {
  BLOCK_DEVICE,
  type BlockDevice,
  type DisksSection,
  FILE_SYSTEM,
  type FileSystem,
} from '../../data/schema/disks-section.ts';
import { GPU, type GpuSample, type GpuVendor } from '../../data/schema/gpu-sample.ts';
import { MEMORY, type MemorySample } from '../../data/schema/memory-sample.ts';
import { unknownRecord } from '../../data/schema/record.ts';
import type { Part } from '../../data/schema/section-facts.ts';
import { SENSORS, type SensorsSample, TEMPERATURE_SENSOR } from '../../data/schema/sensors-sample.ts';
import type {
  OriginalDisk,
  OriginalGpu,
  OriginalMetrics,
  OriginalNetwork,
} from '../wire/original-metrics.ts';

/** How far the agent's clock may be from ours over one interval before it is not believed. */
const DRIFT_MILLIS = 1000;

/** A monotonic clock for agents of the original protocol, which tell wall time or nothing. */
export class OriginalClock {
  /** Of the last sample, microseconds; grows from sample to sample. */
  micros = 0;
  #sampledMillis: number | undefined;
  #receivedMicros = Number.NaN;

  /**
   * Takes the agent's wall time of a sample (undefined where it says none) and our monotonic time of its arrival.
   * False: it is the sample before once more. A clock that was set is not believed: our own time counts then.
   */
  advance(sampledMillis: number | undefined, receivedMicros: number): boolean {
    const received = receivedMicros - this.#receivedMicros;
    const sampled =
      sampledMillis === undefined || this.#sampledMillis === undefined
        ? undefined
        : sampledMillis - this.#sampledMillis;
    this.#sampledMillis = sampledMillis;
    if (Number.isNaN(received)) this.micros = receivedMicros;
    else if (sampled === 0) return false;
    else {
      const isBelieved =
        sampled !== undefined && sampled > 0 && Math.abs(sampled - received / 1000) <= DRIFT_MILLIS;
      this.micros += isBelieved ? sampled * 1000 : received;
    }
    this.#receivedMicros = receivedMicros;
    return true;
  }
}

const UNKNOWN = Number.NaN;
/** Ticks of the counters that are made here of percentages; fine enough for a hundredth of a percent of 100 ms. */
const TICKS_PER_SECOND = 100_000;
const MICROS_PER_TICK = 1e6 / TICKS_PER_SECOND;
/** Interfaces whose bytes go through another one as well. */
const VIRTUAL =
  /^(lo|docker|br-|veth|virbr|vnet|tun|tap|wg|cni|flannel|cali|lxc|lxd|dummy|ifb|bond\d+\.|.*[.:])/;
const NAMES_LIMIT = 4096;
/** The protocol has them in one share with `user`. */
const UNTOLD_MODES = ['nice', 'system', 'irq', 'softirq', 'steal', 'iowait'] as const;

/**
 * The fast part of a machine whose agent speaks the original protocol. It tells shares, not counters: counters are made
 * of them here, so that rates give the shares back.
 */
export class OriginalMachine {
  readonly #clock = new OriginalClock();
  readonly #times = new CpuTable();
  readonly #interfaces = new InterfaceTable();
  readonly #indexes = new Map<string, number>();
  #sequence = 0;
  #lastMicros = 0;
  /** As of the last metrics; 0 before any. */
  coreCount = 0;

  section(metrics: OriginalMetrics, receivedMicros: number): MachineSection {
    if (this.#clock.advance(metrics.sampled_at_ms, receivedMicros)) this.#take(metrics);
    const { micros } = this.#clock;
    const part = <T>(value: T | undefined): Part<T> => ({
      value,
      error: undefined,
      monotonicMicros: micros,
      durationMicros: 0,
    });
    return {
      sequence: this.#sequence,
      monotonicMicros: micros,
      durationMicros: 0,
      errors: [],
      cpu: part(this.#cpu()),
      memory: part(memoryOf(metrics)),
      networks: part(this.#interfaces),
      sensors: part(sensorsOf(metrics)),
      gpus: part(metrics.gpus?.map(gpuOf) ?? []),
    };
  }

  #take(metrics: OriginalMetrics): void {
    this.#sequence++;
    const { micros } = this.#clock;
    const elapsedTicks = this.#sequence === 1 ? 0 : (micros - this.#lastMicros) / MICROS_PER_TICK;
    this.#lastMicros = micros;
    this.coreCount = metrics.cpu_per_core.length;
    this.#addShare(0, metrics.cpu_total, elapsedTicks);
    for (const [core, percent] of metrics.cpu_per_core.entries()) {
      const row = this.#times.rowOf(core);
      if (row >= 0) this.#addShare(row, percent, elapsedTicks);
    }
    this.#times.count = this.coreCount + 1;
    this.#takeLinks(metrics.networks);
  }

  /** What the share of a row amounts to since the sample before. */
  #addShare(row: number, percent: number | undefined, elapsedTicks: number): void {
    const table = this.#times;
    const share = percent === undefined ? UNKNOWN : Math.min(100, Math.max(0, percent)) / 100;
    table.user[row] = (table.user[row]! || 0) + share * elapsedTicks;
    table.idle[row] = (table.idle[row]! || 0) + (1 - share) * elapsedTicks;
    for (const mode of UNTOLD_MODES) table[mode][row] = 0;
    table.isOnline[row] = 1;
  }

  #cpu(): CpuSample {
    return {
      ...unknownRecord(CPU),
      ...{ times: this.#times, ticksPerSecond: TICKS_PER_SECOND, onlineCount: this.coreCount },
    };
  }

  /** The protocol has only interface names; each name gets a stable number here. */
  #takeLinks(networks: readonly OriginalNetwork[]): void {
    const table = this.#interfaces;
    const names = new Set(networks.map(({ name }) => name));
    table.slots.removeWhere((slot) => !names.has(table.names[slot]!));
    for (const { name, received = UNKNOWN, transmitted = UNKNOWN } of networks) {
      const index = this.#indexes.get(name) ?? this.#indexes.size + 1;
      if (index > NAMES_LIMIT) continue;
      this.#indexes.set(name, index);
      const slot = table.slotOf(index);
      if (slot < 0) continue;
      table.names[slot] = name;
      table.rxBytes[slot] = received;
      table.txBytes[slot] = transmitted;
      table.isLoopback[slot] = name === 'lo' ? 1 : 0;
      table.isUplink[slot] = VIRTUAL.test(name) ? 0 : 1;
      table.isUp[slot] = 1;
    }
  }
}

/** File systems of an original agent; only partitions, if it distinguishes them from drives. */
export function originalDisksSection(
  disks: readonly OriginalDisk[],
  sequence: number,
  monotonicMicros: number,
): DisksSection {
  const partitions = disks.filter((disk) => disk.is_partition);
  const fileSystems = (partitions.length > 0 ? partitions : disks).map(fileSystemOf);
  return { sequence, monotonicMicros, durationMicros: 0, errors: [], fileSystems, devices: [] };
}

function fileSystemOf({ name, total, available, temperature, is_partition }: OriginalDisk): FileSystem {
  return {
    ...unknownRecord(FILE_SYSTEM),
    ...{ name, source: name, isPartition: is_partition },
    device: temperature === undefined ? undefined : driveOf(name, is_partition, temperature),
    totalBytes: total,
    usedBytes: total !== undefined && available !== undefined ? Math.max(0, total - available) : undefined,
    availableBytes: available,
  };
}

/** A drive of which the temperature is all that is known. */
function driveOf(name: string, isPartition: boolean, temperatureCelsius: number): BlockDevice {
  return { ...unknownRecord(BLOCK_DEVICE), name, label: name, isPartition, temperatureCelsius };
}

function memoryOf({ mem_total, mem_used, swap_total, swap_used }: OriginalMetrics): MemorySample {
  const total = mem_total ?? UNKNOWN;
  const used = mem_used ?? UNKNOWN;
  return {
    ...unknownRecord(MEMORY),
    ...{ totalBytes: total, usedBytes: used, availableBytes: total - used },
    ...{ swapTotalBytes: swap_total, swapUsedBytes: swap_used },
  };
}

function sensorsOf({ cpu_temp_c: celsius }: OriginalMetrics): SensorsSample {
  if (celsius === undefined) return unknownRecord(SENSORS);
  const cpu = { ...unknownRecord(TEMPERATURE_SENSOR), chip: 'cpu', label: 'CPU', id: 'cpu', celsius };
  return { sensors: [cpu], cpu };
}

function gpuOf(gpu: OriginalGpu, at: number): GpuSample {
  return {
    ...unknownRecord(GPU),
    ...{ id: `gpu${at}`, name: gpu.name ?? gpu.vendor ?? 'GPU', vendor: vendorOf(gpu) },
    utilizationPercent: gpu.utilization_gpu_pct,
    memoryUsedBytes: gpu.mem_used_bytes,
    memoryTotalBytes: gpu.mem_total_bytes,
    temperatureCelsius: gpu.temp_c,
  };
}

function vendorOf({ vendor = '', name = '' }: OriginalGpu): GpuVendor {
  const text = `${vendor} ${name}`.toLowerCase();
  const known: readonly GpuVendor[] = ['nvidia', 'amd', 'intel'];
  return known.find((word) => text.includes(word)) ?? 'other';
}
