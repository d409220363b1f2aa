import { cellWidth } from '../../kit/text/cell-width.ts';
import type { Buffer } from '../buffer/buffer.ts';
import { isEmpty, type Rect } from '../layout/rect.ts';
import type { Style } from '../style/style.ts';
import type { Theme } from '../style/theme.ts';
import { brailleGlyph, hangingBrailleGlyph, hangingGlyph, verticalGlyph } from './glyphs.ts';
import { graphLevel, maximumOf, type Ramp, rampStyle, type Samples, sampleAt } from './levels.ts';

export interface Chart {
  readonly samples: Samples;
  /** Value at the top edge; NaN scales to the largest sample in view. */
  readonly maximum: number;
  /** By height: the faintest style at the bottom, the strongest at the top. */
  readonly ramp: Ramp;
  /** Written over the upper right corner. */
  readonly label?: string;
  readonly theme: Pick<Theme, 'dim'>;
  /** Filled from the top edge downwards; the newest sample stays at the right edge. */
  readonly isHanging?: boolean;
}

/**
 * Draws an area chart, newest sample at the right edge; NaN is blank, a known 0 is a baseline. Cells above the samples
 * are left as the frame began, blank. A cell of braille shows two samples, one of ASCII one.
 */
export function renderChart(area: Rect, buffer: Buffer, chart: Chart): void {
  if (isEmpty(area)) return;
  const { samples, ramp, isHanging = false } = chart;
  const { width, height } = area;
  const { isAscii } = buffer;
  const perCell = isAscii ? 1 : 2;
  const perRow = isAscii ? EIGHTHS : DOTS;
  const scale = Number.isNaN(chart.maximum) ? maximumOf(samples, width * perCell) : chart.maximum;
  for (let cell = Math.min(width, Math.ceil(samples.count / perCell)) - 1; cell >= 0; cell--) {
    const newest = cell * perCell;
    const right = graphLevel(sampleAt(samples, newest), scale, height * perRow);
    const left = isAscii ? right : graphLevel(sampleAt(samples, newest + 1), scale, height * perRow);
    const level = Math.max(left, right);
    for (let row = height - 1, below = 0; below < level; row--, below += perRow) {
      const y = area.y + (isHanging ? height - 1 - row : row);
      const glyph = chartGlyph(left - below, right - below, isHanging, isAscii);
      buffer.putCodePoint(area.x + width - 1 - cell, y, glyph, heightStyle(ramp, row, height));
    }
  }
  putLabel(area, buffer, chart);
}

const EIGHTHS = 8;
const DOTS = 4;

function chartGlyph(left: number, right: number, isHanging: boolean, isAscii: boolean): number {
  if (isAscii) return isHanging ? hangingGlyph(right) : verticalGlyph(right, true);
  return isHanging ? hangingBrailleGlyph(left, right) : brailleGlyph(left, right);
}

function heightStyle(ramp: Ramp, row: number, height: number): Style {
  const fromBottom = height === 1 ? 1 : (height - 1 - row) / (height - 1);
  return ramp.at(Math.round(fromBottom * (ramp.length - 1)))!;
}

/** A label that does not fit whole is left out: half a number is a wrong number. */
function putLabel(area: Rect, buffer: Buffer, { label = '', theme }: Chart): void {
  const width = cellWidth(label);
  if (width === 0 || width + 2 > area.width) return;
  buffer.put(area.x + area.width - width - 1, area.y, label, theme.dim);
}

/**
 * Draws samples as columns of eighth blocks, one cell per sample, the newest at the right edge; older ones that do
 * not fit are left out. NaN is blank, a known 0 is a baseline; cells above the samples are left as they are. A
 * `maximum` of NaN scales to the largest sample in view. The colour of a column follows its sample. Of blocks the upper
 * eighth stays free, so that full columns do not fuse with those of the line above.
 */
export function putSparkline(
  buffer: Buffer,
  x: number,
  y: number,
  width: number,
  height: number,
  samples: Samples,
  maximum: number,
  ramp: Ramp,
): void {
  const scale = Number.isNaN(maximum) ? maximumOf(samples, width) : maximum;
  for (let age = Math.min(width, samples.count) - 1; age >= 0; age--) {
    const value = sampleAt(samples, age);
    const level = graphLevel(value, scale, height * EIGHTHS - (buffer.isAscii ? 0 : 1));
    const style = rampStyle(ramp, value, scale);
    for (let row = height - 1, below = 0; below < level; row--, below += EIGHTHS) {
      buffer.putCodePoint(x + width - 1 - age, y + row, verticalGlyph(level - below, buffer.isAscii), style);
    }
  }
}

/** Seconds between two marks of an axis. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200];
/** Minimum distance between marks. */
const MARK_MIN_CELLS = 12;

/** `30s`, `1m15s`, `5m`, `1h30m`: to the second below an hour. */
function spanText(seconds: number): string {
  const isShort = Math.round(seconds) < 3600;
  const parts = Math.round(isShort ? seconds : seconds / 60);
  const [large, small] = [Math.floor(parts / 60), parts % 60];
  const [largeUnit, smallUnit] = isShort ? ['m', 's'] : ['h', 'm'];
  return `${large > 0 ? `${large}${largeUnit}` : ''}${small > 0 || large === 0 ? `${small}${smallUnit}` : ''}`;
}

/**
 * Marks on the line below a chart how long ago its columns were: `2m ──── 1m ────`. The newest sample is at the right
 * edge; nothing is drawn before it is known how often samples come.
 *
 * @param secondsPerSample NaN unknown
 */
export function putTimeAxis(
  buffer: Buffer,
  { x, y, width }: Pick<Rect, 'x' | 'y' | 'width'>,
  secondsPerSample: number,
  { theme }: Pick<Chart, 'theme'>,
): void {
  // Braille has two samples per cell.
  const secondsPerCell = secondsPerSample * (buffer.isAscii ? 1 : 2);
  const step = STEPS.find((seconds) => seconds / secondsPerCell >= MARK_MIN_CELLS);
  if (step === undefined) return;
  for (let seconds = step; ; seconds += step) {
    const text = ` ${spanText(seconds)} `;
    const at = x + width - Math.round(seconds / secondsPerCell) - (cellWidth(text) >> 1);
    if (at < x) return;
    buffer.put(at, y, text, theme.dim);
  }
}

/** `last 50s`: the time span of a chart with so many samples; '' if unknown. */
export function coverageText(samples: Samples, shown: number, secondsPerSample: number): string {
  const count = Math.min(samples.count, shown);
  return count < 2 || Number.isNaN(secondsPerSample) ? '' : `last ${spanText(count * secondsPerSample)}`;
}
