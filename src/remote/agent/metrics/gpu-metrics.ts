import { GPU, type GpuSample } from '../../../data/schema/gpu-sample.ts';
import type { ExpositionWriter } from './exposition-writer.ts';
import { info } from './family.ts';
import { encodeLabels, LabelledRows } from './labels.ts';
import { RecordFamilies } from './record-families.ts';

const ROWS_LIMIT = 64;

const INFO = info('socktop_gpu_info', 'A GPU, by the address or card that the other series name it with.');
const GPUS = new RecordFamilies<GpuSample>(GPU);

/** GPUs, which node_exporter does not have. Returns how many rows were left out for want of room. */
export function writeGpus(writer: ExpositionWriter, gpus: readonly GpuSample[]): number {
  const rows = new LabelledRows<GpuSample>(ROWS_LIMIT);
  for (const gpu of gpus) rows.add(gpu, 'gpu', gpu.id);
  rows.each(({ id, name, vendor }) =>
    writer.sample(INFO, encodeLabels('gpu', id, 'name', name, 'vendor', vendor), 1),
  );
  GPUS.each(writer, (put) => rows.each((gpu, labels) => put(labels, gpu)));
  return rows.leftOut;
}
