import { amount, count, divisor, flag, gauge, list, record, text, type ValueOf, word } from './record.ts';

const GPUS_LIMIT = 256;
const ENGINES_LIMIT = 256;

/** Work of a process on one kind of engine: `busy` nanoseconds, or with a `total` (xe) `busy` of its cycles. */
const GPU_ENGINE_USE = record({
  /** As the driver names it: `render`, `copy`, `video`, `gfx`, `compute`, `rcs`, ... */
  engine: text(),
  busy: count('nanoseconds', Number.NaN),
  total: count(),
  /** Engines of this kind that share the work. */
  capacity: divisor('', 1),
});
export type GpuEngineUse = ValueOf<typeof GPU_ENGINE_USE>;

/** What a process does on a GPU. Several of one pid are clients that were counted together. */
const GPU_PROCESS = record({
  pid: count('', 0),
  memoryBytes: count('bytes'),
  /** Share of the GPU in the driver's own last period; undefined where only counters are given. */
  utilizationPercent: amount('percent'),
  engines: list(GPU_ENGINE_USE, ENGINES_LIMIT),
});
export type GpuProcess = ValueOf<typeof GPU_PROCESS>;

/** A GPU as its driver describes it. */
export const GPU = record({
  /** Stable while the machine runs: PCI address, or the card. */
  id: text(),
  name: text('name', { json: 'name' }),
  vendor: word(['nvidia', 'amd', 'intel', 'other'], 'other', { json: 'vendor' }),
  /** Powered down; it was not asked, so that it stays so. */
  isAsleep: flag({
    metric: gauge('socktop_gpu_asleep', 'Value is 1 if the GPU is powered down and was not queried.'),
  }),
  /** Reported by the driver; undefined: compute it from the engine times of the processes. */
  utilizationPercent: amount('percent', undefined, {
    json: 'percent',
    metric: gauge('socktop_gpu_utilization_ratio', 'GPU utilization, 0 to 1.'),
  }),
  memoryUsedBytes: count('bytes', undefined, {
    json: 'memory_used_bytes',
    metric: gauge('socktop_gpu_memory_used_bytes', 'GPU memory in use in bytes.'),
  }),
  memoryTotalBytes: count('bytes', undefined, {
    json: 'memory_total_bytes',
    metric: gauge('socktop_gpu_memory_size_bytes', 'GPU memory in bytes.'),
  }),
  temperatureCelsius: amount('celsius', undefined, {
    json: 'temp_c',
    metric: gauge('socktop_gpu_temperature_celsius', 'GPU temperature.'),
  }),
  powerMilliwatts: count('milliwatts', undefined, {
    json: 'power_milliwatts',
    metric: gauge('socktop_gpu_power_watts', 'GPU power draw.'),
  }),
  frequencyHz: count('hertz', undefined, {
    metric: gauge('socktop_gpu_frequency_hertz', 'GPU frequency.'),
  }),
  maxFrequencyHz: count('hertz', undefined, {
    metric: gauge('socktop_gpu_frequency_max_hertz', 'Maximum frequency of the GPU.'),
  }),
  processes: list(GPU_PROCESS),
});
export type GpuSample = ValueOf<typeof GPU>;
export type GpuVendor = GpuSample['vendor'];

/** No GPU: an empty list. */
export const GPUS = list(GPU, GPUS_LIMIT);
