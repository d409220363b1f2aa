import type { GpuSample } from '../../data/schema/gpu-sample.ts';
import { partText, tenthsText } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import { percentOf } from './memory-panel.ts';
import { putUsageLine, renderPanel, type SystemView } from './system-look.ts';

const LABEL_WIDTH = 6;
const AMOUNT_WIDTH = 13;

/** `61 °C`, `-`. */
export function temperatureText(celsius: number | undefined, ascii: boolean): string {
  if (celsius === undefined || Number.isNaN(celsius)) return '-';
  return `${tenthsText(celsius)} ${ascii ? 'C' : '°C'}`;
}

/** Draws GPUs: one GPU with load and memory on a line each, several with one line each. */
export function renderGpuPanel(
  area: Rect,
  buffer: Buffer,
  view: SystemView,
  gpus: readonly GpuSample[],
): void {
  const first = gpus[0];
  const isOne = gpus.length === 1 && first !== undefined;
  const inside = renderPanel(
    area,
    buffer,
    view,
    isOne ? `GPU ${first.name}` : `GPUs ${gpus.length}`,
    isOne ? factsOf(first, buffer.isAscii) : '',
  );
  if (isOne) {
    putLoad(buffer, inside, 0, 'load', first, view, '');
    putMemory(buffer, inside, 1, first, view);
    return;
  }
  for (const [row, gpu] of gpus.slice(0, inside.height).entries()) {
    putLoad(buffer, inside, row, `gpu${row}`, gpu, view, memoryText(gpu));
  }
}

function factsOf(gpu: GpuSample, ascii: boolean): string {
  if (gpu.isAsleep) return 'asleep';
  const watts = gpu.powerMilliwatts === undefined ? undefined : `${Math.round(gpu.powerMilliwatts / 1000)} W`;
  const celsius =
    gpu.temperatureCelsius === undefined ? undefined : temperatureText(gpu.temperatureCelsius, ascii);
  return [watts, celsius].filter((text) => text !== undefined).join('  ');
}

function memoryText({ memoryUsedBytes = Number.NaN, memoryTotalBytes }: GpuSample): string {
  return memoryTotalBytes === undefined ? '' : partText(memoryUsedBytes, memoryTotalBytes);
}

function putLoad(
  buffer: Buffer,
  inside: Rect,
  row: number,
  label: string,
  gpu: GpuSample,
  view: SystemView,
  amount: string,
): void {
  if (row >= inside.height) return;
  const { data, theme } = view;
  const line = {
    ...{ label, labelStyle: theme.dim, labelWidth: LABEL_WIDTH, amount, amountWidth: AMOUNT_WIDTH },
    percent: data.rates.gpus.percentOf(gpu.id),
    runsOut: false,
  };
  putUsageLine(buffer, inside.x + 1, inside.y + row, inside.width - 2, line, theme);
}

function putMemory(buffer: Buffer, inside: Rect, row: number, gpu: GpuSample, view: SystemView): void {
  if (row >= inside.height) return;
  const { theme } = view;
  const line = {
    ...{ label: 'VRAM', labelStyle: theme.dim, labelWidth: LABEL_WIDTH, amountWidth: AMOUNT_WIDTH },
    amount: memoryText(gpu),
    percent: percentOf(gpu.memoryUsedBytes, gpu.memoryTotalBytes),
    runsOut: true,
  };
  putUsageLine(buffer, inside.x + 1, inside.y + row, inside.width - 2, line, theme);
}
