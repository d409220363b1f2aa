import type { GpuSample } from '../../data/schema/gpu-sample.ts';
import { partText, tenthsText } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import { percentOf } from './memory-panel.ts';
import { putUsageLines, renderPanel, type SystemView, type UsageLine } from './system-look.ts';

/** `61.0 °C`, `-4.5 °C`, `-`. */
export function temperatureText(celsius: number | undefined, ascii: boolean): string {
  if (celsius === undefined || Number.isNaN(celsius)) return '-';
  const sign = celsius < 0 ? '-' : '';
  return `${sign}${tenthsText(Math.abs(celsius))} ${ascii ? 'C' : '°C'}`;
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
  const title = isOne ? `GPU ${first.name}` : `GPUs ${gpus.length}`;
  const inside = renderPanel(area, buffer, view, title, isOne ? factsOf(first, buffer.isAscii) : '');
  const lines = isOne
    ? [loadLine('load', first, view, ''), memoryLine(first)]
    : gpus.map((gpu, row) => loadLine(`gpu${row}`, gpu, view, memoryText(gpu)));
  putUsageLines(inside, buffer, lines, view.theme);
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

const WIDTHS = { labelWidth: 6, amountWidth: 13 };

function loadLine(label: string, gpu: GpuSample, { data }: SystemView, amount: string): UsageLine {
  return { ...WIDTHS, label, amount, percent: data.rates.gpus.percentOf(gpu.id), runsOut: false };
}

function memoryLine(gpu: GpuSample): UsageLine {
  const percent = percentOf(gpu.memoryUsedBytes, gpu.memoryTotalBytes);
  return { ...WIDTHS, label: 'VRAM', amount: memoryText(gpu), percent, runsOut: true };
}
