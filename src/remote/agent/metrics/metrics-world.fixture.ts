import { InterfaceTable } from '../../../data/sample/interface-table.ts';
import { type MachineProcesses, ProcessUsage } from '../../../data/sample/machine-processes.ts';
import type { MachineSection } from '../../../data/sample/machine-section.ts';
import { ProcessTable } from '../../../data/sample/process-table.ts';
import type { Snapshot } from '../../../data/sample/snapshot.ts';
import type { CpuSample } from '../../../data/schema/cpu-sample.ts';
import { CpuTable } from '../../../data/schema/cpu-sample.ts';
import type { BlockDevice, DisksSection, FileSystem } from '../../../data/schema/disks-section.ts';
import type { GpuSample } from '../../../data/schema/gpu-sample.ts';
import type { MemorySample } from '../../../data/schema/memory-sample.ts';
import type { Part, SectionError, SnapshotHeader } from '../../../data/schema/section-facts.ts';
import type { TemperatureSensor } from '../../../data/schema/sensors-sample.ts';
import type { MetricsRequest } from './metrics-page.ts';

export const HEADER: SnapshotHeader = {
  ...{ hostName: 'web-1', bootId: 'boot', epoch: 1, monotonicMicros: 10_500_000 },
  ...{ wallMillis: 1_700_000_000_123, bootWallMillis: 1_690_000_000_000, clockTicksPerSecond: 100 },
};

export const FAILURE: SectionError = { op: 'read', code: 'EIO', message: 'read: EIO' };

export function part<T>(value: T | undefined, error?: SectionError): Part<T> {
  return { value, error, monotonicMicros: 10_000_000, durationMicros: 1500 };
}

export function cpuSample(facts: Partial<CpuSample> = {}): CpuSample {
  const times = new CpuTable();
  const row = times.rowOf(0);
  const ticks = {
    user: 123_456,
    nice: 0,
    system: 5,
    idle: 9_999_999,
    iowait: 10,
    irq: 1,
    softirq: 2,
    steal: 3,
  };
  for (const [mode, value] of Object.entries(ticks)) times[mode as keyof typeof ticks][row] = value;
  times.frequencyHz[row] = 2.4e9;
  times.isOnline[row] = 1;
  const stall = { avg10: 1, avg60: 1, avg300: 1, totalMicros: 547_929_383 };
  return {
    ...{ times, ticksPerSecond: 100, onlineCount: 1, modelName: 'A processor', maxFrequencyHz: undefined },
    ...{ load1: 0.52, load5: 1, load15: undefined, runnableTasks: 2, tasks: 300, uptimeSeconds: 1000 },
    ...{ contextSwitches: 17_229_066, forks: 95_496, interrupts: 6_506_220, blockedTasks: 0 },
    ...{ cpuPressure: { some: stall, full: undefined }, memoryPressure: undefined },
    ...{ ioPressure: { some: stall, full: { ...stall, totalMicros: 7 } }, ...facts },
  };
}

const MEMORY: MemorySample = {
  ...{ totalBytes: 8_000_000_000, freeBytes: 1_000_000_000, availableBytes: 5_000_000_000 },
  ...{ usedBytes: 3_000_000_000, buffersBytes: 10, cachedBytes: 300, reclaimableSlabBytes: 100 },
  ...{ sharedBytes: 7, dirtyBytes: 0, writebackBytes: undefined, anonymousBytes: 9, slabBytes: 120 },
  ...{ committedBytes: 11, commitLimitBytes: 12, swapTotalBytes: 50, swapUsedBytes: 20, swapCachedBytes: 0 },
  ...{ zswapPoolBytes: undefined, zswapStoredBytes: undefined },
  ...{ zramPoolBytes: undefined, zramStoredBytes: undefined },
};

export function interfaceTable(names: readonly string[]): InterfaceTable {
  const table = new InterfaceTable();
  for (const [i, name] of names.entries()) {
    const slot = table.slots.add(i + 1, 0, 0, 0);
    table.index[slot] = i + 1;
    table.names[slot] = name;
    table.isLoopback[slot] = name === 'lo' ? 1 : 0;
    table.rxBytes[slot] = 1_469_809_634 + i;
    table.mtuBytes[slot] = 1500;
    table.operationalStates[slot] = name === 'lo' ? 'unknown' : 'up';
    table.hardwareAddresses[slot] = '02:fc:00:00:00:01';
    table.linkBitsPerSecond[slot] = name === 'lo' ? Number.NaN : 1e9;
  }
  return table;
}

export function sensor(id: string, facts: Partial<TemperatureSensor> = {}): TemperatureSensor {
  return {
    ...{ chip: 'coretemp', label: 'Package id 0', id, device: 'coretemp.0', bus: 'platform' },
    ...{ celsius: 48.5, maxCelsius: 100, criticalCelsius: undefined, ...facts },
  };
}

export const GPU: GpuSample = {
  ...{ id: '0000:01:00.0', name: 'A "GPU"', vendor: 'nvidia', isAsleep: false, utilizationPercent: 37 },
  ...{ memoryUsedBytes: 1024, memoryTotalBytes: undefined, temperatureCelsius: 60 },
  ...{ powerMilliwatts: 70_500, frequencyHz: 1e9, maxFrequencyHz: undefined, processes: [] },
};

export function machineSection(facts: Partial<MachineSection> = {}): MachineSection {
  const zone = sensor('thermal_zone0', {
    chip: 'acpitz',
    label: 'acpitz',
    device: undefined,
    bus: undefined,
  });
  const sensors = [sensor('hwmon2/temp1'), zone];
  return {
    ...{ sequence: 1, monotonicMicros: 10_000_000, durationMicros: 2000, errors: [] },
    ...{ cpu: part(cpuSample()), memory: part(MEMORY), networks: part(interfaceTable(['lo', 'eth0'])) },
    ...{ sensors: part({ sensors, cpu: sensors[0] }), gpus: part([GPU]), ...facts },
  };
}

export function blockDevice(name: string, facts: Partial<BlockDevice> = {}): BlockDevice {
  return {
    ...{ name, major: 254, minor: 0, isPartition: false, parentName: '', label: name, model: undefined },
    ...{ sizeBytes: 1e9, isRotational: false, reads: 293_036, readBytes: 7_202_522_112, readMillis: 316_138 },
    ...{ writes: 5, writtenBytes: 6, writeMillis: 7, inFlight: 0, busyMillis: 36_248, weightedMillis: 9 },
    ...{ discardedBytes: 1024, temperatureCelsius: undefined, ...facts },
  };
}

export function fileSystem(mountPoint: string, facts: Partial<FileSystem> = {}): FileSystem {
  return {
    ...{ name: 'vda', source: '/dev/vda', mountPoint, type: 'ext4', isReadOnly: false, isPartition: false },
    ...{
      device: undefined,
      totalBytes: 1000,
      usedBytes: 300,
      availableBytes: 600,
      inodes: 50,
      freeInodes: 40,
    },
    ...facts,
  };
}

export function disksSection(facts: Partial<DisksSection> = {}): DisksSection {
  return {
    ...{ sequence: 1, monotonicMicros: 10_000_000, durationMicros: 3000, errors: [] },
    ...{ fileSystems: [fileSystem('/')], devices: [blockDevice('vda')], ...facts },
  };
}

/** A process as a test states it. */
export interface TestProcess {
  readonly pid: number;
  readonly name: string;
  readonly ppid?: number;
  readonly startTicks?: number;
  readonly cpuNanos?: number;
  readonly rssBytes?: number;
  readonly threads?: number;
  /** Storage; unknown unless stated. */
  readonly readBytes?: number;
  readonly writtenBytes?: number;
  /** Letter of /proc/PID/stat. */
  readonly state?: string;
}

/** A section of its own table, `sequence` telling its time too. */
export function processSection(processes: readonly TestProcess[], sequence = 1): MachineProcesses {
  const table = new ProcessTable(16);
  const usage = new ProcessUsage();
  usage.clear(table.slots.capacity);
  for (const { pid, ...facts } of processes) {
    const slot = table.slots.add(pid, 0, 0, 0);
    table.pid[slot] = pid;
    table.ppid[slot] = facts.ppid ?? 1;
    table.startTicks[slot] = facts.startTicks ?? pid;
    table.cpuNanos[slot] = facts.cpuNanos ?? 0;
    table.rssBytes[slot] = facts.rssBytes ?? 0;
    table.threads[slot] = facts.threads ?? 1;
    table.state[slot] = (facts.state ?? 'S').charCodeAt(0);
    table.names[slot] = facts.name;
    usage.readBytes[slot] = facts.readBytes ?? Number.NaN;
    usage.writtenBytes[slot] = facts.writtenBytes ?? Number.NaN;
  }
  return {
    ...{ sequence, monotonicMicros: sequence * 1e6, durationMicros: 4000, errors: [] },
    ...{ processes: table, usage, memoryTotalBytes: 8e9, coreCount: 1 },
  };
}

/** Everything but the network. */
export function fullSnapshot(facts: Partial<Snapshot> = {}): Snapshot {
  const machineProcesses = processSection([
    { pid: 1, name: 'systemd', startTicks: 2, rssBytes: 4096 },
    { pid: 7, name: 'kworker/0:1-events', ppid: 2, startTicks: 3, state: 'I' },
  ]);
  return {
    ...{ header: HEADER, machine: machineSection(), disks: disksSection(), machineProcesses, errors: [] },
    ...facts,
  };
}

export function pageRequest(snapshot: Snapshot, isNetworkWanted = false): MetricsRequest {
  return { snapshot, isNetworkWanted, agent: { version: '1.2.3', clientCount: 4, cpuMicros: 1_500_000 } };
}
