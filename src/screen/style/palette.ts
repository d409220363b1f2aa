import { COLOR_FLAG, type Color, hsl, hueOf, INHERIT_COLOR } from './color.ts';

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
export interface Shading {
  readonly saturation: readonly [number, number];
  readonly lightness: readonly [number, number];
}

/** The colours a theme is made of. */
export interface Palette {
  readonly name: string;
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
  /** Hues of bars and graphs, in degrees. */
  readonly uploadHue: number;
  readonly downloadHue: number;
  readonly shading: Shading;
  /** Bars and graphs by intensity, faint to strong, RAMP_STEPS of each; `graphRamp` is of both directions together. */
  readonly uploadRamp: readonly Color[];
  readonly downloadRamp: readonly Color[];
  readonly graphRamp: readonly Color[];
}

/** RAMP_STEPS colours of one hue (degrees), faint to strong. */
export function shades(hue: number, shading: Shading): readonly Color[] {
  const { saturation, lightness } = shading;
  return steps((intensity) => hsl(hue, between(saturation, intensity), between(lightness, intensity)));
}

/** RAMP_STEPS colours in which each of `colors` has an equal share: for palettes that have no shades. */
export function bands(colors: readonly [Color, ...Color[]]): readonly Color[] {
  const last = colors.length - 1;
  return steps((intensity) => colors[Math.min(Math.floor(intensity * colors.length), last)]!);
}

/** The palette with other colours. Bars and graphs take the hue of a new `upload`, `download` or `graph`. */
export function recolored(palette: Palette, colors: Recoloring): Palette {
  const { shading } = palette;
  const entry = (name: Exclude<PaletteEntry, 'graph'>): Color => colors.get(name) ?? palette[name];
  const ramp = (name: PaletteEntry, before: readonly Color[]): readonly Color[] => {
    const color = colors.get(name);
    return color === undefined ? before : shadesOf(color, shading);
  };
  return {
    ...palette,
    background: entry('background'),
    text: entry('text'),
    dim: entry('dim'),
    accent: entry('accent'),
    green: entry('green'),
    red: entry('red'),
    yellow: entry('yellow'),
    cyan: entry('cyan'),
    magenta: entry('magenta'),
    border: entry('border'),
    selection: entry('selection'),
    // A text colour that was chosen for the theme's own selection may be unreadable on another.
    selectionText: colors.has('selection') ? INHERIT_COLOR : palette.selectionText,
    zebra: entry('zebra'),
    upload: entry('upload'),
    download: entry('download'),
    uploadHue: hueOr(palette.uploadHue, colors.get('upload')),
    downloadHue: hueOr(palette.downloadHue, colors.get('download')),
    uploadRamp: ramp('upload', palette.uploadRamp),
    downloadRamp: ramp('download', palette.downloadRamp),
    graphRamp: ramp('graph', palette.graphRamp),
  };
}

function shadesOf(color: Color, shading: Shading): readonly Color[] {
  if ((color & COLOR_FLAG) === 0) return bands([color]);
  const hue = hueOf(color);
  return hue === undefined ? shades(0, { ...shading, saturation: [0, 0] }) : shades(hue, shading);
}

function hueOr(before: number, color: Color | undefined): number {
  return (color === undefined ? undefined : hueOf(color)) ?? before;
}

function steps(colorAt: (intensity: number) => Color): readonly Color[] {
  return Object.freeze(Array.from({ length: RAMP_STEPS }, (_, step) => colorAt(step / (RAMP_STEPS - 1))));
}

function between([from, to]: readonly [number, number], intensity: number): number {
  return from + (to - from) * intensity;
}
