import type { Section, SectionError, SnapshotHeader } from '../../data/sample/snapshot.ts';
import {
  column,
  count,
  exact,
  flag,
  type JsonCodec,
  list,
  optional,
  optionalText,
  record,
  seldom,
  text,
} from './json-codec.ts';
import { ROWS_LIMIT, TEXT_LIMIT } from './limits.ts';
import { known, sectionError, sectionFacts, snapshotHeader } from './section-json.ts';

/** What came of one collector at the agent: its facts, or why there are none. Neither where it is switched off. */
export interface MessagePart<T> {
  readonly value: T | undefined;
  readonly error: SectionError | undefined;
  /** When its counters were read. */
  readonly monotonicMicros: number;
  readonly durationMicros: number;
}

/** Clock ticks since boot: row 0 all cores together, row `core + 1` one core; NaN where it is offline. */
export interface CpuTimesMessage {
  readonly user: ArrayLike<number>;
  readonly nice: ArrayLike<number>;
  readonly system: ArrayLike<number>;
  readonly idle: ArrayLike<number>;
  readonly iowait: ArrayLike<number>;
  readonly irq: ArrayLike<number>;
  readonly softirq: ArrayLike<number>;
  readonly steal: ArrayLike<number>;
  readonly guest: ArrayLike<number>;
  readonly frequencyHz: ArrayLike<number>;
  /** 1 or 0. */
  readonly isOnline: ArrayLike<number>;
}

/** Averages in percent, and the cumulative time of waiting. */
export interface StallMessage {
  readonly avg10: number | undefined;
  readonly avg60: number | undefined;
  readonly avg300: number | undefined;
  readonly totalMicros: number | undefined;
}

export interface PressureMessage {
  readonly some: StallMessage | undefined;
  readonly full: StallMessage | undefined;
}

export interface CpuMessage {
  readonly times: CpuTimesMessage;
  readonly ticksPerSecond: number | undefined;
  readonly onlineCount: number | undefined;
  readonly modelName: string | undefined;
  readonly maxFrequencyHz: number | undefined;
  readonly load1: number | undefined;
  readonly load5: number | undefined;
  readonly load15: number | undefined;
  readonly runnableTasks: number | undefined;
  readonly tasks: number | undefined;
  readonly uptimeSeconds: number | undefined;
  readonly contextSwitches: number | undefined;
  readonly forks: number | undefined;
  readonly interrupts: number | undefined;
  readonly blockedTasks: number | undefined;
  readonly cpuPressure: PressureMessage | undefined;
  readonly memoryPressure: PressureMessage | undefined;
  readonly ioPressure: PressureMessage | undefined;
}

export interface MemoryMessage {
  readonly totalBytes: number | undefined;
  readonly freeBytes: number | undefined;
  readonly availableBytes: number | undefined;
  readonly usedBytes: number | undefined;
  readonly buffersBytes: number | undefined;
  readonly cachedBytes: number | undefined;
  readonly reclaimableArcBytes?: number | undefined;
  readonly sharedBytes: number | undefined;
  readonly dirtyBytes: number | undefined;
  readonly writebackBytes: number | undefined;
  readonly anonymousBytes: number | undefined;
  readonly slabBytes: number | undefined;
  readonly committedBytes: number | undefined;
  readonly commitLimitBytes: number | undefined;
  readonly swapTotalBytes: number | undefined;
  readonly swapUsedBytes: number | undefined;
  readonly swapCachedBytes: number | undefined;
  readonly zswapPoolBytes: number | undefined;
  readonly zswapStoredBytes: number | undefined;
  readonly zramPoolBytes: number | undefined;
  readonly zramStoredBytes: number | undefined;
}

/** An interface; counters since boot. */
export interface InterfaceMessage {
  readonly index: number | undefined;
  readonly name: string;
  readonly rxBytes: number | undefined;
  readonly txBytes: number | undefined;
  readonly rxPackets: number | undefined;
  readonly txPackets: number | undefined;
  readonly rxErrors: number | undefined;
  readonly txErrors: number | undefined;
  readonly rxDropped: number | undefined;
  readonly txDropped: number | undefined;
  readonly isLoopback: boolean;
  readonly isUplink: boolean;
  readonly isUp: boolean;
  readonly linkBitsPerSecond: number | undefined;
  readonly mtuBytes: number | undefined;
  readonly operationalState: string | undefined;
  readonly hardwareAddress: string | undefined;
  /** As text. */
  readonly addresses: readonly string[];
}

interface SensorMessage {
  readonly chip: string;
  readonly label: string;
  readonly id: string;
  readonly device: string | undefined;
  readonly celsius: number | undefined;
  readonly maxCelsius: number | undefined;
  readonly criticalCelsius: number | undefined;
}

interface SensorsMessage {
  readonly sensors: readonly SensorMessage[];
  /** The one that speaks for the CPU. */
  readonly cpu: SensorMessage | undefined;
}

interface GpuEngineMessage {
  readonly engine: string;
  readonly busy: number | undefined;
  readonly total: number | undefined;
  readonly capacity: number | undefined;
}

interface GpuProcessMessage {
  readonly pid: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly utilizationPercent: number | undefined;
  readonly engines: readonly GpuEngineMessage[];
}

export interface GpuMessage {
  readonly id: string;
  readonly name: string;
  readonly vendor: string;
  readonly isAsleep: boolean;
  readonly utilizationPercent: number | undefined;
  readonly memoryUsedBytes: number | undefined;
  readonly memoryTotalBytes: number | undefined;
  readonly temperatureCelsius: number | undefined;
  readonly powerMilliwatts: number | undefined;
  readonly frequencyHz: number | undefined;
  readonly maxFrequencyHz: number | undefined;
  readonly processes: readonly GpuProcessMessage[];
}

/** The reply to `get_metrics` on `socktop.v2`: counters as the kernel has them, so that the reader makes the rates. */
export interface MachineMessage {
  readonly header: SnapshotHeader;
  readonly section: Section;
  readonly cpu: MessagePart<CpuMessage>;
  readonly memory: MessagePart<MemoryMessage>;
  readonly networks: MessagePart<readonly InterfaceMessage[]>;
  readonly sensors: MessagePart<SensorsMessage>;
  readonly gpus: MessagePart<readonly GpuMessage[]>;
}

const name = text(TEXT_LIMIT.name);
const optionalName = optionalText(TEXT_LIMIT.name);
const counter = count();

function part<T>(codec: JsonCodec<T>): JsonCodec<MessagePart<T>> {
  return record<MessagePart<T>>({
    value: optional(codec),
    error: optional(sectionError),
    monotonicMicros: known,
    durationMicros: known,
  });
}

const times: JsonCodec<CpuTimesMessage> = record<CpuTimesMessage>({
  ...{ user: column, nice: column, system: column, idle: column, iowait: column, irq: column },
  ...{ softirq: column, steal: column, guest: column, frequencyHz: column, isOnline: column },
});

const stall: JsonCodec<StallMessage> = record<StallMessage>({
  avg10: exact,
  avg60: exact,
  avg300: exact,
  totalMicros: counter,
});

const pressure = optional(record<PressureMessage>({ some: optional(stall), full: optional(stall) }));

const cpu: JsonCodec<CpuMessage> = record<CpuMessage>({
  ...{ times, ticksPerSecond: exact, onlineCount: counter, modelName: optionalName, maxFrequencyHz: exact },
  ...{ load1: exact, load5: exact, load15: exact, runnableTasks: counter, tasks: counter },
  ...{ uptimeSeconds: exact, contextSwitches: counter, forks: counter, interrupts: counter },
  ...{ blockedTasks: counter, cpuPressure: pressure, memoryPressure: pressure, ioPressure: pressure },
});

const memory: JsonCodec<MemoryMessage> = record<MemoryMessage>({
  ...{ totalBytes: counter, freeBytes: counter, availableBytes: counter, usedBytes: counter },
  ...{ buffersBytes: counter, cachedBytes: counter, sharedBytes: counter, dirtyBytes: counter },
  ...{ writebackBytes: counter, anonymousBytes: counter, slabBytes: counter, committedBytes: counter },
  ...{ commitLimitBytes: counter, swapTotalBytes: counter, swapUsedBytes: counter, swapCachedBytes: counter },
  ...{ zswapPoolBytes: counter, zswapStoredBytes: counter, zramPoolBytes: counter, zramStoredBytes: counter },
  reclaimableArcBytes: seldom(counter),
});

const link: JsonCodec<InterfaceMessage> = record<InterfaceMessage>({
  ...{ index: counter, name, rxBytes: counter, txBytes: counter, rxPackets: counter, txPackets: counter },
  ...{ rxErrors: counter, txErrors: counter, rxDropped: counter, txDropped: counter },
  ...{ isLoopback: flag, isUplink: flag, isUp: flag, linkBitsPerSecond: counter, mtuBytes: counter },
  ...{ operationalState: optionalName, hardwareAddress: optionalName, addresses: list(name) },
});

const sensor: JsonCodec<SensorMessage> = record<SensorMessage>({
  ...{ chip: name, label: name, id: name, device: optionalName },
  ...{ celsius: exact, maxCelsius: exact, criticalCelsius: exact },
});

const gpuEngine: JsonCodec<GpuEngineMessage> = record<GpuEngineMessage>({
  ...{ engine: name, busy: counter, total: counter, capacity: counter },
});

const gpuProcess: JsonCodec<GpuProcessMessage> = record<GpuProcessMessage>({
  ...{ pid: counter, memoryBytes: counter, utilizationPercent: exact, engines: list(gpuEngine, 256) },
});

const gpu: JsonCodec<GpuMessage> = record<GpuMessage>({
  ...{ id: name, name, vendor: name, isAsleep: flag, utilizationPercent: exact },
  ...{ memoryUsedBytes: counter, memoryTotalBytes: counter, temperatureCelsius: exact },
  ...{ powerMilliwatts: counter, frequencyHz: counter, maxFrequencyHz: counter },
  processes: list(gpuProcess),
});

/** `get_metrics` of `socktop.v2`. */
export const machineMessage: JsonCodec<MachineMessage> = record<MachineMessage>({
  header: snapshotHeader,
  section: sectionFacts,
  cpu: part(cpu),
  memory: part(memory),
  networks: part(list(link, ROWS_LIMIT.interfaces)),
  sensors: part(record<SensorsMessage>({ sensors: list(sensor, 4096), cpu: optional(sensor) })),
  gpus: part(list(gpu, 256)),
});
