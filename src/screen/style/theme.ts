import {
  ANSI16_PALETTE,
  COLOUR_BLIND_PALETTE,
  HIGH_CONTRAST_PALETTE,
  levelShade,
  type Palette,
  type Recoloring,
  recolored,
  ShadeRamp,
  TOKYO_NIGHT_LIGHT_PALETTE,
  TOKYO_NIGHT_PALETTE,
} from './palette.ts';
import { Attribute, ansiIndexOf, type Color, INHERIT_COLOR, type Style, style } from './style.ts';

/** Styles by what they mean. Those without a background are drawn on whatever is there. */
export interface Theme {
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
  /** Row backgrounds, for `restyle`: they keep the colours of the text, but a selection may have its own. */
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
  /** Foregrounds by intensity, faint to strong, RAMP_STEPS of each. */
  readonly uploadRamp: ShadeRamp;
  readonly downloadRamp: ShadeRamp;
  readonly graphRamp: ShadeRamp;
  /** Foregrounds by how full something is, from nothing to full: calm, then a warning, then an alarm. */
  readonly levelRamp: ShadeRamp;
}

/** A theme from its palette. Made once: everything in it is frozen and shared. */
function themeOf(palette: Palette): Theme {
  const { BOLD } = Attribute;
  const accentBold = style(palette.accent, INHERIT_COLOR, BOLD);
  return Object.freeze({
    base: style(palette.text, palette.background),
    text: style(palette.text),
    bold: style(palette.text, INHERIT_COLOR, BOLD),
    dim: style(palette.dim),
    accent: style(palette.accent),
    title: accentBold,
    border: style(palette.border),
    focusedBorder: style(palette.accent),
    header: style(palette.dim, INHERIT_COLOR, BOLD),
    sortedHeader: accentBold,
    key: accentBold,
    upload: style(palette.upload),
    download: style(palette.download),
    selection: style(palette.selectionText, palette.selection, canBeBold(palette.selectionText) ? BOLD : 0),
    zebra: style(INHERIT_COLOR, palette.zebra),
    good: style(palette.green),
    warning: style(palette.yellow),
    bad: style(palette.red),
    info: style(palette.cyan),
    special: style(palette.magenta),
    match: style(palette.yellow, INHERIT_COLOR, BOLD),
    alert: style(palette.alertText, palette.alert, canBeBold(palette.alertText) ? BOLD : 0),
    scrollbarTrack: style(palette.border),
    scrollbarThumb: style(palette.dim),
    uploadRamp: new ShadeRamp(palette.uploadShade),
    downloadRamp: new ShadeRamp(palette.downloadShade),
    graphRamp: new ShadeRamp(palette.graphShade),
    levelRamp: new ShadeRamp(levelShade(palette)),
  });
}

/** Many terminals show a bold one of the first eight as its bright one, and black as a grey that few can read. */
function canBeBold(color: Color): boolean {
  const index = ansiIndexOf(color);
  return index < 0 || index >= 8;
}

/** The palettes of the themes, the default one first. */
export const PALETTES = {
  'tokyo-night': TOKYO_NIGHT_PALETTE,
  'tokyo-night-light': TOKYO_NIGHT_LIGHT_PALETTE,
  'high-contrast': HIGH_CONTRAST_PALETTE,
  'colour-blind': COLOUR_BLIND_PALETTE,
  ansi16: ANSI16_PALETTE,
} satisfies Record<string, Palette>;

export type ThemeName = keyof typeof PALETTES;

export const THEME_NAMES = Object.keys(PALETTES) as readonly string[] as readonly [ThemeName, ...ThemeName[]];

/** The default theme, after Tokyo Night. */
export const TOKYO_NIGHT: Theme = themeOf(TOKYO_NIGHT_PALETTE);

/** Those made so far: a program shows one. */
const made = new Map<ThemeName, Theme>([['tokyo-night', TOKYO_NIGHT]]);

/** A theme by its name, the same object each time. */
export function themeNamed(name: ThemeName): Theme {
  const known = made.get(name);
  if (known !== undefined) return known;
  const theme = themeOf(PALETTES[name]);
  made.set(name, theme);
  return theme;
}

const FULL_FROM_PERCENT = 80;
const CRITICAL_FROM_PERCENT = 95;

/** The style of a figure that is a share of something that runs out: text, then a warning, then bad. */
export function usageStyle(theme: Theme, percent: number): Style {
  if (percent >= CRITICAL_FROM_PERCENT) return theme.bad;
  return percent >= FULL_FROM_PERCENT ? theme.warning : theme.text;
}

/** Whether there is a theme of this name, which may come from anywhere. */
export function isThemeName(name: string): name is ThemeName {
  return (THEME_NAMES as readonly string[]).includes(name);
}

/** A theme with some colours of the user's own. */
export function themeWith(name: ThemeName, colors: Recoloring): Theme {
  return colors.size === 0 ? themeNamed(name) : themeOf(recolored(PALETTES[name], colors));
}
