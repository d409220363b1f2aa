import {
  compactBytesText,
  compactRateText,
  type RateUnits,
  rateText,
  tenthsText,
} from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import { type Rect, rightOf, rowOf } from '../../screen/layout/rect.ts';
import type { Style } from '../../screen/style/style.ts';
import { usageStyle } from '../../screen/style/theme.ts';
import { putAligned } from '../../screen/widgets/aligned-text.ts';
import { putSparkline } from '../../screen/widgets/chart.ts';
import { verticalGlyph } from '../../screen/widgets/glyphs.ts';
import { graphLevel, type Ramp, rampStyle, type Samples } from '../../screen/widgets/levels.ts';
import { renderSegments, type Segment, segment } from '../segments.ts';
import { memoryLine, percentOf, swapLine } from './memory-panel.ts';
import { percentText, putUsageLine, type SystemView } from './system-look.ts';

const LABEL_WIDTH = 6;
const VALUE_WIDTH = 7;
/** Maximum number of cores shown beside the CPU line, one block each. */
const CORES_MAX = 32;
/** `R 112.6K  W 112.6K`. */
const IO_WIDTH = 18;

/** Draws one line each for CPU, memory, swap, disks and network; the last lines are dropped first. */
export function renderResourceLines(area: Rect, buffer: Buffer, view: SystemView, hasSwap: boolean): void {
  renderCpuLine(rowOf(area, 0), buffer, view);
  renderMemoryLine(rowOf(area, 1), buffer, view, false);
  if (hasSwap) renderMemoryLine(rowOf(area, 2), buffer, view, true);
  renderNetworkLine(rowOf(area, hasSwap ? 3 : 2), buffer, view);
  renderDisksLine(rowOf(area, hasSwap ? 4 : 3), buffer, view);
}

function renderCpuLine(area: Rect, buffer: Buffer, view: SystemView): void {
  if (area.height < 1) return;
  const { data, theme } = view;
  const { cpu } = data.rates;
  const cores = cpu.usage.count - 1;
  const right = rightOf(area) - 1;
  const { total } = cpu.usage;
  const x = putLabel(buffer, area, 'CPU', percentText(total), usageStyle(theme, total), view);
  const shownCores = cores > 1 && cores <= CORES_MAX && area.width >= 60 + cores ? cores : 0;
  const graphRight = shownCores > 0 ? right - shownCores - 2 : right;
  putSparkline(buffer, x, area.y, graphRight - x, 1, cpu.total, 100, theme.levelRamp);
  for (let core = 0; core < shownCores; core++) {
    const percent = cpu.coreOf(core);
    const glyph = verticalGlyph(graphLevel(percent, 100, 8), buffer.isAscii);
    buffer.putCodePoint(right - shownCores + core, area.y, glyph, rampStyle(theme.levelRamp, percent, 100));
  }
}

function renderMemoryLine(area: Rect, buffer: Buffer, view: SystemView, isSwap: boolean): void {
  if (area.height < 1) return;
  const { data, theme } = view;
  const memory = data.machine?.memory.value;
  if (memory === undefined) {
    putLabel(buffer, area, isSwap ? 'Swap' : 'Memory', '-', theme.dim, view);
    return;
  }
  const line = isSwap ? swapLine(memory, 'Swap') : memoryLine(memory, 'Memory');
  putUsageLine(buffer, area.x + 1, area.y, area.width - 2, line, theme);
}

function renderNetworkLine(area: Rect, buffer: Buffer, view: SystemView): void {
  if (area.height < 1) return;
  const { data, theme } = view;
  const { interfaces } = data.rates;
  putAligned(buffer, area.x + 1, area.y, LABEL_WIDTH, 'left', 'Net', theme.dim);
  const from = area.x + LABEL_WIDTH + 2;
  const half = (rightOf(area) - 1 - from - 2) >> 1;
  putTraffic(buffer, from, area.y, half, view, {
    ...{ sign: buffer.isAscii ? 'dn' : '▼', rate: interfaces.download, peak: interfaces.downloadPeak },
    ...{ samples: interfaces.downloads, style: theme.download, ramp: theme.downloadRamp },
  });
  putTraffic(buffer, from + half + 2, area.y, half, view, {
    ...{ sign: buffer.isAscii ? 'up' : '▲', rate: interfaces.upload, peak: interfaces.uploadPeak },
    ...{ samples: interfaces.uploads, style: theme.upload, ramp: theme.uploadRamp },
  });
}

interface Traffic {
  readonly sign: string;
  readonly rate: number;
  readonly peak: number;
  readonly samples: Samples;
  readonly style: Style;
  readonly ramp: Ramp;
}

/** `999.9 KB/s` or `999.9 Mbit/s`, and a blank. */
const RATE_WIDTHS: Readonly<Record<RateUnits, number>> = { bytes: 11, bits: 13 };
const PEAK_WIDTH = 11;
const GRAPH_MIN_WIDTH = 6;

function putTraffic(
  buffer: Buffer,
  x: number,
  y: number,
  width: number,
  { units = 'bytes', theme }: SystemView,
  traffic: Traffic,
): void {
  const { sign, rate, peak, samples, style, ramp } = traffic;
  const signEnd = buffer.put(x, y, sign, style);
  const rateWidth = RATE_WIDTHS[units];
  putAligned(buffer, signEnd, y, rateWidth, 'right', rateText(rate, units), rate > 0 ? style : theme.dim);
  const graphX = signEnd + rateWidth + 1;
  const peakX = x + width - PEAK_WIDTH;
  const hasPeak = peakX - 1 - graphX >= GRAPH_MIN_WIDTH;
  const graphWidth = (hasPeak ? peakX - 1 : x + width) - graphX;
  if (graphWidth >= GRAPH_MIN_WIDTH) {
    putSparkline(buffer, graphX, y, graphWidth, 1, samples, Number.NaN, ramp);
  }
  if (hasPeak) {
    const text = `peak ${compactRateText(peak, units).padStart(6)}`;
    putAligned(buffer, peakX, y, PEAK_WIDTH, 'left', text, theme.dim);
  }
}

/** Disk I/O now, and the use of file systems, as many as fit. */
function renderDisksLine(area: Rect, buffer: Buffer, view: SystemView): void {
  if (area.height < 1) return;
  const { data, theme } = view;
  putAligned(buffer, area.x + 1, area.y, LABEL_WIDTH, 'left', 'Disks', theme.dim);
  const right = rightOf(area) - 1;
  const { reads, writes } = data.rates.disks;
  const io = `R ${compactBytesText(reads.last)}  W ${compactBytesText(writes.last)}`;
  const isIdle = !(reads.last + writes.last > 0);
  let x = area.x + LABEL_WIDTH + 2;
  if (reads.count > 0) {
    buffer.put(x, area.y, io, isIdle ? theme.dim : theme.text, right - x);
    x += IO_WIDTH + 2;
  }
  const fileSystems = data.disks?.fileSystems ?? [];
  if (fileSystems.length === 0) buffer.put(x, area.y, '-', theme.dim);
  for (const { mountPoint, name, usedBytes, availableBytes, silence } of fileSystems) {
    if (silence === 'not-asked') continue;
    const percent = percentOf(usedBytes, (usedBytes ?? Number.NaN) + (availableBytes ?? Number.NaN));
    const figure = percentText(percent);
    // The original agent sends no mount points.
    const label = mountPoint || name;
    const width = Math.min(label.length, 24);
    if (x + width + 1 + figure.length > right) return;
    putAligned(buffer, x, area.y, width, 'left', label, theme.dim);
    x = buffer.put(x + width + 1, area.y, figure, usageStyle(theme, percent)) + 3;
  }
}

/** Draws all resources on one line, for the smallest screens. */
export function renderFigures(area: Rect, buffer: Buffer, view: SystemView): void {
  const { data, units = 'bytes', theme } = view;
  const { cpu, interfaces } = data.rates;
  const memory = data.machine?.memory.value;
  const memoryPercent = percentOf(memory?.usedBytes, memory?.totalBytes);
  const swapPercent = percentOf(memory?.swapUsedBytes, memory?.swapTotalBytes);
  const hasSwap = (memory?.swapTotalBytes ?? 0) > 0;
  const figure = (label: string, percent: number, priority: number): Segment => {
    const text = label === '' ? '' : `${label} ${Number.isNaN(percent) ? '-' : tenthsText(percent)}%`;
    return segment(text, usageStyle(theme, percent), priority);
  };
  const down = `${buffer.isAscii ? 'dn' : '▼'} ${compactRateText(interfaces.download, units)}`;
  const up = `${buffer.isAscii ? 'up' : '▲'} ${compactRateText(interfaces.upload, units)}`;
  renderSegments(area, buffer, [
    figure('CPU', cpu.usage.total, 100),
    figure('MEM', memoryPercent, 90),
    figure(hasSwap ? 'SWP' : '', swapPercent, 50),
    segment(down, theme.download, 80),
    segment(up, theme.upload, 79),
  ]);
}

/** Draws the label and the figure of a line; returns the column after both. */
function putLabel(
  buffer: Buffer,
  area: Rect,
  label: string,
  value: string,
  style: Style,
  { theme }: SystemView,
): number {
  putAligned(buffer, area.x + 1, area.y, LABEL_WIDTH, 'left', label, theme.dim);
  const x = area.x + LABEL_WIDTH + 2;
  putAligned(buffer, x, area.y, VALUE_WIDTH, 'right', value, style);
  return x + VALUE_WIDTH + 2;
}
