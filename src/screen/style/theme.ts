import { type Color, hsl, INHERIT_COLOR, rgb } from './color.ts';
import { Attribute, type Style, style } from './style.ts';

/** How many steps of intensity a ramp has. */
export const RAMP_STEPS = 32;

/** The colours a theme is made of. */
export interface Palette {
  readonly name: string;
  readonly background: number;
  readonly text: number;
  readonly dim: number;
  readonly accent: number;
  readonly green: number;
  readonly red: number;
  readonly yellow: number;
  readonly cyan: number;
  readonly magenta: number;
  readonly border: number;
  readonly selection: number;
  readonly zebra: number;
  /** Hues of bars and graphs, in degrees. */
  readonly uploadHue: number;
  readonly downloadHue: number;
  /** Of graphs that stand for both directions together. */
  readonly graphHue: number;
}

/** Styles by what they mean. Those without a background are drawn on whatever is there. */
export interface Theme {
  readonly name: string;
  /** The whole screen: text colour on the theme's background. Clear and fill with it. */
  readonly base: Style;
  readonly text: Style;
  readonly bold: Style;
  readonly dim: Style;
  readonly accent: Style;
  /** The program's name and titles in borders. */
  readonly title: Style;
  readonly border: Style;
  readonly focusedBorder: Style;
  /** Column headers, and the one that sorts. */
  readonly header: Style;
  readonly sortedHeader: Style;
  /** Names of keys in the footer and in help. */
  readonly key: Style;
  readonly upload: Style;
  readonly download: Style;
  /** Row backgrounds, for `restyle`: they keep the colours of the text. */
  readonly selection: Style;
  readonly zebra: Style;
  readonly good: Style;
  readonly warning: Style;
  readonly bad: Style;
  readonly info: Style;
  readonly special: Style;
  /** What the filter found inside a text. */
  readonly match: Style;
  /** A row whose alert has just gone off, for `restyle`. */
  readonly alert: Style;
  readonly scrollbarTrack: Style;
  readonly scrollbarThumb: Style;
  readonly uploadHue: number;
  readonly downloadHue: number;
  /** Foregrounds by intensity, faint to strong, RAMP_STEPS of each. */
  readonly uploadRamp: readonly Style[];
  readonly downloadRamp: readonly Style[];
  readonly graphRamp: readonly Style[];
}

/** A theme from its palette. Made once: everything in it is frozen and shared. */
export function themeOf(palette: Palette): Theme {
  const { BOLD } = Attribute;
  const ink = (hex: number, attributes = 0): Style => style(rgb(hex), INHERIT_COLOR, attributes);
  const paper = (hex: number, attributes = 0): Style => style(INHERIT_COLOR, rgb(hex), attributes);
  return Object.freeze({
    name: palette.name,
    base: style(rgb(palette.text), rgb(palette.background)),
    text: ink(palette.text),
    bold: ink(palette.text, BOLD),
    dim: ink(palette.dim),
    accent: ink(palette.accent),
    title: ink(palette.accent, BOLD),
    border: ink(palette.border),
    focusedBorder: ink(palette.accent),
    header: ink(palette.dim, BOLD),
    sortedHeader: ink(palette.accent, BOLD),
    key: ink(palette.accent, BOLD),
    upload: ink(palette.green),
    download: ink(palette.red),
    selection: paper(palette.selection, BOLD),
    zebra: paper(palette.zebra),
    good: ink(palette.green),
    warning: ink(palette.yellow),
    bad: ink(palette.red),
    info: ink(palette.cyan),
    special: ink(palette.magenta),
    match: ink(palette.yellow, BOLD),
    alert: style(rgb(palette.background), rgb(palette.yellow), BOLD),
    scrollbarTrack: ink(palette.border),
    scrollbarThumb: ink(palette.dim),
    uploadHue: palette.uploadHue,
    downloadHue: palette.downloadHue,
    uploadRamp: rampOf(palette.uploadHue),
    downloadRamp: rampOf(palette.downloadHue),
    graphRamp: rampOf(palette.graphHue),
  });
}

/** RAMP_STEPS foregrounds of one hue (degrees), saturation and lightness rising with intensity. */
export function rampOf(hue: number): readonly Style[] {
  return Object.freeze(Array.from({ length: RAMP_STEPS }, (_, step) => style(rampColor(hue, step))));
}

/** The index into a ramp for an intensity from 0 to 1; NaN and less count as 0, more as 1. */
export function rampStep(intensity: number): number {
  if (!(intensity > 0)) return 0;
  return intensity >= 1 ? RAMP_STEPS - 1 : Math.floor(intensity * RAMP_STEPS);
}

function rampColor(hue: number, step: number): Color {
  const intensity = step / (RAMP_STEPS - 1);
  return hsl(hue, 0.3 + 0.5 * intensity, 0.35 + 0.3 * intensity);
}

/** The default theme, after Tokyo Night. */
export const TOKYO_NIGHT: Theme = themeOf({
  name: 'tokyo-night',
  background: 0x1a1b26,
  text: 0xa9b1d6,
  dim: 0x565f89,
  accent: 0x7aa2f7,
  green: 0x9ece6a,
  red: 0xf7768e,
  yellow: 0xe0af68,
  cyan: 0x7dcfff,
  magenta: 0xbb9af7,
  border: 0x3b4261,
  selection: 0x283457,
  zebra: 0x1e2030,
  uploadHue: 96,
  downloadHue: 354,
  graphHue: 221,
});
