import type { Buffer } from '../buffer/buffer.ts';
import { horizontalGlyph } from './glyphs.ts';
import { type Ramp, rampStyle } from './intensity-ramp.ts';
import { barLevel } from './levels.ts';

/**
 * Draws one line of a bar for `value` on a scale from 0 to `maximum`: length and colour both say value / maximum
 * and nothing else. 0 and NaN draw no ink; anything above 0 draws some. Repaints all `width` cells.
 */
export function putBar(
  buffer: Buffer,
  x: number,
  y: number,
  width: number,
  value: number,
  maximum: number,
  ramp: Ramp,
  ascii: boolean,
): void {
  const filled = barLevel(value, maximum, width * 8);
  const style = rampStyle(ramp, value, maximum);
  for (let column = 0; column < width; column++) {
    buffer.putCodePoint(x + column, y, horizontalGlyph(filled - column * 8, ascii), style);
  }
}
