/**
 * A colour as a number of 15 bits, so that a cell has both of its colours in one word: 0 is the terminal's default,
 * 1 to 16 are its own sixteen, whatever they look like there, and those from 17 on stand in a table, in the order in
 * which they were made.
 */
export type Color = number;

/** The terminal's own colour. */
export const DEFAULT_COLOR: Color = 0;

/** Keep the colour that the cell already has. Never stored in a cell. */
export const INHERIT_COLOR: Color = 0x7fff;

const FIRST_MADE: Color = 17;

/** `0xrrggbb` of the colours from FIRST_MADE on. All themes together have some hundred. */
const made: number[] = [];

/** The colour of `0xrrggbb`. The terminal's default where 32,000 others were made before. */
export function rgb(hex: number): Color {
  const channels = hex & 0xffffff;
  const known = made.indexOf(channels);
  if (known >= 0) return FIRST_MADE + known;
  if (FIRST_MADE + made.length === INHERIT_COLOR) return DEFAULT_COLOR;
  return FIRST_MADE + made.push(channels) - 1;
}

/** Whether a colour is neither the terminal's own nor inherited. */
export function hasChannels(color: Color): boolean {
  return color >= FIRST_MADE && color !== INHERIT_COLOR;
}

/** The `0xrrggbb` of a colour; black for those that the terminal chooses. */
export function hexOf(color: Color): number {
  return made[color - FIRST_MADE] ?? 0;
}

/**
 * One of the terminal's own sixteen colours: 0 to 7 as of ECMA-48 SGR 30 to 37, 8 to 15 their bright ones (90 to 97).
 */
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
  return rgb(
    (hslChannel(0, hue, l, chroma) << 16) |
      (hslChannel(8, hue, l, chroma) << 8) |
      hslChannel(4, hue, l, chroma),
  );
}

/** Hue in degrees, 0 to 360; undefined for greys and for colours of the terminal. */
export function hueOf(color: Color): number | undefined {
  const hex = hexOf(color);
  const red = hex >>> 16;
  const green = (hex >>> 8) & 255;
  const blue = hex & 255;
  const brightest = Math.max(red, green, blue);
  const chroma = brightest - Math.min(red, green, blue);
  if (chroma === 0) return undefined;
  if (brightest === red) return (((green - blue) / chroma) * 60 + 360) % 360;
  if (brightest === green) return ((blue - red) / chroma) * 60 + 120;
  return ((red - green) / chroma) * 60 + 240;
}

/** One channel from 0 to 255, by the formula of CSS Color 4, section 7 (HSL). */
function hslChannel(offset: number, hue: number, lightness: number, chroma: number): number {
  const k = (((offset + hue / 30) % 12) + 12) % 12;
  return Math.round(255 * (lightness - chroma * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
}

/** How many colours the terminal has: 24 bits each, the palette of 256, the palette of 16, none. */
export type ColorDepth = 'truecolor' | '256' | '16' | 'never';

/** The six levels of each channel in the colour cube of the 256-colour palette (xterm 256colres). */
const CUBE_LEVELS: readonly number[] = [0, 95, 135, 175, 215, 255];
const GREY_START = 232;
const GREY_STEPS = 24;

/** Hues where one of the six colours ends and the next begins, in degrees, and their index in the palette. */
const HUE_ENDS: readonly number[] = [20, 75, 165, 212, 260, 330, 360];
const HUE_INDEXES: readonly number[] = [1, 3, 2, 6, 4, 5, 1];

/** The nearest of the 6x6x6 cube and the grey ramp of the 256-colour palette, 16 to 255; the sixteen are themselves. */
export function toPalette256(color: Color): number {
  const own = ansiIndexOf(color);
  if (own >= 0) return own;
  const hex = hexOf(color);
  const red = hex >>> 16;
  const green = (hex >>> 8) & 255;
  const blue = hex & 255;
  const r = cubeStep(red);
  const g = cubeStep(green);
  const b = cubeStep(blue);
  const greyStep = Math.min(Math.max(Math.round(((red + green + blue) / 3 - 8) / 10), 0), GREY_STEPS - 1);
  const grey = 8 + greyStep * 10;
  const cubeDistance = distance(red - CUBE_LEVELS[r]!, green - CUBE_LEVELS[g]!, blue - CUBE_LEVELS[b]!);
  const greyDistance = distance(red - grey, green - grey, blue - grey);
  return greyDistance < cubeDistance ? GREY_START + greyStep : 16 + 36 * r + 6 * g + b;
}

/**
 * One of the 16 colours: pale ones become grey by brightness, the others keep their hue. By hue and not by
 * distance, because what the 16 look like is the user's choice and only their hues can be relied on. One of the
 * sixteen is itself.
 */
export function toPalette16(color: Color): number {
  const own = ansiIndexOf(color);
  if (own >= 0) return own;
  const hex = hexOf(color);
  const red = hex >>> 16;
  const green = (hex >>> 8) & 255;
  const blue = hex & 255;
  const brightest = Math.max(red, green, blue);
  const chroma = brightest - Math.min(red, green, blue);
  if (brightest < 64) return 0;
  if (chroma < 64 && chroma < brightest * 0.4) return brightest < 150 ? 8 : brightest < 220 ? 7 : 15;
  const hue = hueOf(color) ?? 0;
  const index = HUE_INDEXES[HUE_ENDS.findIndex((end) => hue <= end)] ?? 1;
  return brightest < 170 ? index : index + 8;
}

function cubeStep(channel: number): number {
  if (channel < 48) return 0;
  return channel < 115 ? 1 : Math.floor((channel - 35) / 40);
}

/** Squared, green weighing most as it does for the eye. */
function distance(red: number, green: number, blue: number): number {
  return 3 * red * red + 4 * green * green + 2 * blue * blue;
}

/** How a glyph is drawn beside its colours; bits that may be joined by `|`. */
export const Attribute = {
  BOLD: 1,
  DIM: 2,
  ITALIC: 4,
  UNDERLINE: 8,
  REVERSE: 16,
  STRIKE: 32,
} as const;

/** All attribute bits. */
export const ATTRIBUTE_MASK = 63;

/** Colours and attributes of text. An inherited colour leaves the cell's own. */
export interface Style {
  readonly foreground: Color;
  readonly background: Color;
  /** Bits of `Attribute`. */
  readonly attributes: number;
}

/** A frozen style. Without a background the text is drawn on whatever is there. Make styles once, not per frame. */
export function style(foreground: Color, background: Color = INHERIT_COLOR, attributes = 0): Style {
  return Object.freeze({ foreground, background, attributes: attributes & ATTRIBUTE_MASK });
}

/** The terminal's own colours, nothing else. */
export const PLAIN_STYLE: Style = style(DEFAULT_COLOR, DEFAULT_COLOR);
