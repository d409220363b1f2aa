import { tenthsText } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import { type Rect, rect } from '../../screen/layout/rect.ts';
import { putAligned } from '../../screen/widgets/aligned-text.ts';
import { renderBlock } from '../../screen/widgets/block.ts';
import { renderChart } from '../../screen/widgets/chart.ts';
import type { SystemView } from './system-look.ts';
import { percentText } from './usage-line.ts';

const AXIS_WIDTH = 4;
const HERTZ_PER_GIGAHERTZ = 1e9;

/** Draws the use of all processors over time, with its scale. */
export function renderCpuPanel(area: Rect, buffer: Buffer, view: SystemView): void {
  const { data, theme, ascii } = view;
  const { cpu } = data.rates;
  const inside = renderBlock(area, buffer, {
    title: `CPU ${percentText(cpu.usage.total)}`,
    rightTitle: modelText(view),
    borderStyle: theme.border,
    titleStyle: theme.title,
    rightTitleStyle: theme.dim,
    ascii,
  });
  if (inside.height < 1) return;
  renderAxis(inside, buffer, view);
  renderChart(rect(inside.x + AXIS_WIDTH, inside.y, inside.width - AXIS_WIDTH, inside.height), buffer, {
    samples: cpu.total,
    maximum: 100,
    cells: 'braille',
    ramp: theme.graphRamp,
    label: '',
    labelStyle: theme.dim,
    ascii,
  });
}

/** `Intel(R) Xeon(R)  2.9 GHz`: what the processor is called, and how fast it goes. */
function modelText({ data }: SystemView): string {
  const cpu = data.machine?.cpu.value;
  if (cpu === undefined) return '';
  const gigahertz = meanFrequencyHz(cpu.times.frequencyHz, cpu.times.count) / HERTZ_PER_GIGAHERTZ;
  const frequency = Number.isNaN(gigahertz) ? '' : `${tenthsText(gigahertz)} GHz`;
  return [cpu.modelName ?? '', frequency].filter((text) => text !== '').join('  ');
}

function meanFrequencyHz(frequencies: Float64Array, count: number): number {
  let sum = 0;
  let known = 0;
  for (let row = 1; row < count; row++) {
    const hertz = frequencies[row]!;
    if (Number.isNaN(hertz)) continue;
    sum += hertz;
    known++;
  }
  return known === 0 ? Number.NaN : sum / known;
}

function renderAxis(inside: Rect, buffer: Buffer, { theme, ascii }: SystemView): void {
  const last = inside.height - 1;
  const put = (row: number, text: string): void => {
    putAligned(buffer, inside.x, inside.y + row, AXIS_WIDTH - 1, 'right', text, theme.dim, ascii);
  };
  put(0, '100');
  if (last >= 4) put(Math.round(last / 2), '50');
  if (last >= 2) put(last, '0');
}
