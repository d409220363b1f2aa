import { AsciiText, formatInteger, formatTenths, tenthsText } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import { bottomOf, type Rect, rect } from '../../screen/layout/rect.ts';
import { usageStyle } from '../../screen/style/theme.ts';
import { putAligned, putFigure } from '../../screen/widgets/aligned-text.ts';
import { putSparkline, putTimeAxis, renderChart } from '../../screen/widgets/chart.ts';
import { brailleGlyph, verticalGlyph } from '../../screen/widgets/glyphs.ts';
import { graphLevel, rampStyle, type Samples } from '../../screen/widgets/levels.ts';
import { trendMark } from '../network/cells.ts';
import { percentText, renderPanel, type SystemView } from './system-look.ts';

const AXIS_WIDTH = 4;
const HERTZ_PER_GIGAHERTZ = 1e9;

/** Draws total CPU use over time, with its scale. */
export function renderCpuPanel(area: Rect, buffer: Buffer, view: SystemView): void {
  const { data, theme } = view;
  const { cpu } = data.rates;
  const { total } = cpu.usage;
  const style = usageStyle(theme, total);
  const titleStyle = style === theme.text ? theme.title : style;
  const title = `CPU ${percentText(total)}`;
  const inside = renderPanel(area, buffer, view, title, modelText(view), titleStyle);
  if (inside.height < 1) return;
  renderPercentChart(inside, buffer, view, cpu.total);
}

/** Draws memory use over time beside the CPU chart if there is room. */
export function renderMemoryHistory(area: Rect, buffer: Buffer, view: SystemView): void {
  const { rates } = view.data;
  const title = `Memory ${percentText(rates.memory.last)}`;
  const inside = renderPanel(area, buffer, view, title, 'used over time');
  if (inside.height >= 1) renderPercentChart(inside, buffer, view, rates.memory);
}

/** Draws a chart from 0 to 100 percent with its scale, and the time axis on the lower border. */
function renderPercentChart(inside: Rect, buffer: Buffer, view: SystemView, samples: Samples): void {
  const { data, theme } = view;
  renderAxis(inside, buffer, view);
  const chart = rect(inside.x + AXIS_WIDTH, inside.y, inside.width - AXIS_WIDTH, inside.height);
  renderChart(chart, buffer, { samples, maximum: 100, ramp: theme.levelRamp, theme });
  putTimeAxis(buffer, { ...chart, y: bottomOf(chart) }, data.rates.age.seconds, view);
}

/** `Intel(R) Xeon(R) 2.9 GHz`: model and clock speed. */
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

function renderAxis(inside: Rect, buffer: Buffer, { theme }: SystemView): void {
  const last = inside.height - 1;
  const put = (row: number, text: string): void => {
    putAligned(buffer, inside.x, inside.y + row, AXIS_WIDTH - 1, 'right', text, theme.dim);
  };
  put(0, '100');
  if (last >= 4) put(Math.round(last / 2), '50');
  if (last >= 2) put(last, '0');
}

/** Forms of a core: wide or narrow history, one block, or half a block. */
type CoreForm = 'graph' | 'narrow' | 'block' | 'half';

interface CoreGrid {
  readonly form: CoreForm;
  /** Layout of the cores. Numbers run down the columns, but along the rows for blocks and halves. */
  readonly columns: number;
  readonly cellWidth: number;
}

const FORMS = [
  { form: 'graph', least: 24, most: 44, gap: 2 },
  { form: 'narrow', least: 11, most: 23, gap: 1 },
] as const;
const GAPS: Readonly<Record<CoreForm, number>> = { graph: 2, narrow: 1, block: 0, half: 0 };
/** Before a row of blocks: the number of its first core. */
const BLOCK_LABEL_WIDTH = 5;
const PERCENT_WIDTH = 5;
const NARROW_PERCENT_WIDTH = 4;
/** On a high screen, a few cores get graphs of several lines. */
const GRAPH_HEIGHT_MAX = 5;

/** Lines that the cores need in narrow form, with history and percentage. */
export function narrowRows(width: number, cores: number): number {
  const { least, gap } = FORMS[1];
  return Math.ceil(cores / Math.max(1, Math.floor((width + gap) / (least + gap))));
}

/** The most detailed form in which all cores fit; else as many as fit. A heat map leaves a line for names. */
export function coreGrid(width: number, height: number, cores: number): CoreGrid {
  for (const { form, least, most, gap } of FORMS) {
    const columns = Math.max(1, Math.ceil(cores / Math.max(1, height)));
    const cellWidth = Math.floor((width - gap * (columns - 1)) / columns);
    if (cellWidth >= least) return { form, columns, cellWidth: Math.min(cellWidth, most) };
  }
  // Multiples of ten per row, so that a core is easy to find.
  const tens = (columns: number): number => (columns >= 10 ? columns - (columns % 10) : Math.max(1, columns));
  const rows = mapRows(height);
  const room = width - BLOCK_LABEL_WIDTH;
  for (const cellWidth of [2, 1]) {
    const columns = tens(Math.floor(room / cellWidth));
    if (columns * rows >= cores) return { form: 'block', columns, cellWidth };
  }
  return { form: 'half', columns: tens(2 * room), cellWidth: 1 };
}

/** Lines of a heat map; the last line of the area names the busiest cores. */
function mapRows(height: number): number {
  return height >= 3 ? height - 1 : height;
}

const scratch = new AsciiText();

/** Draws the use of each core. */
export function renderCoresPanel(area: Rect, buffer: Buffer, view: SystemView): void {
  const { data } = view;
  const count = data.rates.cpu.usage.count - 1;
  const online = data.machine?.cpu.value?.onlineCount;
  const title = online === undefined ? 'Cores' : `Cores ${online}`;
  const inside = renderPanel(area, buffer, view, title, loadText(view));
  if (inside.height < 1 || count < 1) return;
  renderCores(inside, buffer, view, count);
}

/** Number of runnable tasks. */
function loadText({ data }: SystemView): string {
  const cpu = data.machine?.cpu.value;
  if (cpu?.runnableTasks === undefined || cpu.tasks === undefined) return '';
  return `${cpu.runnableTasks}/${cpu.tasks} tasks running`;
}

function renderCores(inside: Rect, buffer: Buffer, view: SystemView, count: number): void {
  const grid = coreGrid(inside.width, inside.height, count);
  if (grid.form === 'block' || grid.form === 'half') {
    const rows = mapRows(inside.height);
    renderBlocks({ ...inside, height: rows }, buffer, view, count, grid);
    if (rows < inside.height) putBusiest(buffer, inside, view, count);
    return;
  }
  const perColumn = Math.min(inside.height, Math.ceil(count / grid.columns));
  const pitch = grid.form === 'graph' ? Math.floor(inside.height / perColumn) : 1;
  // A full graph of eighths leaves a gap by itself; one of characters fills its lines.
  const hasGap = pitch >= (buffer.isAscii ? 2 : 3);
  const height = Math.min(GRAPH_HEIGHT_MAX, hasGap ? pitch - 1 : pitch);
  for (let core = 0; core < count; core++) {
    const column = Math.floor(core / perColumn);
    if (column >= grid.columns) return;
    const x = inside.x + column * (grid.cellWidth + GAPS[grid.form]);
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
  const { data, theme } = view;
  const { cpu } = data.rates;
  const isOnline = data.machine?.cpu.value?.times.isOnline[core + 1] === 1;
  const percent = cpu.coreOf(core);
  const isNarrow = form === 'narrow';
  const digits = String(data.rates.cpu.usage.count - 2).length;
  const label = isNarrow ? String(core).padStart(digits) : `cpu${core}`;
  const labelWidth = isNarrow ? digits + 1 : 6;
  const percentWidth = isNarrow ? NARROW_PERCENT_WIDTH : PERCENT_WIDTH;
  const bottom = y + height - 1;
  putAligned(buffer, x, bottom, labelWidth, 'left', label, theme.dim);
  const percentX = x + cellWidth - percentWidth;
  if (!isOnline) {
    putAligned(buffer, percentX, bottom, percentWidth, 'right', 'off', theme.dim);
    return;
  }
  scratch.clear();
  if (isNarrow) formatInteger(Math.round(percent), scratch);
  else formatTenths(percent, scratch);
  const style = percent >= 0.05 ? usageStyle(theme, percent) : theme.dim;
  const { bytes, length } = scratch;
  putFigure(buffer, percentX, bottom, percentWidth, bytes, length, style);
  const from = x + labelWidth;
  const room = percentX - from - (isNarrow ? 0 : 3);
  putSparkline(buffer, from, y, room, height, cpu.cores[core]!, 100, theme.levelRamp);
  if (isNarrow) return;
  const trend = cpu.trendOf(core);
  const trendStyle = trend === 'flat' ? theme.dim : theme.text;
  buffer.put(percentX - 2, bottom, trendMark(trend, buffer.isAscii), trendStyle);
}

/** Names the busiest cores that fit: `busiest 17 98 % 203 91 %`. */
function putBusiest(buffer: Buffer, inside: Rect, { data, theme }: SystemView, count: number): void {
  const { cpu } = data.rates;
  const order = Array.from({ length: count }, (_, core) => core)
    .filter((core) => cpu.coreOf(core) >= 0.5)
    .sort((a, b) => cpu.coreOf(b) - cpu.coreOf(a) || a - b);
  const y = inside.y + inside.height - 1;
  const right = inside.x + inside.width;
  let x = buffer.put(inside.x + 1, y, 'busiest', theme.dim, inside.width - 1) + 2;
  for (const core of order) {
    const figure = `${Math.round(cpu.coreOf(core))} %`;
    const name = `${core}`;
    if (x + name.length + 1 + figure.length > right) return;
    x = buffer.put(x, y, name, theme.dim) + 1;
    x = buffer.put(x, y, figure, usageStyle(theme, cpu.coreOf(core))) + 2;
  }
}

/** One block; height and brightness show the core's use. */
function putLevel(buffer: Buffer, x: number, y: number, percent: number, view: SystemView): void {
  const glyph = verticalGlyph(graphLevel(percent, 100, buffer.isAscii ? 8 : 7), buffer.isAscii);
  buffer.putCodePoint(x, y, glyph, rampStyle(view.theme.levelRamp, percent, 100));
}

function renderBlocks(inside: Rect, buffer: Buffer, view: SystemView, count: number, grid: CoreGrid): void {
  const { theme } = view;
  const isHalf = grid.form === 'half';
  const perCell = isHalf ? 2 : 1;
  for (let core = 0; core < count; core += perCell) {
    const row = Math.floor(core / grid.columns);
    if (row >= inside.height) return;
    const y = inside.y + row;
    const column = core % grid.columns;
    if (column === 0) {
      putAligned(buffer, inside.x, y, BLOCK_LABEL_WIDTH - 1, 'right', String(core), theme.dim);
    }
    const x = inside.x + BLOCK_LABEL_WIDTH + Math.floor((column * grid.cellWidth) / perCell);
    if (isHalf) putHalves(buffer, x, y, core, core + 1 < count, view);
    else putLevel(buffer, x, y, view.data.rates.cpu.coreOf(core), view);
  }
}

/** Two cores in one cell, four steps each; in ASCII the busier of the two. */
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
  if (buffer.isAscii) {
    putLevel(buffer, x, y, busier, view);
    return;
  }
  const glyph = brailleGlyph(graphLevel(left, 100, 4), graphLevel(right, 100, 4));
  buffer.putCodePoint(x, y, glyph, rampStyle(view.theme.levelRamp, busier, 100));
}
