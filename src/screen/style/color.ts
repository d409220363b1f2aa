/**
 * A colour as one number, small enough to share a cell's word with the attributes:
 *
 *      25 24 23      16 15       8 7        0
 *     +--+--+----------+----------+----------+
 *     | I| C|   red    |  green   |   blue   |
 *     +--+--+----------+----------+----------+
 *
 * C is set for a colour of one's own; all zero is the terminal's default; I alone means "keep what is there".
 */
export type Color = number;

/** The terminal's own colour. */
export const DEFAULT_COLOR: Color = 0;

/** Keep the colour that the cell already has. Never stored in a cell. */
export const INHERIT_COLOR: Color = 0x02000000;

/** Set in every colour that is neither the terminal's own nor inherited. */
export const COLOR_FLAG = 0x01000000;

/** The colour of `0xrrggbb`. */
export function rgb(hex: number): Color {
  return COLOR_FLAG | (hex & 0xffffff);
}

/** The colour of a hue in degrees (any number), and saturation and lightness from 0 to 1 (clamped). */
export function hsl(hue: number, saturation: number, lightness: number): Color {
  const s = Math.min(Math.max(saturation, 0), 1);
  const l = Math.min(Math.max(lightness, 0), 1);
  const chroma = s * Math.min(l, 1 - l);
  return (
    COLOR_FLAG |
    (hslChannel(0, hue, l, chroma) << 16) |
    (hslChannel(8, hue, l, chroma) << 8) |
    hslChannel(4, hue, l, chroma)
  );
}

/** One channel from 0 to 255, by the formula of CSS Color 4, section 7 (HSL). */
function hslChannel(offset: number, hue: number, lightness: number, chroma: number): number {
  const k = (((offset + hue / 30) % 12) + 12) % 12;
  return Math.round(255 * (lightness - chroma * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
}
