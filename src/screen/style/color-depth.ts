import { ansiIndexOf, type Color, hueOf } from './color.ts';

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
  const red = (color >>> 16) & 255;
  const green = (color >>> 8) & 255;
  const blue = color & 255;
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
  const red = (color >>> 16) & 255;
  const green = (color >>> 8) & 255;
  const blue = color & 255;
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
