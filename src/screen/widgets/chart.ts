import { cellWidth } from '../../kit/text/cell-width.ts';
import type { Buffer } from '../buffer/buffer.ts';
import { isEmpty, type Rect } from '../layout/rect.ts';
import type { Style } from '../style/style.ts';
import { brailleGlyph, hangingBrailleGlyph, hangingGlyph, verticalGlyph } from './glyphs.ts';
import { graphLevel, maximumOf, type Ramp, rampStyle, type Samples, sampleAt } from './levels.ts';

export interface Chart {
  readonly samples: Samples;
  /** Value at the top edge; NaN scales to the largest sample in view. */
  readonly maximum: number;
  /** Braille shows two samples a cell, blocks one sample with twice the height steps. ASCII is always blocks. */
  readonly cells: 'braille' | 'blocks';
  /** By height: the faintest style at the bottom, the strongest at the top. */
  readonly ramp: Ramp;
  /** Written over the upper right corner, `peak 12M`; '' for none. */
  readonly label: string;
  readonly labelStyle: Style;
  /** Filled from the top edge downwards; the newest sample stays at the right edge. */
  readonly isHanging?: boolean;
}

/** Fills the area with an area chart, newest sample at the right edge; NaN is blank, a known 0 is a baseline. */
export function renderChart(area: Rect, buffer: Buffer, chart: Chart): void {
  if (isEmpty(area)) return;
  if (buffer.isAscii || chart.cells === 'blocks') putBlockRows(area, buffer, chart);
  else putBrailleRows(area, buffer, chart);
  putLabel(area, buffer, chart);
}

function putBlockRows(area: Rect, buffer: Buffer, chart: Chart): void {
  const { samples } = chart;
  const scale = Number.isNaN(chart.maximum) ? maximumOf(samples, area.width) : chart.maximum;
  for (let column = 0; column < area.width; column++) {
    const level = graphLevel(sampleAt(samples, area.width - 1 - column), scale, area.height * 8);
    for (let row = 0; row < area.height; row++) {
      const y = area.y + (chart.isHanging === true ? area.height - 1 - row : row);
      const eighths = level - (area.height - 1 - row) * 8;
      const glyph =
        chart.isHanging === true
          ? hangingGlyph(eighths, buffer.isAscii)
          : verticalGlyph(eighths, buffer.isAscii);
      buffer.putCodePoint(area.x + column, y, glyph, heightStyle(chart.ramp, row, area.height));
    }
  }
}

function putBrailleRows(area: Rect, buffer: Buffer, chart: Chart): void {
  const { samples } = chart;
  const steps = area.height * 4;
  const scale = Number.isNaN(chart.maximum) ? maximumOf(samples, area.width * 2) : chart.maximum;
  for (let column = 0; column < area.width; column++) {
    const age = (area.width - column) * 2 - 1;
    const left = graphLevel(sampleAt(samples, age), scale, steps);
    const right = graphLevel(sampleAt(samples, age - 1), scale, steps);
    for (let row = 0; row < area.height; row++) {
      const below = (area.height - 1 - row) * 4;
      const isHanging = chart.isHanging === true;
      const y = area.y + (isHanging ? area.height - 1 - row : row);
      const glyph = (isHanging ? hangingBrailleGlyph : brailleGlyph)(left - below, right - below);
      buffer.putCodePoint(area.x + column, y, glyph, heightStyle(chart.ramp, row, area.height));
    }
  }
}

function heightStyle(ramp: Ramp, row: number, height: number): Style {
  const fromBottom = height === 1 ? 1 : (height - 1 - row) / (height - 1);
  return ramp[Math.round(fromBottom * (ramp.length - 1))]!;
}

/** A label that does not fit whole is left out: half a number is a wrong number. */
function putLabel(area: Rect, buffer: Buffer, chart: Chart): void {
  const width = cellWidth(chart.label);
  if (width === 0 || width + 2 > area.width) return;
  buffer.put(area.x + area.width - width - 1, area.y, chart.label, chart.labelStyle);
}

/**
 * Draws samples as columns of eighth blocks, one cell per sample, the newest at the right edge; older ones that do
 * not fit are left out. NaN, and what is before the first sample, is blank; a known 0 is a baseline. A `maximum`
 * of NaN scales to the largest sample in view. The colour of a column follows its sample. Of blocks the upper eighth stays
 * free, so that full columns do not fuse with those of the line above.
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
  for (let column = 0; column < width; column++) {
    const value = sampleAt(samples, width - 1 - column);
    const level = graphLevel(value, scale, height * 8 - (buffer.isAscii ? 0 : 1));
    const style = rampStyle(ramp, value, scale);
    for (let row = 0; row < height; row++) {
      const eighths = level - (height - 1 - row) * 8;
      buffer.putCodePoint(x + column, y + row, verticalGlyph(eighths, buffer.isAscii), style);
    }
  }
}
