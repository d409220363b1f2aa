import type { Buffer } from '../buffer/buffer.ts';
import { verticalGlyph } from './glyphs.ts';
import { type Ramp, rampStyle } from './intensity-ramp.ts';
import { graphLevel, maximumOf, type Samples, sampleAt } from './levels.ts';

/**
 * Draws samples as columns of eighth blocks, one cell per sample, the newest at the right edge; older ones that do
 * not fit are left out. NaN, and what is before the first sample, is blank; a known 0 is a baseline. A `maximum`
 * of NaN scales to the largest sample in view. The colour of a column follows its sample.
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
  ascii: boolean,
): void {
  const scale = Number.isNaN(maximum) ? maximumOf(samples, width) : maximum;
  for (let column = 0; column < width; column++) {
    const value = sampleAt(samples, width - 1 - column);
    const level = graphLevel(value, scale, height * 8);
    const style = rampStyle(ramp, value, scale);
    for (let row = 0; row < height; row++) {
      const eighths = level - (height - 1 - row) * 8;
      buffer.putCodePoint(x + column, y + row, verticalGlyph(eighths, ascii), style);
    }
  }
}
