/**
 * A colour as one number, small enough to share a cell's word with the attributes:
 *
 *      25 24 23      16 15       8 7        0
 *     +--+--+----------+----------+----------+
 *     | I| C|   red    |  green   |   blue   |
 *     +--+--+----------+----------+----------+
 *
 * C is set for a colour of one's own; all zero is the terminal's default; I alone means "keep what is there";
 * 1 to 16 alone are the terminal's own sixteen, whatever they look like there.
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

/** One of the terminal's own sixteen colours: 0 to 7 as of ECMA-48 SGR 30 to 37, 8 to 15 their bright ones (90 to 97). */
export function ansi(index: number): Color {
  return (index & 15) + 1;
}

/** The index from 0 to 15 of a colour made by `ansi`; -1 for every other colour. */
export function ansiIndexOf(color: Color): number {
  return color > 0 && color <= 16 ? color - 1 : -1;
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

/** The hue of a colour in degrees, from 0 to 360; undefined for greys and for what is no colour of one's own. */
export function hueOf(color: Color): number | undefined {
  const red = (color >>> 16) & 255;
  const green = (color >>> 8) & 255;
  const blue = color & 255;
  const brightest = Math.max(red, green, blue);
  const chroma = brightest - Math.min(red, green, blue);
  if (chroma === 0 || (color & COLOR_FLAG) === 0) return undefined;
  if (brightest === red) return (((green - blue) / chroma) * 60 + 360) % 360;
  if (brightest === green) return ((blue - red) / chroma) * 60 + 120;
  return ((red - green) / chroma) * 60 + 240;
}

/** One channel from 0 to 255, by the formula of CSS Color 4, section 7 (HSL). */
function hslChannel(offset: number, hue: number, lightness: number, chroma: number): number {
  const k = (((offset + hue / 30) % 12) + 12) % 12;
  return Math.round(255 * (lightness - chroma * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
}
