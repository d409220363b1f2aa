import { dlopen, type FFIFunction, type FFITypeOrString } from 'bun:ffi';
import { existsSync } from 'node:fs';
import { OpError, orUndefined } from '../../../src/kit/errors/op-error.ts';
import type { NativeBuffer } from '../libc.ts';

const ARCHITECTURE = process.arch === 'arm64' ? 'aarch64' : 'x86_64';

/**
 * Where drivers put the management library: distributions, NixOS, WSL, containers. Absolute paths alone: a bare name
 * would be looked for in the working directory too.
 */
const NVML_PATHS: readonly string[] = [
  `/usr/lib/${ARCHITECTURE}-linux-gnu/libnvidia-ml.so.1`,
  '/usr/lib64/libnvidia-ml.so.1',
  '/usr/lib/libnvidia-ml.so.1',
  `/lib/${ARCHITECTURE}-linux-gnu/libnvidia-ml.so.1`,
  '/run/opengl-driver/lib/libnvidia-ml.so.1',
  '/usr/lib/wsl/lib/libnvidia-ml.so.1',
  '/usr/local/nvidia/lib64/libnvidia-ml.so.1',
  '/usr/local/nvidia/lib/libnvidia-ml.so.1',
];

/** The first of the paths that is there. */
export function findNvml(paths: readonly string[] = NVML_PATHS): string | undefined {
  return paths.find((path) => existsSync(path));
}

const NVML_ERROR_FUNCTION_NOT_FOUND = 13;

type Arguments = readonly FFITypeOrString[];
type Call = (...args: (number | NativeBuffer['pointer'] | bigint)[]) => number;

/**
 * The functions of nvml.h that are used; each is looked up alone, because old drivers lack the newer ones and one
 * missing name would fail the whole library. Every one returns an nvmlReturn_t, 0 for success.
 */
const SIGNATURES = {
  ...{ nvmlInit_v2: [], nvmlShutdown: [], nvmlDeviceGetCount_v2: ['ptr'] },
  ...{ nvmlDeviceGetHandleByIndex_v2: ['u32', 'ptr'], nvmlDeviceGetName: ['ptr', 'ptr', 'u32'] },
  ...{ nvmlDeviceGetPciInfo_v3: ['ptr', 'ptr'], nvmlDeviceGetUtilizationRates: ['ptr', 'ptr'] },
  ...{ nvmlDeviceGetMemoryInfo_v2: ['ptr', 'ptr'], nvmlDeviceGetMemoryInfo: ['ptr', 'ptr'] },
  ...{ nvmlDeviceGetTemperature: ['ptr', 'u32', 'ptr'], nvmlDeviceGetPowerUsage: ['ptr', 'ptr'] },
  ...{ nvmlDeviceGetClockInfo: ['ptr', 'u32', 'ptr'], nvmlDeviceGetMaxClockInfo: ['ptr', 'u32', 'ptr'] },
  nvmlDeviceGetComputeRunningProcesses_v3: ['ptr', 'ptr', 'ptr'],
  nvmlDeviceGetComputeRunningProcesses_v2: ['ptr', 'ptr', 'ptr'],
  nvmlDeviceGetGraphicsRunningProcesses_v3: ['ptr', 'ptr', 'ptr'],
  nvmlDeviceGetGraphicsRunningProcesses_v2: ['ptr', 'ptr', 'ptr'],
  nvmlDeviceGetProcessUtilization: ['ptr', 'ptr', 'ptr', 'u64'],
} as const satisfies Record<string, Arguments>;

export type NvmlFunction = keyof typeof SIGNATURES;

/** An opened libnvidia-ml. It stays mapped for good: the driver's threads do not survive its unloading. */
export class NvmlLibrary {
  readonly path: string;
  readonly #functions = new Map<NvmlFunction, Call>();

  /** Throws OpError where the file is no such library. */
  constructor(path: string) {
    this.path = path;
    for (const [name, args] of Object.entries(SIGNATURES) as [NvmlFunction, Arguments][]) {
      const found = lookUp(path, name, args);
      if (found !== undefined) this.#functions.set(name, found);
    }
    if (!this.#functions.has('nvmlInit_v2')) {
      const message = `${path} is not an NVIDIA management library`;
      throw new OpError({ op: 'dlopen', code: 'ENOEXEC', message });
    }
  }

  /** The function's nvmlReturn_t; that of a missing one is NVML_ERROR_FUNCTION_NOT_FOUND. */
  call(name: NvmlFunction, ...args: Parameters<Call>): number {
    return this.#functions.get(name)?.(...args) ?? NVML_ERROR_FUNCTION_NOT_FOUND;
  }

  has(name: NvmlFunction): boolean {
    return this.#functions.has(name);
  }
}

function lookUp(path: string, name: string, args: Arguments): Call | undefined {
  const signature: FFIFunction = { args: [...args], returns: 'i32' };
  return orUndefined(() => dlopen(path, { [name]: signature }).symbols[name] as Call | undefined);
}
