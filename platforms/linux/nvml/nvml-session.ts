import type { GpuProcess, GpuSample } from '../../../src/data/schema/gpu-sample.ts';
import { OpError } from '../../../src/kit/errors/op-error.ts';
import { unsigned64At } from '../integers.ts';
import { NativeBuffer } from '../libc.ts';
import {
  joinProcesses,
  MEMORY_SIZE,
  MEMORY_V2_SIZE,
  MEMORY_V2_VERSION,
  PCI_INFO_SIZE,
  PROCESS_INFO_SIZE,
  PROCESS_SAMPLE_SIZE,
  parsePciAddress,
  parseProcessInfos,
  parseProcessSamples,
  textIn,
} from './layout.ts';
import type { NvmlFunction, NvmlLibrary } from './library.ts';

/** nvml.h: the results that are told apart. */
const RETURNS: Readonly<Record<number, string>> = {
  1: 'UNINITIALIZED',
  3: 'NOT_SUPPORTED',
  4: 'NO_PERMISSION',
  9: 'DRIVER_NOT_LOADED',
  12: 'LIBRARY_NOT_FOUND',
  13: 'FUNCTION_NOT_FOUND',
  15: 'GPU_IS_LOST',
  18: 'VERSION_MISMATCH',
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
