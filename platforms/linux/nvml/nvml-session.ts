import type { GpuProcess, GpuSample } from '../../../src/data/schema/gpu-sample.ts';
import { OpError } from '../../../src/kit/errors/op-error.ts';
import { unsigned64At } from '../integers.ts';
import { NativeBuffer } from '../libc.ts';
import { textIn } from '../proc/text-scanner.ts';
import type { NvmlFunction, NvmlLibrary } from './library.ts';

/** nvml.h: result codes that are distinguished. */
const RETURNS: Readonly<Record<number, string>> = {
  ...{ 1: 'UNINITIALIZED', 3: 'NOT_SUPPORTED', 4: 'NO_PERMISSION', 9: 'DRIVER_NOT_LOADED' },
  ...{ 12: 'LIBRARY_NOT_FOUND', 13: 'FUNCTION_NOT_FOUND', 15: 'GPU_IS_LOST', 18: 'VERSION_MISMATCH' },
  999: 'UNKNOWN',
};
const NVML_ERROR_NOT_FOUND = 6;
/** The driver takes a sample of each process about once a second: none for so long means that it did nothing. */
const SAMPLES_MILLIS = 2000;
const NVML_TEMPERATURE_GPU = 0;
const NVML_CLOCK_GRAPHICS = 0;
const DEVICES_LIMIT = 64;
const PROCESSES_LIMIT = 1024;
const NAME_SIZE = 96;
const HERTZ_PER_MEGAHERTZ = 1e6;

/** A GPU by its handle, with what does not change. */
interface Device {
  readonly handle: number;
  readonly id: string;
  readonly name: string;
  readonly maxFrequencyHz: number | undefined;
}

/** An initialised management library. The GPUs stay awake until `close`. */
export class NvmlSession {
  readonly #library: NvmlLibrary;
  readonly #word = new NativeBuffer(8);
  readonly #struct = new NativeBuffer(Math.max(PCI_INFO_SIZE, NAME_SIZE, MEMORY_V2_SIZE));
  readonly #processes = new NativeBuffer(PROCESSES_LIMIT * PROCESS_INFO_SIZE);
  readonly #samples = new NativeBuffer(PROCESSES_LIMIT * PROCESS_SAMPLE_SIZE);
  readonly #devices: readonly Device[];

  /** Throws OpError where the driver refuses: not loaded, another version than the library, no permission. */
  constructor(library: NvmlLibrary) {
    this.#library = library;
    this.#must('nvmlInit_v2');
    this.#must('nvmlDeviceGetCount_v2', this.#word.pointer);
    const count = Math.min(this.#word.u32[0]!, DEVICES_LIMIT);
    this.#devices = Array.from({ length: count }, (_, i) => this.#openDevice(i)).filter(
      (device) => device !== undefined,
    );
  }

  /** All GPUs; what one of them does not support is undefined. Throws OpError where the driver is gone. */
  read(): GpuSample[] {
    this.#must('nvmlDeviceGetCount_v2', this.#word.pointer);
    return this.#devices.map((device) => this.#readDevice(device));
  }

  close(): void {
    this.#library.call('nvmlShutdown');
  }

  /** undefined: this user may not see it (a control group may forbid a device), or it fell off the bus. */
  #openDevice(index: number): Device | undefined {
    if (this.#library.call('nvmlDeviceGetHandleByIndex_v2', index, this.#word.pointer) !== 0)
      return undefined;
    const handle = unsigned64At(this.#word.view, 0);
    const hasName = this.#ask('nvmlDeviceGetName', handle, this.#struct.pointer, NAME_SIZE);
    const name = hasName ? textIn(this.#struct.bytes, 0, NAME_SIZE) : 'NVIDIA';
    const hasAddress = this.#ask('nvmlDeviceGetPciInfo_v3', handle, this.#struct.pointer);
    const address = hasAddress ? parsePciAddress(this.#struct.bytes) : undefined;
    return {
      handle,
      name,
      id: address ?? `nvidia${index}`,
      maxFrequencyHz: this.#readFrequency('nvmlDeviceGetMaxClockInfo', handle),
    };
  }

  #readDevice(device: Device): GpuSample {
    const { handle, id, name, maxFrequencyHz } = device;
    const memory = this.#readMemory(handle);
    return {
      id,
      name,
      vendor: 'nvidia',
      isAsleep: false,
      utilizationPercent: this.#readUtilization(handle),
      memoryUsedBytes: memory?.used,
      memoryTotalBytes: memory?.total,
      temperatureCelsius: this.#readWord('nvmlDeviceGetTemperature', handle, NVML_TEMPERATURE_GPU),
      powerMilliwatts: this.#readWord('nvmlDeviceGetPowerUsage', handle),
      frequencyHz: this.#readFrequency('nvmlDeviceGetClockInfo', handle),
      maxFrequencyHz,
      processes: this.#readProcesses(handle),
    };
  }

  /** nvmlUtilization_t: gpu, memory, a word each. */
  #readUtilization(handle: number): number | undefined {
    if (!this.#ask('nvmlDeviceGetUtilizationRates', handle, this.#word.pointer)) return undefined;
    const percent = this.#word.u32[0]!;
    return percent <= 100 ? percent : undefined;
  }

  /**
   * Version 2 leaves what the driver reserves for itself out of `used`, as nvidia-smi does.
   *
   *   nvmlMemory_v2_t   0 version 4, pad 4   8 total 8   16 reserved 8   24 free 8   32 used 8
   *   nvmlMemory_t      0 total 8   8 free 8   16 used 8
   */
  #readMemory(handle: number): { total: number; used: number } | undefined {
    const { view, bytes, u32, pointer } = this.#struct;
    bytes.fill(0, 0, MEMORY_V2_SIZE);
    u32[0] = MEMORY_V2_VERSION;
    if (this.#ask('nvmlDeviceGetMemoryInfo_v2', handle, pointer)) {
      return { total: unsigned64At(view, 8), used: unsigned64At(view, 32) };
    }
    bytes.fill(0, 0, MEMORY_SIZE);
    if (!this.#ask('nvmlDeviceGetMemoryInfo', handle, pointer)) return undefined;
    return { total: unsigned64At(view, 0), used: unsigned64At(view, 16) };
  }

  #readFrequency(name: 'nvmlDeviceGetClockInfo' | 'nvmlDeviceGetMaxClockInfo', handle: number) {
    const megahertz = this.#readWord(name, handle, NVML_CLOCK_GRAPHICS);
    return megahertz === undefined ? undefined : megahertz * HERTZ_PER_MEGAHERTZ;
  }

  #readWord(name: NvmlFunction, handle: number, ...args: number[]): number | undefined {
    return this.#ask(name, handle, ...args, this.#word.pointer) ? this.#word.u32[0]! : undefined;
  }

  #readProcesses(handle: number): GpuProcess[] {
    const compute = this.#readContexts(handle, 'Compute');
    const graphics = this.#readContexts(handle, 'Graphics');
    if (compute.size + graphics.size === 0) return [];
    return joinProcesses(compute, graphics, this.#readSamples(handle));
  }

  #readContexts(handle: number, kind: 'Compute' | 'Graphics'): Map<number, number> {
    const newest = `nvmlDeviceGet${kind}RunningProcesses_v3` as const;
    const name = this.#library.has(newest) ? newest : (`nvmlDeviceGet${kind}RunningProcesses_v2` as const);
    this.#word.u32[0] = PROCESSES_LIMIT;
    const isThere = this.#ask(name, handle, this.#word.pointer, this.#processes.pointer);
    return parseProcessInfos(this.#processes.view, isThere ? this.#word.u32[0]! : 0);
  }

  /** undefined: not measured here (old GPUs, slices of one, other users' processes). */
  #readSamples(handle: number): ReturnType<typeof parseProcessSamples> | undefined {
    const sinceMicros = BigInt(Date.now() - SAMPLES_MILLIS) * 1000n;
    this.#word.u32[0] = PROCESSES_LIMIT;
    const result = this.#library.call(
      'nvmlDeviceGetProcessUtilization',
      handle,
      this.#samples.pointer,
      this.#word.pointer,
      sinceMicros,
    );
    if (result === NVML_ERROR_NOT_FOUND) return new Map();
    return result === 0 ? parseProcessSamples(this.#samples.view, this.#word.u32[0]!) : undefined;
  }

  #ask(name: NvmlFunction, handle: number, ...args: (number | bigint)[]): boolean {
    return this.#library.call(name, handle, ...args) === 0;
  }

  #must(name: NvmlFunction, ...args: number[]): void {
    const result = this.#library.call(name, ...args);
    if (result === 0) return;
    const code = RETURNS[result] ?? `NVML_${result}`;
    throw new OpError({ op: name, code, message: `${name}: ${code} (${this.#library.path})` });
  }
}

/** sizeof(nvmlProcessInfo_t), versions 2 and 3; sizeof(nvmlProcessUtilizationSample_t). */
const PROCESS_INFO_SIZE = 24;
const PROCESS_SAMPLE_SIZE = 32;
/** sizeof(nvmlPciInfo_t), sizeof(nvmlMemory_v2_t), sizeof(nvmlMemory_t). */
const PCI_INFO_SIZE = 68;
const MEMORY_V2_SIZE = 40;
const MEMORY_SIZE = 24;
/** What the library wants in the first word of a versioned struct: its size and its version. */
const MEMORY_V2_VERSION = MEMORY_V2_SIZE | (2 << 24);

const PCI_BUS_ID_OFFSET = 36;
const PCI_BUS_ID_SIZE = 32;

/**
 * The address of a device as sysfs writes it (`0000:65:00.0`); undefined where the text is none.
 *
 *   nvmlPciInfo_t   0 busIdLegacy 16   16 domain 4   20 bus 4   24 device 4   28 ids 8   36 busId 32 (`00000000:65:00.0`)
 */
function parsePciAddress(bytes: Uint8Array): string | undefined {
  const text = textIn(bytes, PCI_BUS_ID_OFFSET, PCI_BUS_ID_OFFSET + PCI_BUS_ID_SIZE).toLowerCase();
  const match = /^[0-9a-f]{0,4}([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])$/.exec(text);
  return match?.[1];
}

/**
 * Memory of `count` processes, summed by pid; NaN: not reported by the driver (all ones).
 *
 *   nvmlProcessInfo_t   0 pid 4, pad 4   8 usedGpuMemory 8   16 gpuInstanceId 4   20 computeInstanceId 4
 */
function parseProcessInfos(view: DataView, count: number): Map<number, number> {
  const memory = new Map<number, number>();
  const last = Math.min(count, Math.floor(view.byteLength / PROCESS_INFO_SIZE));
  for (let i = 0; i < last; i++) {
    const at = i * PROCESS_INFO_SIZE;
    const pid = view.getUint32(at, true);
    const bytes = unsigned64At(view, at + 8);
    const known = bytes > Number.MAX_SAFE_INTEGER ? Number.NaN : bytes;
    memory.set(pid, (memory.get(pid) ?? 0) + known);
  }
  return memory;
}

/** Utilisation of a process and when the driver took it. */
interface ProcessSample {
  readonly timestampMicros: bigint;
  readonly percent: number;
}

/**
 * The newest sample of each process.
 *
 *   nvmlProcessUtilizationSample_t   0 pid 4, pad 4   8 timeStamp 8   16 smUtil 4   20 memUtil 4   24 encUtil 4   28 decUtil 4
 */
function parseProcessSamples(view: DataView, count: number): Map<number, ProcessSample> {
  const samples = new Map<number, ProcessSample>();
  const last = Math.min(count, Math.floor(view.byteLength / PROCESS_SAMPLE_SIZE));
  for (let i = 0; i < last; i++) {
    const at = i * PROCESS_SAMPLE_SIZE;
    const pid = view.getUint32(at, true);
    const timestampMicros = view.getBigUint64(at + 8, true);
    const percent = view.getUint32(at + 16, true);
    const known = samples.get(pid);
    if (percent > 100 || (known !== undefined && known.timestampMicros > timestampMicros)) continue;
    samples.set(pid, { timestampMicros, percent });
  }
  return samples;
}

/**
 * Processes of compute and of graphics contexts: one that has both is listed twice with the same memory. Without a
 * sample a process did nothing; `samples` undefined: nothing is known of any.
 */
function joinProcesses(
  compute: ReadonlyMap<number, number>,
  graphics: ReadonlyMap<number, number>,
  samples: ReadonlyMap<number, ProcessSample> | undefined,
): GpuProcess[] {
  const pids = [...new Set([...compute.keys(), ...graphics.keys()])].sort((a, b) => a - b);
  return pids.map((pid) => {
    const memory = Math.max(compute.get(pid) ?? 0, graphics.get(pid) ?? 0);
    return {
      pid,
      memoryBytes: Number.isNaN(memory) ? undefined : memory,
      utilizationPercent: samples === undefined ? undefined : (samples.get(pid)?.percent ?? 0),
      engines: [],
    };
  });
}
