import type { GpuSample } from '../../../data/schema/gpu-sample.ts';
import type { ExpositionWriter } from './exposition-writer.ts';
import { type Family, gauge, info } from './family.ts';
import { encodeLabels, LabelledRows } from './labels.ts';

const ROWS_LIMIT = 64;
const PERCENT = 100;
const MILLI = 1000;

type Read = (gpu: GpuSample) => number | undefined;

const INFO = info('socktop_gpu_info', 'A GPU, by the address or card that the other series name it with.');
const COLUMNS: readonly (readonly [family: Family, read: Read])[] = [
  [
    gauge('socktop_gpu_asleep', 'Value is 1 if the GPU is powered down and was not asked.'),
    ({ isAsleep }) => (isAsleep ? 1 : 0),
  ],
  [
    gauge('socktop_gpu_utilization_ratio', 'Share of time in which the GPU worked, 0 to 1.', 'ratio'),
    ({ utilizationPercent }) => dividedBy(utilizationPercent, PERCENT),
  ],
  [
    gauge('socktop_gpu_memory_used_bytes', 'Memory of the GPU in use.', 'bytes'),
    ({ memoryUsedBytes }) => memoryUsedBytes,
  ],
  [
    gauge('socktop_gpu_memory_size_bytes', 'Memory of the GPU.', 'bytes'),
    ({ memoryTotalBytes }) => memoryTotalBytes,
  ],
  [
    gauge('socktop_gpu_temperature_celsius', 'Temperature of the GPU.', 'celsius'),
    ({ temperatureCelsius }) => temperatureCelsius,
  ],
  [
    gauge('socktop_gpu_power_watts', 'Power that the GPU draws.', 'watts'),
    ({ powerMilliwatts }) => dividedBy(powerMilliwatts, MILLI),
  ],
  [gauge('socktop_gpu_frequency_hertz', 'Frequency of the GPU.', 'hertz'), ({ frequencyHz }) => frequencyHz],
  [
    gauge('socktop_gpu_frequency_max_hertz', 'The highest frequency that the GPU may reach.', 'hertz'),
    ({ maxFrequencyHz }) => maxFrequencyHz,
  ],
];

/** GPUs, which node_exporter does not have. Returns how many rows were left out for want of room. */
export function writeGpus(writer: ExpositionWriter, gpus: readonly GpuSample[]): number {
  const rows = new LabelledRows<GpuSample>(ROWS_LIMIT);
  for (const gpu of gpus) rows.add(gpu, 'gpu', gpu.id);
  rows.each(({ id, name, vendor }) =>
    writer.sample(INFO, encodeLabels('gpu', id, 'name', name, 'vendor', vendor), 1),
  );
  for (const [family, read] of COLUMNS) {
    rows.each((gpu, labels) => writer.sample(family, labels, read(gpu)));
  }
  return rows.leftOut;
}

function dividedBy(value: number | undefined, divisor: number): number | undefined {
  return value === undefined ? undefined : value / divisor;
}
