import { AsciiText, formatTenths, tenthsText } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import { type Rect, rect } from '../../screen/layout/rect.ts';
import { usageStyle } from '../../screen/style/theme.ts';
import { putAligned, putAlignedAscii } from '../../screen/widgets/aligned-text.ts';
import { putSparkline, renderChart } from '../../screen/widgets/chart.ts';
import { brailleGlyph, verticalGlyph } from '../../screen/widgets/glyphs.ts';
import { graphLevel, rampStyle } from '../../screen/widgets/levels.ts';
import { putMeter } from '../../screen/widgets/meter.ts';
import { trendMark } from '../network/cells.ts';
import { meterStyle, percentText, renderPanel, type SystemView } from './system-look.ts';

const AXIS_WIDTH = 4;
const HERTZ_PER_GIGAHERTZ = 1e9;

/** Draws the use of all processors over time, with its scale. */
export function renderCpuPanel(area: Rect, buffer: Buffer, view: SystemView): void {
  const { data, theme, ascii } = view;
  const { cpu } = data.rates;
  const { total } = cpu.usage;
  const titleStyle = usageStyle(theme, total);
  const inside = renderPanel(
    area,
    buffer,
    view,
    `CPU ${percentText(total)}`,
    modelText(view),
    titleStyle === theme.text ? theme.title : titleStyle,
  );
  if (inside.height < 1) return;
  renderAxis(inside, buffer, view);
  renderChart(rect(inside.x + AXIS_WIDTH, inside.y, inside.width - AXIS_WIDTH, inside.height), buffer, {
    samples: cpu.total,
    maximum: 100,
    cells: 'braille',
    ramp: theme.levelRamp,
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

/** How a core is drawn: with its past, as a bar, as a figure with one block, as one block alone, or as half of one. */
type CoreForm = 'graph' | 'bar' | 'figure' | 'block' | 'half';

interface CoreGrid {
  readonly form: CoreForm;
  /** Cores beside each other; the numbers run down the columns, of blocks and halves along the rows. */
  readonly columns: number;
  readonly cellWidth: number;
}

const GAP = 2;
const FORMS = [
  { form: 'graph', width: 24 },
  { form: 'bar', width: 13 },
  { form: 'figure', width: 9 },
] as const;
/** In front of a row of blocks: the number of its first core. */
const BLOCK_LABEL_WIDTH = 5;
const PERCENT_WIDTH = 5;
/** Beyond these widths the eye loses the row. */
const CELL_MAX = { graph: 44, bar: 24, figure: 10 } as const;
/** Few cores on a high screen have graphs of several lines. */
const GRAPH_HEIGHT_MAX = 5;

/** The richest form in which so many cores fit into an area; what does not fit in halves of a cell is left out. */
export function coreGrid(width: number, height: number, cores: number): CoreGrid {
  for (const { form, width: least } of FORMS) {
    const columns = Math.max(1, Math.ceil(cores / Math.max(1, height)));
    const cellWidth = Math.floor((width - GAP * (columns - 1)) / columns);
    if (cellWidth >= least) return { form, columns, cellWidth: Math.min(cellWidth, CELL_MAX[form]) };
  }
  // Whole tens a row, so that a core is found without counting.
  const tens = (columns: number): number => (columns >= 10 ? columns - (columns % 10) : Math.max(1, columns));
  const blocks = tens(width - BLOCK_LABEL_WIDTH);
  if (blocks * height >= cores) return { form: 'block', columns: blocks, cellWidth: 1 };
  return { form: 'half', columns: tens(2 * (width - BLOCK_LABEL_WIDTH)), cellWidth: 1 };
}

const scratch = new AsciiText();

/** Draws what each core does. */
export function renderCoresPanel(area: Rect, buffer: Buffer, view: SystemView): void {
  const { data } = view;
  const count = data.rates.cpu.usage.count - 1;
  const online = data.machine?.cpu.value?.onlineCount;
  const inside = renderPanel(
    area,
    buffer,
    view,
    online === undefined ? 'Cores' : `Cores ${online}`,
    loadText(view),
  );
  if (inside.height < 1 || count < 1) return;
  renderCores(inside, buffer, view, count);
}

/** How many tasks run or wait to, which the load averages out. */
function loadText({ data }: SystemView): string {
  const cpu = data.machine?.cpu.value;
  if (cpu?.runnableTasks === undefined || cpu.tasks === undefined) return '';
  return `${cpu.runnableTasks} of ${cpu.tasks} tasks run`;
}

function renderCores(inside: Rect, buffer: Buffer, view: SystemView, count: number): void {
  const grid = coreGrid(inside.width, inside.height, count);
  if (grid.form === 'block' || grid.form === 'half') {
    renderBlocks(inside, buffer, view, count, grid);
    return;
  }
  const perColumn = Math.min(inside.height, Math.ceil(count / grid.columns));
  const pitch = grid.form === 'graph' ? Math.floor(inside.height / perColumn) : 1;
  const height = Math.min(GRAPH_HEIGHT_MAX, pitch < 3 ? pitch : pitch - 1);
  for (let core = 0; core < count; core++) {
    const column = Math.floor(core / perColumn);
    if (column >= grid.columns) return;
    const x = inside.x + column * (grid.cellWidth + GAP);
    renderCore(buffer, x, inside.y + (core % perColumn) * pitch, height, grid, core, view);
  }
}

function renderCore(
  buffer: Buffer,
  x: number,
  y: number,
  height: number,
  { form, cellWidth }: CoreGrid,
  core: number,
  view: SystemView,
): void {
  const { data, theme, ascii } = view;
  const { cpu } = data.rates;
  const isOnline = data.machine?.cpu.value?.times.isOnline[core + 1] === 1;
  const percent = cpu.coreOf(core);
  const isShort = form !== 'graph';
  const label = isShort ? String(core).padStart(3) : `cpu${core}`;
  const labelWidth = isShort ? 3 : 6;
  const bottom = y + height - 1;
  putAligned(buffer, x, bottom, labelWidth, 'left', label, theme.dim, ascii);
  const percentX = x + cellWidth - PERCENT_WIDTH;
  if (!isOnline) {
    putAligned(buffer, percentX, bottom, PERCENT_WIDTH, 'right', 'off', theme.dim, ascii);
    return;
  }
  scratch.clear();
  formatTenths(percent, scratch);
  const style = percent >= 0.05 ? usageStyle(theme, percent) : theme.dim;
  putAlignedAscii(
    buffer,
    percentX,
    bottom,
    PERCENT_WIDTH,
    'right',
    scratch.bytes,
    scratch.length,
    style,
    ascii,
  );
  const room = percentX - (x + labelWidth);
  const from = x + labelWidth;
  if (form === 'figure') putLevel(buffer, percentX - 1, y, percent, view);
  else if (form === 'bar')
    putMeter(buffer, from + 1, y, room - 1, percent, 100, meterStyle(theme, percent), theme.border, ascii);
  else {
    putSparkline(buffer, from, y, room - 3, height, cpu.cores[core]!, 100, theme.levelRamp, ascii);
    const trend = cpu.trendOf(core);
    buffer.put(percentX - 2, bottom, trendMark(trend, ascii), trend === 'flat' ? theme.dim : theme.text);
  }
}

/** One block as high and as bright as the core is busy. */
function putLevel(buffer: Buffer, x: number, y: number, percent: number, view: SystemView): void {
  const glyph = verticalGlyph(graphLevel(percent, 100, view.ascii ? 8 : 7), view.ascii);
  buffer.putCodePoint(x, y, glyph, rampStyle(view.theme.levelRamp, percent, 100));
}

function renderBlocks(inside: Rect, buffer: Buffer, view: SystemView, count: number, grid: CoreGrid): void {
  const { theme, ascii } = view;
  const isHalf = grid.form === 'half';
  const perCell = isHalf ? 2 : 1;
  for (let core = 0; core < count; core += perCell) {
    const row = Math.floor(core / grid.columns);
    if (row >= inside.height) return;
    const y = inside.y + row;
    const column = core % grid.columns;
    if (column === 0) {
      putAligned(buffer, inside.x, y, BLOCK_LABEL_WIDTH - 1, 'right', String(core), theme.dim, ascii);
    }
    const x = inside.x + BLOCK_LABEL_WIDTH + column / perCell;
    if (isHalf) putHalves(buffer, x, y, core, core + 1 < count, view);
    else putLevel(buffer, x, y, view.data.rates.cpu.coreOf(core), view);
  }
}

/** Two cores in one cell, four steps each; where only ASCII is shown, the busier of them. */
function putHalves(
  buffer: Buffer,
  x: number,
  y: number,
  core: number,
  isPair: boolean,
  view: SystemView,
): void {
  const { cpu } = view.data.rates;
  const left = cpu.coreOf(core);
  const right = isPair ? cpu.coreOf(core + 1) : Number.NaN;
  const busier = left >= right || Number.isNaN(right) ? left : right;
  if (view.ascii) {
    putLevel(buffer, x, y, busier, view);
    return;
  }
  const glyph = brailleGlyph(graphLevel(left, 100, 4), graphLevel(right, 100, 4));
  buffer.putCodePoint(x, y, glyph, rampStyle(view.theme.levelRamp, busier, 100));
}
