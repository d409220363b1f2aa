import {
  ansi,
  type Color,
  hasChannels,
  hexOf,
  hsl,
  hueOf,
  INHERIT_COLOR,
  rgb,
  type Style,
  style,
} from './style.ts';

/** How many steps of intensity a ramp has. */
export const RAMP_STEPS = 32;

/** The entries that a user may give other colours, by the names they have in config.yaml. */
export const PALETTE_ENTRIES = [
  'background',
  'text',
  'dim',
  'accent',
  'green',
  'red',
  'yellow',
  'cyan',
  'magenta',
  'border',
  'selection',
  'zebra',
  'upload',
  'download',
  'graph',
] as const;

export type PaletteEntry = (typeof PALETTE_ENTRIES)[number];

/** Colours that go before those of a palette. */
export type Recoloring = ReadonlyMap<PaletteEntry, Color>;

/** How a ramp goes from faint to strong: saturation and lightness from 0 to 1, at its first and its last step. */
interface Shading {
  readonly saturation: readonly [number, number];
  readonly lightness: readonly [number, number];
}

/** The colour of an intensity from 0, faint, to 1, strong. */
type Shade = (intensity: number) => Color;

/** The colours a theme is made of. */
export interface Palette {
  readonly background: Color;
  readonly text: Color;
  readonly dim: Color;
  readonly accent: Color;
  /** What is well, wrong, and worth a look: named after what they are in the first theme. */
  readonly green: Color;
  readonly red: Color;
  readonly yellow: Color;
  readonly cyan: Color;
  readonly magenta: Color;
  readonly border: Color;
  readonly selection: Color;
  /** INHERIT_COLOR: the selected row keeps the colours of its text. */
  readonly selectionText: Color;
  readonly zebra: Color;
  readonly alert: Color;
  readonly alertText: Color;
  /** Figures of each direction. */
  readonly upload: Color;
  readonly download: Color;
  readonly shading: Shading;
  /** Bars and graphs by intensity; `graphShade` is of both directions together. */
  readonly uploadShade: Shade;
  readonly downloadShade: Shade;
  readonly graphShade: Shade;
}

/** Foregrounds of a shade, faint to strong, each made when it is first drawn with: the first frame has none. */
export class ShadeRamp {
  readonly length = RAMP_STEPS;
  readonly #shade: Shade;
  readonly #styles: Style[] = [];

  constructor(shade: Shade) {
    this.#shade = shade;
  }

  at(step: number): Style {
    this.#styles[step] ??= style(this.#shade(step / (RAMP_STEPS - 1)));
    return this.#styles[step];
  }
}

/** A level from 0 to 1 is calm up to here, */
const CALM_TO = 0.5;
/** a warning from here on, */
const WARNING_FROM = 0.8;
/** and an alarm from here on. */
const ALARM_FROM = 0.95;

/**
 * The colour of a level, from nothing (0) to full (1): the strong half of the graphs' colours while it is calm, then
 * over to yellow and to red. Where colours cannot be mixed (the terminal's own) each has its part.
 */
export function levelShade({
  graphShade,
  yellow,
  red,
}: Pick<Palette, 'graphShade' | 'yellow' | 'red'>): Shade {
  return (level) => {
    if (level < CALM_TO) {
      const step = Math.round(between([0.5, 1], level / CALM_TO) * (RAMP_STEPS - 1));
      return graphShade(step / (RAMP_STEPS - 1));
    }
    if (level < WARNING_FROM) {
      return mixed(graphShade(1), yellow, (level - CALM_TO) / (WARNING_FROM - CALM_TO));
    }
    return mixed(yellow, red, Math.min(1, (level - WARNING_FROM) / (ALARM_FROM - WARNING_FROM)));
  };
}

/** `share` (0 to 1) of the way from one colour to another. */
function mixed(from: Color, to: Color, share: number): Color {
  if (!hasChannels(from) || !hasChannels(to)) return share < 0.5 ? from : to;
  const hexes = [hexOf(from), hexOf(to)] as const;
  const channel = (shift: number): number =>
    Math.round(between([(hexes[0] >>> shift) & 255, (hexes[1] >>> shift) & 255], share)) << shift;
  return rgb(channel(16) | channel(8) | channel(0));
}

/** Colours of one hue (degrees), faint to strong. */
function shades(hue: number, { saturation, lightness }: Shading): Shade {
  return (intensity) => hsl(hue, between(saturation, intensity), between(lightness, intensity));
}

/** Each of `colors` has an equal share: for palettes that have no shades. */
function bands(colors: readonly [Color, ...Color[]]): Shade {
  const last = colors.length - 1;
  return (intensity) => colors[Math.min(Math.floor(intensity * colors.length), last)]!;
}

/** The palette with other colours. Bars and graphs take the hue of a new `upload`, `download` or `graph`. */
export function recolored(palette: Palette, colors: Recoloring): Palette {
  const { graph: _, ...own } = Object.fromEntries(colors) as Partial<Record<PaletteEntry, Color>>;
  const shade = (name: PaletteEntry, before: Shade): Shade => {
    const color = colors.get(name);
    return color === undefined ? before : shadesOf(color, palette.shading);
  };
  return {
    ...palette,
    ...own,
    // A text colour that was chosen for the theme's own selection may be unreadable on another.
    selectionText: colors.has('selection') ? INHERIT_COLOR : palette.selectionText,
    uploadShade: shade('upload', palette.uploadShade),
    downloadShade: shade('download', palette.downloadShade),
    graphShade: shade('graph', palette.graphShade),
  };
}

function shadesOf(color: Color, shading: Shading): Shade {
  if (!hasChannels(color)) return bands([color]);
  const hue = hueOf(color);
  return hue === undefined ? shades(0, { ...shading, saturation: [0, 0] }) : shades(hue, shading);
}

function between([from, to]: readonly [number, number], intensity: number): number {
  return from + (to - from) * intensity;
}

/** Ramps that glow on a dark ground. */
const STRONG_ON_DARK: Shading = { saturation: [0.3, 0.8], lightness: [0.35, 0.65] };

const TOKYO_GROUND = rgb(0x1a1b26);

/** After Tokyo Night, the first theme. */
export const TOKYO_NIGHT_PALETTE: Palette = {
  background: TOKYO_GROUND,
  text: rgb(0xa9b1d6),
  dim: rgb(0x8a93bf),
  accent: rgb(0x7aa2f7),
  green: rgb(0x9ece6a),
  red: rgb(0xf7768e),
  yellow: rgb(0xe0af68),
  cyan: rgb(0x7dcfff),
  magenta: rgb(0xbb9af7),
  border: rgb(0x3b4261),
  selection: rgb(0x232d4b),
  selectionText: INHERIT_COLOR,
  zebra: rgb(0x1e2030),
  alert: rgb(0xe0af68),
  alertText: TOKYO_GROUND,
  upload: rgb(0x9ece6a),
  download: rgb(0xbb9af7),
  shading: STRONG_ON_DARK,
  uploadShade: shades(96, STRONG_ON_DARK),
  downloadShade: shades(261, STRONG_ON_DARK),
  graphShade: shades(221, STRONG_ON_DARK),
};

/** On a light ground ink is the stronger the darker it is. */
const STRONG_ON_LIGHT: Shading = { saturation: [0.35, 0.85], lightness: [0.41, 0.27] };

/** After the light variant of Tokyo Night, its colours darkened until they can be read. */
export const TOKYO_NIGHT_LIGHT_PALETTE: Palette = {
  background: rgb(0xe6e7ed),
  text: rgb(0x343b58),
  dim: rgb(0x494f6f),
  accent: rgb(0x2959aa),
  green: rgb(0x385f0d),
  red: rgb(0xb3223d),
  yellow: rgb(0x774d10),
  cyan: rgb(0x006c86),
  magenta: rgb(0x7a2fae),
  border: rgb(0xb4b9cb),
  selection: rgb(0xbdc7db),
  selectionText: INHERIT_COLOR,
  zebra: rgb(0xdcdee7),
  alert: rgb(0x774d10),
  alertText: rgb(0xf4f5f9),
  upload: rgb(0x385f0d),
  download: rgb(0x7a2fae),
  shading: STRONG_ON_LIGHT,
  uploadShade: shades(96, STRONG_ON_LIGHT),
  downloadShade: shades(275, STRONG_ON_LIGHT),
  graphShade: shades(221, STRONG_ON_LIGHT),
};

const BRIGHT_ON_BLACK: Shading = { saturation: [0.6, 1], lightness: [0.62, 0.8] };

/** At least 7 to 1 everywhere (WCAG 2.2, level AAA); the selected row is black on yellow. */
export const HIGH_CONTRAST_PALETTE: Palette = {
  background: rgb(0x000000),
  text: rgb(0xffffff),
  dim: rgb(0xc4c4c4),
  accent: rgb(0x6cc8ff),
  green: rgb(0x6eff6e),
  red: rgb(0xff9a9a),
  yellow: rgb(0xffe14d),
  cyan: rgb(0x5ff5ff),
  magenta: rgb(0xf0a8ff),
  border: rgb(0x9c9c9c),
  selection: rgb(0xffe14d),
  selectionText: rgb(0x000000),
  zebra: rgb(0x1c1c1c),
  alert: rgb(0xffffff),
  alertText: rgb(0x000000),
  upload: rgb(0x6eff6e),
  download: rgb(0xf0a8ff),
  shading: BRIGHT_ON_BLACK,
  uploadShade: shades(120, BRIGHT_ON_BLACK),
  downloadShade: shades(290, { saturation: [0.8, 1], lightness: [0.72, 0.86] }),
  graphShade: shades(203, { saturation: [0.8, 1], lightness: [0.66, 0.8] }),
};

const STRONG_BLUE: Shading = { saturation: [0.45, 0.95], lightness: [0.42, 0.66] };
const STRONG_ORANGE: Shading = { saturation: [0.5, 0.95], lightness: [0.42, 0.6] };

/** Blue and orange where others have green and red: apart for people who see no difference between those two. */
export const COLOUR_BLIND_PALETTE: Palette = {
  background: TOKYO_GROUND,
  text: rgb(0xb4bcdf),
  dim: rgb(0x8f98c4),
  accent: rgb(0x8ab4ff),
  green: rgb(0x4fb3ff),
  red: rgb(0xf2713a),
  yellow: rgb(0xf0e442),
  cyan: rgb(0x8fdcff),
  magenta: rgb(0xd0a0e0),
  border: rgb(0x3b4261),
  selection: rgb(0x232d4b),
  selectionText: INHERIT_COLOR,
  zebra: rgb(0x1e2030),
  alert: rgb(0xf0e442),
  alertText: TOKYO_GROUND,
  upload: rgb(0x4fb3ff),
  download: rgb(0xf0a030),
  shading: STRONG_ON_DARK,
  uploadShade: shades(207, STRONG_BLUE),
  downloadShade: shades(33, STRONG_ORANGE),
  // Both directions together: neither blue nor orange.
  graphShade: shades(0, { saturation: [0, 0], lightness: [0.45, 0.8] }),
};

const BLACK = ansi(0);
const WHITE = ansi(15);

/**
 * Only the terminal's own sixteen colours, background included, so that light terminals are readable too. Dim text
 * is plain white (7): bright black (8) is hardly visible in many terminals' palettes.
 */
export const ANSI16_PALETTE: Palette = {
  background: BLACK,
  text: WHITE,
  dim: ansi(7),
  accent: ansi(12),
  green: ansi(10),
  red: ansi(9),
  yellow: ansi(11),
  cyan: ansi(14),
  magenta: ansi(13),
  border: ansi(8),
  selection: ansi(7),
  selectionText: BLACK,
  zebra: BLACK,
  // Not a bright one: the Linux console has no bright backgrounds.
  alert: ansi(6),
  alertText: BLACK,
  upload: ansi(10),
  download: ansi(13),
  shading: STRONG_ON_DARK,
  uploadShade: bands([ansi(2), ansi(10)]),
  downloadShade: bands([ansi(5), ansi(13)]),
  graphShade: bands([ansi(6), ansi(14)]),
};
