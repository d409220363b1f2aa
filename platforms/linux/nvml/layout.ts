import type { GpuProcess } from '../../../src/data/schema/gpu-sample.ts';
import { unsigned64At } from '../integers.ts';

/** sizeof(nvmlProcessInfo_t), versions 2 and 3; sizeof(nvmlProcessUtilizationSample_t). */
export const PROCESS_INFO_SIZE = 24;
export const PROCESS_SAMPLE_SIZE = 32;
/** sizeof(nvmlPciInfo_t), sizeof(nvmlMemory_v2_t), sizeof(nvmlMemory_t). */
export const PCI_INFO_SIZE = 68;
export const MEMORY_V2_SIZE = 40;
export const MEMORY_SIZE = 24;
/** What the library wants in the first word of a versioned struct: its size and its version. */
export const MEMORY_V2_VERSION = MEMORY_V2_SIZE | (2 << 24);

const PCI_BUS_ID_OFFSET = 36;
const PCI_BUS_ID_SIZE = 32;
const decoder = new TextDecoder();

/** Text up to its NUL. */
export function textIn(bytes: Uint8Array, offset: number, size: number): string {
  const field = bytes.subarray(offset, offset + size);
  const end = field.indexOf(0);
  return decoder.decode(end < 0 ? field : field.subarray(0, end));
}

/**
 * The address of a device as sysfs writes it (`0000:65:00.0`); undefined where the text is none.
 *
 *   nvmlPciInfo_t   0 busIdLegacy 16   16 domain 4   20 bus 4   24 device 4   28 ids 8   36 busId 32 (`00000000:65:00.0`)
 */
export function parsePciAddress(bytes: Uint8Array): string | undefined {
  const text = textIn(bytes, PCI_BUS_ID_OFFSET, PCI_BUS_ID_SIZE).toLowerCase();
  const match = /^[0-9a-f]{0,4}([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])$/.exec(text);
  return match?.[1];
}

/**
 * Memory of `count` processes, added up by pid; NaN where the driver does not tell (all ones).
 *
 *   nvmlProcessInfo_t   0 pid 4, pad 4   8 usedGpuMemory 8   16 gpuInstanceId 4   20 computeInstanceId 4
 */
export function parseProcessInfos(view: DataView, count: number): Map<number, number> {
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
export function parseProcessSamples(view: DataView, count: number): Map<number, ProcessSample> {
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
export function joinProcesses(
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
