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
 * the rest of the whole in the track's. Length says the percent in half cells; 0 and NaN draw no ink, anything
 * above 0 draws some. Repaints all `width` cells; without a track the rest is left as it is.
 */
export function putMeter(
  buffer: Buffer,
  x: number,
  y: number,
  width: number,
  percent: number,
  style: Style,
  track: Style | undefined,
): void {
  const halves = barLevel(percent, 100, width * 2);
  const whole = halves >> 1;
  const inked = (halves + 1) >> 1;
  buffer.fill({ x, y, width: whole, height: 1 }, style, buffer.isAscii ? ASCII_LINE : LINE);
  if (inked > whole) buffer.putCodePoint(x + whole, y, buffer.isAscii ? ASCII_LINE : HALF_LINE, style);
  if (track === undefined) return;
  buffer.fill(
    { x: x + inked, y, width: width - inked, height: 1 },
    track,
    buffer.isAscii ? ASCII_TRACK : TRACK,
  );
}

/** One line of a bar from 0 to `maximum`, by length and colour. No ink for 0 and NaN, some for anything more. */
export function putBar(
  buffer: Buffer,
  x: number,
  y: number,
  width: number,
  value: number,
  maximum: number,
  ramp: Ramp,
): void {
  const filled = barLevel(value, maximum, width * 8);
  const style = rampStyle(ramp, value, maximum);
  const whole = filled >> 3;
  buffer.fill({ x, y, width: whole, height: 1 }, style, horizontalGlyph(8, buffer.isAscii));
  if (whole === width) return;
  buffer.putCodePoint(x + whole, y, horizontalGlyph(filled & 7, buffer.isAscii), style);
  buffer.fill({ x: x + whole + 1, y, width: width - whole - 1, height: 1 }, style);
}
