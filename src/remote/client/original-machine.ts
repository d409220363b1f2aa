import { type CpuSample, CpuTable } from '../../data/sample/cpu-sample.ts';
import type { BlockDevice, DisksSection, FileSystem } from '../../data/sample/disks-section.ts';
import type { GpuSample, GpuVendor } from '../../data/sample/gpu-sample.ts';
import { InterfaceTable } from '../../data/sample/interface-table.ts';
import type { MachineSection, Part } from '../../data/sample/machine-section.ts';
import type { MemorySample } from '../../data/sample/memory-sample.ts';
import type { SensorsSample, TemperatureSensor } from '../../data/sample/sensors-sample.ts';
import type { InterfaceMessage } from '../wire/machine-message.ts';
import type {
  OriginalDisk,
  OriginalGpu,
  OriginalMetrics,
  OriginalNetwork,
} from '../wire/original-metrics.ts';
import { fillInterfaces } from './machine-tables.ts';

/** How far the agent's clock may be from ours over one interval before it is not believed. */
const DRIFT_MILLIS = 1000;

/** Makes a monotonic time of what agents of the original protocol say: wall time, or nothing. */
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
    fillInterfaces(
      this.#interfaces,
      metrics.networks.flatMap((network) => this.#link(network)),
    );
  }

  /** What the share of a row amounts to since the sample before. */
  #addShare(row: number, percent: number | undefined, elapsedTicks: number): void {
    const table = this.#times;
    const share = percent === undefined ? UNKNOWN : Math.min(100, Math.max(0, percent)) / 100;
    const before = Number.isNaN(table.user[row]!) ? 0 : table.user[row]!;
    const idleBefore = Number.isNaN(table.idle[row]!) ? 0 : table.idle[row]!;
    table.user[row] = before + share * elapsedTicks;
    table.idle[row] = idleBefore + (1 - share) * elapsedTicks;
    table.nice[row] = 0;
    table.system[row] = 0;
    table.irq[row] = 0;
    table.softirq[row] = 0;
    table.steal[row] = 0;
    table.iowait[row] = 0;
    table.isOnline[row] = 1;
  }

  #cpu(): CpuSample {
    return {
      ...{ times: this.#times, ticksPerSecond: TICKS_PER_SECOND, onlineCount: this.coreCount },
      ...{ modelName: undefined, maxFrequencyHz: undefined },
      ...{ load1: undefined, load5: undefined, load15: undefined },
      ...{ runnableTasks: undefined, tasks: undefined, blockedTasks: undefined, uptimeSeconds: undefined },
      ...{ contextSwitches: undefined, forks: undefined, interrupts: undefined },
      ...{ cpuPressure: undefined, memoryPressure: undefined, ioPressure: undefined },
    };
  }

  /** Interfaces are told by name alone; each name keeps the number that it gets here. */
  #link({ name, received, transmitted }: OriginalNetwork): InterfaceMessage[] {
    const index = this.#indexes.get(name) ?? this.#indexes.size + 1;
    if (index > NAMES_LIMIT) return [];
    this.#indexes.set(name, index);
    const isLoopback = name === 'lo';
    return [
      {
        ...{ index, name, rxBytes: received, txBytes: transmitted },
        ...{ rxPackets: undefined, txPackets: undefined, rxErrors: undefined, txErrors: undefined },
        ...{ rxDropped: undefined, txDropped: undefined, linkBitsPerSecond: undefined },
        ...{ mtuBytes: undefined, operationalState: undefined, hardwareAddress: undefined, addresses: [] },
        ...{ isLoopback, isUplink: !VIRTUAL.test(name), isUp: true },
      },
    ];
  }
}

/** File systems of an agent of the original protocol, partitions alone where it tells them from drives. */
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
    ...{ name, source: name, mountPoint: '', type: '', isReadOnly: false, isPartition: is_partition },
    device: temperature === undefined ? undefined : driveOf(name, is_partition, temperature),
    totalBytes: total,
    usedBytes: total !== undefined && available !== undefined ? Math.max(0, total - available) : undefined,
    availableBytes: available,
    inodes: undefined,
    freeInodes: undefined,
  };
}

/** A drive of which the temperature is all that is known. */
function driveOf(name: string, isPartition: boolean, temperatureCelsius: number): BlockDevice {
  return {
    ...{ name, label: name, major: 0, minor: 0, isPartition, parentName: '', temperatureCelsius },
    ...{ model: undefined, sizeBytes: undefined, isRotational: undefined, discardedBytes: undefined },
    ...{ reads: UNKNOWN, readBytes: UNKNOWN, readMillis: UNKNOWN },
    ...{ writes: UNKNOWN, writtenBytes: UNKNOWN, writeMillis: UNKNOWN },
    ...{ inFlight: UNKNOWN, busyMillis: UNKNOWN, weightedMillis: UNKNOWN },
  };
}

function memoryOf({ mem_total, mem_used, swap_total, swap_used }: OriginalMetrics): MemorySample {
  const total = mem_total ?? UNKNOWN;
  const used = mem_used ?? UNKNOWN;
  return {
    ...{ totalBytes: total, usedBytes: used, availableBytes: total - used, freeBytes: UNKNOWN },
    ...{ buffersBytes: undefined, cachedBytes: undefined, sharedBytes: undefined, dirtyBytes: undefined },
    ...{ writebackBytes: undefined, anonymousBytes: undefined, slabBytes: undefined },
    ...{ committedBytes: undefined, commitLimitBytes: undefined },
    ...{ swapTotalBytes: swap_total, swapUsedBytes: swap_used, swapCachedBytes: undefined },
    ...{ zswapPoolBytes: undefined, zswapStoredBytes: undefined },
    ...{ zramPoolBytes: undefined, zramStoredBytes: undefined },
  };
}

function sensorsOf({ cpu_temp_c: celsius }: OriginalMetrics): SensorsSample {
  if (celsius === undefined) return { sensors: [], cpu: undefined };
  const cpu: TemperatureSensor = {
    ...{ chip: 'cpu', label: 'CPU', id: 'cpu', device: undefined },
    ...{ celsius, maxCelsius: undefined, criticalCelsius: undefined },
  };
  return { sensors: [cpu], cpu };
}

function gpuOf(gpu: OriginalGpu, at: number): GpuSample {
  return {
    ...{ id: `gpu${at}`, name: gpu.name ?? gpu.vendor ?? 'GPU', vendor: vendorOf(gpu), isAsleep: false },
    utilizationPercent: gpu.utilization_gpu_pct,
    memoryUsedBytes: gpu.mem_used_bytes,
    memoryTotalBytes: gpu.mem_total_bytes,
    temperatureCelsius: gpu.temp_c,
    ...{ powerMilliwatts: undefined, frequencyHz: undefined, maxFrequencyHz: undefined, processes: [] },
  };
}

function vendorOf({ vendor = '', name = '' }: OriginalGpu): GpuVendor {
  const text = `${vendor} ${name}`.toLowerCase();
  const known: readonly GpuVendor[] = ['nvidia', 'amd', 'intel'];
  return known.find((word) => text.includes(word)) ?? 'other';
}
