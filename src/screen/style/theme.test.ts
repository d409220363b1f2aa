import { describe, expect, test } from 'bun:test';
import { rampStyle } from '../widgets/levels.ts';
import { apart, COLOUR_VISIONS, contrast, palette256, rampSteps } from './color-measure.fixture.ts';
import { PALETTE_ENTRIES, type Palette, RAMP_STEPS, ShadeRamp } from './palette.ts';
import {
  ansi,
  ansiIndexOf,
  type Color,
  DEFAULT_COLOR,
  hexOf,
  INHERIT_COLOR,
  rgb,
  type Style,
  toPalette16,
  toPalette256,
} from './style.ts';
import {
  isThemeName,
  PALETTES,
  THEME_NAMES,
  type Theme,
  type ThemeName,
  TOKYO_NIGHT,
  themeNamed,
  themeWith,
} from './theme.ts';

/** What the sixteen look like in widespread terminals. */
const SIXTEENS = {
  'Linux console': [
    ...[0x000000, 0xaa0000, 0x00aa00, 0xaa5500, 0x0000aa, 0xaa00aa, 0x00aaaa, 0xaaaaaa],
    ...[0x555555, 0xff5555, 0x55ff55, 0xffff55, 0x5555ff, 0xff55ff, 0x55ffff, 0xffffff],
  ],
  xterm: [
    ...[0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5],
    ...[0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff],
  ],
  'Windows Terminal': [
    ...[0x0c0c0c, 0xc50f1f, 0x13a10e, 0xc19c00, 0x0037da, 0x881798, 0x3a96dd, 0xcccccc],
    ...[0x767676, 0xe74856, 0x16c60c, 0xf9f1a5, 0x3b78ff, 0xb4009e, 0x61d6d6, 0xf2f2f2],
  ],
  'VS Code': [
    ...[0x000000, 0xcd3131, 0x0dbc79, 0xe5e510, 0x2472c8, 0xbc3fbc, 0x11a8cd, 0xe5e5e5],
    ...[0x666666, 0xf14c4c, 0x23d18b, 0xf5f543, 0x3b8eea, 0xd670d6, 0x29b8db, 0xe5e5e5],
  ],
} as const;

const STYLE_NAMES = [
  'base',
  'text',
  'bold',
  'dim',
  'accent',
  'title',
  'border',
  'focusedBorder',
  'header',
  'sortedHeader',
  'key',
  'upload',
  'download',
  'selection',
  'zebra',
  'good',
  'warning',
  'bad',
  'info',
  'special',
  'match',
  'alert',
  'scrollbarTrack',
  'scrollbarThumb',
] as const;
const SHADE_NAMES = ['uploadRamp', 'downloadRamp', 'graphRamp'] as const;
const RAMP_NAMES = [...SHADE_NAMES, 'levelRamp'] as const;
const ACCENTS = [
  'accent',
  'upload',
  'download',
  'good',
  'warning',
  'bad',
  'info',
  'special',
  'match',
] as const;

/** A theme as one terminal shows it. */
interface Look {
  readonly title: string;
  readonly name: ThemeName;
  readonly theme: Theme;
  readonly palette: Palette;
  readonly shown: (color: Color) => Color;
}

const same = (color: Color): Color => color;
const in256 = (color: Color): Color => rgb(palette256(toPalette256(color)));
const LOOKS: readonly Look[] = THEME_NAMES.flatMap((name) => {
  const own = { name, theme: themeNamed(name), palette: PALETTES[name] };
  if (name !== 'ansi16') {
    return [
      { ...own, title: name, shown: same },
      { ...own, title: `${name} with 256 colours`, shown: in256 },
    ];
  }
  return Object.entries(SIXTEENS).map(([terminal, sixteen]) => ({
    ...own,
    title: `ansi16 in ${terminal}`,
    shown: (color: Color) => rgb(sixteen[ansiIndexOf(color)]!),
  }));
});

function allStyles(theme: Theme): readonly Style[] {
  return [...STYLE_NAMES.map((name) => theme[name]), ...RAMP_NAMES.flatMap((name) => rampSteps(theme[name]))];
}

function stylesIn(one: Style | ShadeRamp): readonly Style[] {
  return one instanceof ShadeRamp ? rampSteps(one) : [one];
}

/** Grounds on which text is drawn in its own colours. */
function groundsOf({ palette }: Look): readonly Color[] {
  const grounds = [palette.background, palette.zebra];
  return palette.selectionText === INHERIT_COLOR ? [...grounds, palette.selection] : grounds;
}

/**
 * Dim text carries figures and titles: 4.5 to 1 (WCAG 2.2, level AA) in the colours that are the theme's own. With 256
 * colours the terminal has only what comes near to them, and the sixteen are the terminal's.
 */
function leastOf(look: Look): { text: number; dim: number; accent: number; ramp: number } {
  if (look.name === 'high-contrast') return { text: 7, dim: 7, accent: 7, ramp: 7 };
  const dim = look.shown === same ? 4.5 : 3;
  return { text: 4.5, dim, accent: 3, ramp: look.name === 'tokyo-night' ? 1.3 : 2 };
}

describe.each(LOOKS)('$title', (look) => {
  const { theme, palette, shown } = look;
  const least = leastOf(look);
  const worst = (colors: readonly Color[], grounds: readonly Color[]): number =>
    Math.min(...colors.flatMap((ink) => grounds.map((ground) => contrast(shown(ink), shown(ground)))));

  test('its text can be read on every ground', () => {
    expect(worst([theme.text.foreground, theme.bold.foreground], groundsOf(look))).toBeGreaterThanOrEqual(
      least.text,
    );
    expect(worst([theme.base.foreground], [theme.base.background])).toBeGreaterThanOrEqual(least.text);
  });

  test('its dim text and its accents can be read on every ground', () => {
    expect(worst([theme.dim.foreground, theme.header.foreground], groundsOf(look))).toBeGreaterThanOrEqual(
      least.dim,
    );
    const accents = ACCENTS.map((name) => theme[name].foreground);
    expect(worst(accents, groundsOf(look))).toBeGreaterThanOrEqual(least.accent);
  });

  test('its selection and its alert can be read', () => {
    const ink = palette.selectionText === INHERIT_COLOR ? palette.text : palette.selectionText;
    expect(worst([ink], [palette.selection])).toBeGreaterThanOrEqual(least.text);
    expect(worst([theme.alert.foreground], [theme.alert.background])).toBeGreaterThanOrEqual(least.text);
  });

  test('its bars stand out, the strong ones more than the faint ones', () => {
    for (const name of SHADE_NAMES) {
      const inks = rampSteps(theme[name]).map((step) =>
        contrast(shown(step.foreground), shown(palette.background)),
      );
      expect(Math.min(...inks)).toBeGreaterThanOrEqual(least.ramp);
      expect(inks.at(-1)!).toBeGreaterThan(inks[0]!);
    }
  });

  test('upload and download differ, and neither is in the colour of errors', () => {
    const far = (one: Style, other: Style) => apart(shown(one.foreground), shown(other.foreground));
    expect(far(theme.upload, theme.download)).toBeGreaterThan(40);
    for (const own of [
      theme.upload,
      theme.download,
      ...rampSteps(theme.uploadRamp),
      ...rampSteps(theme.downloadRamp),
    ]) {
      expect(far(own, theme.bad)).toBeGreaterThan(20);
    }
  });

  test('its levels go from calm to a warning to an alarm, and can be read', () => {
    const { levelRamp, warning, bad } = theme;
    const at = (percent: number): Color => rampStyle(levelRamp, percent, 100).foreground;
    expect(at(80)).toBe(at(81));
    expect([at(100), at(96)]).toEqual([bad.foreground, bad.foreground]);
    expect(apart(shown(at(80)), shown(warning.foreground))).toBeLessThan(12);
    for (const percent of [0, 20, 40]) {
      expect(apart(shown(at(percent)), shown(warning.foreground))).toBeGreaterThan(30);
      expect(apart(shown(at(percent)), shown(bad.foreground))).toBeGreaterThan(30);
    }
    expect(
      worst(
        rampSteps(levelRamp).map((step) => step.foreground),
        [palette.background],
      ),
    ).toBeGreaterThanOrEqual(look.shown === same ? 3 : 2);
  });
});

describe.each(THEME_NAMES)('%s', (name) => {
  const theme = themeNamed(name);

  test('is complete and frozen', () => {
    expect(Object.keys(theme).sort()).toEqual([...STYLE_NAMES, ...RAMP_NAMES].sort());
    for (const found of [theme, ...allStyles(theme)]) expect(Object.isFrozen(found)).toBe(true);
    for (const ramp of RAMP_NAMES) expect(theme[ramp]).toHaveLength(RAMP_STEPS);
    for (const { foreground, background } of allStyles(theme)) {
      expect([foreground, background]).not.toEqual([INHERIT_COLOR, INHERIT_COLOR]);
    }
  });

  test('is found by its name', () => {
    expect(isThemeName(name)).toBe(true);
  });

  test('has no colour that two terminals could show differently, unless all are the terminal`s', () => {
    const colors = allStyles(theme).flatMap(({ foreground, background }) => [foreground, background]);
    const own = colors.filter((color) => ansiIndexOf(color) >= 0 || color === DEFAULT_COLOR);
    const inherited = colors.filter((color) => color === INHERIT_COLOR);
    expect(own.length).toBe(name === 'ansi16' ? colors.length - inherited.length : 0);
  });
});

describe.each(Object.entries(COLOUR_VISIONS))('with %s', (_name, vision) => {
  const theme = themeNamed('colour-blind');
  const far = (one: Style, other: Style): number => apart(one.foreground, other.foreground, vision);

  test('the colour-blind theme tells upload from download, and well from wrong', () => {
    expect(far(theme.upload, theme.download)).toBeGreaterThan(60);
    expect(far(theme.good, theme.bad)).toBeGreaterThan(60);
    expect(far(theme.good, theme.warning)).toBeGreaterThan(60);
    expect(far(theme.bad, theme.warning)).toBeGreaterThan(20);
  });

  test('its bars are told apart at every intensity, with 256 colours too', () => {
    for (let step = 0; step < RAMP_STEPS; step++) {
      const up = theme.uploadRamp.at(step);
      const down = theme.downloadRamp.at(step);
      expect(far(up, down)).toBeGreaterThan(40);
      expect(apart(in256(up.foreground), in256(down.foreground), vision)).toBeGreaterThan(40);
    }
  });

  test('it is better at that than the default theme, so the measure measures something', () => {
    expect(far(TOKYO_NIGHT.good, TOKYO_NIGHT.bad)).toBeLessThan(far(theme.good, theme.bad) / 1.5);
  });
});

test('with 16 colours the colour-blind theme still tells the directions apart', () => {
  const { upload, download } = themeNamed('colour-blind');
  expect([toPalette16(upload.foreground), toPalette16(download.foreground)]).toEqual([14, 11]);
});

test('one of the sixteen is itself at every depth', () => {
  for (let index = 0; index < 16; index++) {
    expect(ansiIndexOf(ansi(index))).toBe(index);
    expect(toPalette16(ansi(index))).toBe(index);
    expect(toPalette256(ansi(index))).toBe(index);
  }
  for (const color of [DEFAULT_COLOR, INHERIT_COLOR, rgb(0), rgb(5), rgb(0xffffff)])
    expect(ansiIndexOf(color)).toBe(-1);
});

test('no other name is a theme', () => {
  for (const name of ['', 'Tokyo-Night', 'constructor', '__proto__', 'ansi']) {
    expect(isThemeName(name)).toBe(false);
  }
});

describe('colours of one`s own', () => {
  const pink = rgb(0xff5fd2);
  const grey = rgb(0x808080);
  const stylesOf = (name: ThemeName, entry: (typeof PALETTE_ENTRIES)[number], color: Color) =>
    themeWith(name, new Map([[entry, color]]));

  test.each(PALETTE_ENTRIES)('%s changes a theme, and only where it is used', (entry) => {
    const changed = stylesOf('tokyo-night', entry, pink);
    const names = [...STYLE_NAMES, ...RAMP_NAMES].filter(
      (name) => JSON.stringify(stylesIn(changed[name])) !== JSON.stringify(stylesIn(TOKYO_NIGHT[name])),
    );
    expect(names.length).toBeGreaterThan(0);
    expect(names.length).toBeLessThan(6);
  });

  test('none changes nothing', () => {
    expect(themeWith('high-contrast', new Map())).toBe(themeNamed('high-contrast'));
  });

  test('bars follow the hue, greys have none, and the terminal`s own colour has no shades', () => {
    expect(stylesOf('tokyo-night', 'upload', rgb(0x0000ff)).uploadRamp.at(RAMP_STEPS - 1).foreground).toBe(
      rgb(0x5e5eed),
    );
    const grays = rampSteps(stylesOf('tokyo-night', 'graph', grey).graphRamp).map((step) =>
      hexOf(step.foreground),
    );
    for (const hex of grays) expect([hex & 255, hex >>> 16]).toEqual([(hex >>> 8) & 255, hex & 255]);
    const own = stylesOf('tokyo-night', 'download', DEFAULT_COLOR);
    expect(new Set(rampSteps(own.downloadRamp).map((step) => step.foreground))).toEqual(
      new Set([DEFAULT_COLOR]),
    );
  });

  test('a selection of one`s own keeps the text as it is', () => {
    expect(stylesOf('high-contrast', 'selection', pink).selection.foreground).toBe(INHERIT_COLOR);
    expect(stylesOf('high-contrast', 'dim', pink).selection.foreground).toBe(rgb(0));
  });
});
