import { type Palette, type Recoloring, recolored } from './palette.ts';
import {
  ANSI16_PALETTE,
  COLOUR_BLIND_PALETTE,
  HIGH_CONTRAST_PALETTE,
  TOKYO_NIGHT_LIGHT_PALETTE,
  TOKYO_NIGHT_PALETTE,
} from './palettes.ts';
import { type Theme, TOKYO_NIGHT, themeOf } from './theme.ts';

/** The names of the themes, the default one first. */
export const THEME_NAMES = [
  'tokyo-night',
  'tokyo-night-light',
  'high-contrast',
  'colour-blind',
  'ansi16',
] as const;

export type ThemeName = (typeof THEME_NAMES)[number];

export const PALETTES: Readonly<Record<ThemeName, Palette>> = {
  'tokyo-night': TOKYO_NIGHT_PALETTE,
  'tokyo-night-light': TOKYO_NIGHT_LIGHT_PALETTE,
  'high-contrast': HIGH_CONTRAST_PALETTE,
  'colour-blind': COLOUR_BLIND_PALETTE,
  ansi16: ANSI16_PALETTE,
};

/** Every theme by its name. */
export const THEMES: Readonly<Record<ThemeName, Theme>> = {
  'tokyo-night': TOKYO_NIGHT,
  'tokyo-night-light': themeOf(TOKYO_NIGHT_LIGHT_PALETTE),
  'high-contrast': themeOf(HIGH_CONTRAST_PALETTE),
  'colour-blind': themeOf(COLOUR_BLIND_PALETTE),
  ansi16: themeOf(ANSI16_PALETTE),
};

/** Whether there is a theme of this name, which may come from anywhere. */
export function isThemeName(name: string): name is ThemeName {
  return (THEME_NAMES as readonly string[]).includes(name);
}

/** A theme with some colours of the user's own. */
export function themeWith(name: ThemeName, colors: Recoloring): Theme {
  return colors.size === 0 ? THEMES[name] : themeOf(recolored(PALETTES[name], colors));
}
