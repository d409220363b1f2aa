import type { Buffer } from '../buffer/buffer.ts';
import type { Style } from '../style/style.ts';
import { horizontalGlyph } from './glyphs.ts';
import { barLevel, type Ramp, rampStyle } from './levels.ts';

const LINE = 0x2501;
const HALF_LINE = 0x2578;
const TRACK = 0x2500;
const ASCII_LINE = 0x3d;
/** No hyphen: in front of a figure it would be a minus sign. */
const ASCII_TRACK = 0x2e;

/**
 * Draws a share as a line as thick as a stroke, so that meters below each other stay apart: `━━━╸───` in the style,
 * the rest of the whole in the track's. Length says value / maximum in half cells; 0 and NaN draw no ink, anything
 * above 0 draws some. Repaints all `width` cells; without a track the rest is left as it is.
 */
export function putMeter(
  buffer: Buffer,
  x: number,
  y: number,
  width: number,
  value: number,
  maximum: number,
  style: Style,
  track: Style | undefined,
  ascii: boolean,
): void {
  const halves = barLevel(value, maximum, width * 2);
  for (let column = 0; column < width; column++) {
    const left = halves - column * 2;
    if (left >= 2) buffer.putCodePoint(x + column, y, ascii ? ASCII_LINE : LINE, style);
    else if (left === 1) buffer.putCodePoint(x + column, y, ascii ? ASCII_LINE : HALF_LINE, style);
    else if (track !== undefined) buffer.putCodePoint(x + column, y, ascii ? ASCII_TRACK : TRACK, track);
  }
}

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
