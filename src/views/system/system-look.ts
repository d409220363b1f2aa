import { cellWidth } from '../../kit/text/cell-width.ts';
import { type RateUnits, tenthsText } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import { type Rect, rect } from '../../screen/layout/rect.ts';
import type { Style } from '../../screen/style/style.ts';
import { type Theme, usageStyle } from '../../screen/style/theme.ts';
import { putAligned } from '../../screen/widgets/aligned-text.ts';
import { renderBlock } from '../../screen/widgets/block.ts';
import { renderChart } from '../../screen/widgets/chart.ts';
import { rampStyle, type Samples } from '../../screen/widgets/levels.ts';
import { putMeter } from '../../screen/widgets/meter.ts';
import type { SystemData } from './system-data.ts';

/** One machine and the look of its screen. */
export interface SystemView {
  readonly data: SystemData;
  /** Units of network rates; undefined: bytes. */
  readonly units?: RateUnits;
  readonly theme: Theme;
}

/** Bar style of a resource that can run out. */
export function meterStyle(theme: Theme, percent: number): Style {
  return rampStyle(theme.levelRamp, percent, 100);
}

/** `used ███▌ 17.0/31.2 GB 54 %`: a share as one line. */
export interface UsageLine {
  readonly label: string;
  readonly labelWidth: number;
  /** At the right edge, before the percentage. */
  readonly amount: string;
  readonly amountWidth: number;
  readonly percent: number;
  /** Whether full is bad: true for memory, false for a cache. */
  readonly runsOut: boolean;
}

const PERCENT_WIDTH = 7;
const BAR_MIN_WIDTH = 4;

/** `6.9 %`, `-`. */
export function percentText(percent: number): string {
  return Number.isNaN(percent) ? '-' : `${tenthsText(percent)} %`;
}

/** Draws the line over `width` cells. The bar uses the spare width; the amount is dropped if there is none. */
export function putUsageLine(
  buffer: Buffer,
  x: number,
  y: number,
  width: number,
  line: UsageLine,
  theme: Theme,
): void {
  const right = x + width;
  putAligned(buffer, x, y, Math.min(line.labelWidth, width), 'left', line.label, theme.dim);
  const style = line.runsOut ? usageStyle(theme, line.percent) : theme.text;
  const percentX = right - PERCENT_WIDTH;
  if (percentX <= x) return;
  const percent = percentText(line.percent);
  putAligned(buffer, percentX, y, PERCENT_WIDTH, 'right', percent, percent === '-' ? theme.dim : style);
  const barX = x + line.labelWidth + 1;
  const amountWidth = Math.max(line.amountWidth, cellWidth(line.amount));
  const withAmount = percentX - barX - (amountWidth > 0 ? amountWidth + 2 : 0);
  const hasAmount = withAmount >= BAR_MIN_WIDTH;
  if (hasAmount) {
    putAligned(buffer, percentX - 1 - amountWidth, y, amountWidth, 'right', line.amount, theme.dim);
  }
  const barWidth = hasAmount ? withAmount : percentX - 1 - barX;
  if (barWidth < BAR_MIN_WIDTH) return;
  const ink = line.runsOut ? meterStyle(theme, line.percent) : theme.accent;
  putMeter(buffer, barX, y, barWidth, line.percent, ink, theme.border);
}

/** Draws the lines that fit into a panel, from its top. */
export function putUsageLines(inside: Rect, buffer: Buffer, lines: readonly UsageLine[], theme: Theme): void {
  for (const [row, line] of lines.slice(0, inside.height).entries()) {
    putUsageLine(buffer, inside.x + 1, inside.y + row, inside.width - 2, line, theme);
  }
}

/** Draws the frame of a panel with its titles; returns the area inside. */
export function renderPanel(
  area: Rect,
  buffer: Buffer,
  { theme }: SystemView,
  title: string,
  rightTitle: string,
  titleStyle = theme.title,
): Rect {
  return renderBlock(area, buffer, { title, rightTitle, theme, titleStyle });
}

/** Draws what was read on the left and what was written on the right, on one scale, so that heights can be compared. */
export function renderReadsAndWrites(
  { x, y, width, height }: Rect,
  buffer: Buffer,
  both: readonly [reads: Samples, writes: Samples],
  maximum: number,
  theme: Theme,
): void {
  const half = (width - 1) >> 1;
  for (const [at, samples] of both.entries()) {
    const label = at === 0 ? ' read ' : ' write ';
    const ramp = theme.graphRamp;
    renderChart(rect(x + at * (half + 1), y, half, height), buffer, { samples, maximum, ramp, label, theme });
  }
}
