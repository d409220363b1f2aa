import { type CpuSample, CpuTable, type Pressure, type Stall } from '../../data/sample/cpu-sample.ts';
import type { BlockDevice, DisksSection, FileSystem } from '../../data/sample/disks-section.ts';
import type { GpuProcess, GpuSample, GpuVendor } from '../../data/sample/gpu-sample.ts';
import { InterfaceTable } from '../../data/sample/interface-table.ts';
import type { MachineSection, Part } from '../../data/sample/machine-section.ts';
import type { MemorySample } from '../../data/sample/memory-sample.ts';
import type { DisksMessage, FileSystemMessage } from '../wire/disks-message.ts';
import type {
  CpuMessage,
  GpuMessage,
  MachineMessage,
  MemoryMessage,
  MessagePart,
  PressureMessage,
  StallMessage,
} from '../wire/machine-message.ts';
import { fillCpuTable, fillInterfaces } from './machine-tables.ts';

const UNKNOWN = Number.NaN;
const DEFAULT_TICKS = 100;
const VENDORS: readonly GpuVendor[] = ['nvidia', 'amd', 'intel', 'other'];

/** The fast part of another machine's state. Its tables are used again for each message. */
export class V2Machine {
  readonly #times = new CpuTable();
  readonly #interfaces = new InterfaceTable();

  section({ section, cpu, memory, networks, sensors, gpus }: MachineMessage): MachineSection {
    return {
      ...section,
      cpu: part(cpu, (message) => this.#cpu(message)),
      memory: part(memory, memorySample),
      networks: part(networks, (links) => {
        fillInterfaces(this.#interfaces, links);
        return this.#interfaces;
      }),
      sensors: part(sensors, (message) => message),
      gpus: part(gpus, (messages) => messages.map(gpuSample)),
    };
  }

  #cpu(message: CpuMessage): CpuSample {
    fillCpuTable(this.#times, message.times);
    return {
      ...message,
      times: this.#times,
      ticksPerSecond: positive(message.ticksPerSecond, DEFAULT_TICKS),
      onlineCount: message.onlineCount ?? Math.max(1, this.#times.count - 1),
      cpuPressure: pressure(message.cpuPressure),
      memoryPressure: pressure(message.memoryPressure),
      ioPressure: pressure(message.ioPressure),
    };
  }
}

/** File systems and devices of another machine. */
export function disksSection({ section, fileSystems, devices }: DisksMessage): DisksSection {
  const known = devices.map(
    (device): BlockDevice => ({
      ...device,
      major: device.major ?? 0,
      minor: device.minor ?? 0,
      reads: device.reads ?? UNKNOWN,
      readBytes: device.readBytes ?? UNKNOWN,
      readMillis: device.readMillis ?? UNKNOWN,
      writes: device.writes ?? UNKNOWN,
      writtenBytes: device.writtenBytes ?? UNKNOWN,
      writeMillis: device.writeMillis ?? UNKNOWN,
      inFlight: device.inFlight ?? UNKNOWN,
      busyMillis: device.busyMillis ?? UNKNOWN,
      weightedMillis: device.weightedMillis ?? UNKNOWN,
    }),
  );
  const byName = new Map(known.map((device) => [device.name, device]));
  return {
    ...section,
    devices: known,
    fileSystems: fileSystems.map((message) => fileSystem(message, byName)),
  };
}

function fileSystem(
  { deviceName, ...facts }: FileSystemMessage,
  devices: ReadonlyMap<string, BlockDevice>,
): FileSystem {
  return { ...facts, device: deviceName === undefined ? undefined : devices.get(deviceName) };
}

function part<M, T>(message: MessagePart<M>, read: (value: M) => T): Part<T> {
  const { value, error, monotonicMicros, durationMicros } = message;
  return {
    value: value === undefined ? undefined : read(value),
    error,
    monotonicMicros,
    durationMicros,
  };
}

function memorySample(message: MemoryMessage): MemorySample {
  return {
    ...message,
    totalBytes: message.totalBytes ?? UNKNOWN,
    freeBytes: message.freeBytes ?? UNKNOWN,
    availableBytes: message.availableBytes ?? UNKNOWN,
    usedBytes: message.usedBytes ?? UNKNOWN,
  };
}

function pressure(message: PressureMessage | undefined): Pressure | undefined {
  return message === undefined ? undefined : { some: stall(message.some), full: stall(message.full) };
}

function stall(message: StallMessage | undefined): Stall | undefined {
  if (message === undefined) return undefined;
  return {
    avg10: message.avg10 ?? UNKNOWN,
    avg60: message.avg60 ?? UNKNOWN,
    avg300: message.avg300 ?? UNKNOWN,
    totalMicros: message.totalMicros ?? UNKNOWN,
  };
}

function gpuSample(message: GpuMessage): GpuSample {
  return {
    ...message,
    vendor: VENDORS.find((vendor) => vendor === message.vendor) ?? 'other',
    processes: message.processes.flatMap(({ pid, ...process }): GpuProcess[] =>
      pid === undefined ? [] : [{ ...process, pid, engines: enginesOf(process.engines) }],
    ),
  };
}

function enginesOf(messages: GpuMessage['processes'][number]['engines']): GpuProcess['engines'] {
  return messages.map(({ engine, busy, total, capacity }) => ({
    engine,
    busy: busy ?? UNKNOWN,
    total,
    capacity: positive(capacity, 1),
  }));
}

function positive(value: number | undefined, usual: number): number {
  return value !== undefined && value > 0 ? value : usual;
}
