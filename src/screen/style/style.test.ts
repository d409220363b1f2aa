import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { palette256, rampSteps } from './color-measure.fixture.ts';
import { RAMP_STEPS } from './palette.ts';
import { DEFAULT_COLOR, hsl, INHERIT_COLOR, rgb, style, toPalette16, toPalette256 } from './style.ts';
import { TOKYO_NIGHT } from './theme.ts';

describe('colours', () => {
  test.each([
    [0, 1, 0.5, 0xff0000],
    [120, 1, 0.5, 0x00ff00],
    [240, 1, 0.5, 0x0000ff],
    [-120, 1, 0.5, 0x0000ff],
    [480, 1, 0.25, 0x008000],
    [96, 0, 0.5, 0x808080],
    [354, 2, 2, 0xffffff],
  ])('hsl(%p, %p, %p)', (hue, saturation, lightness, expected) => {
    expect(hsl(hue, saturation, lightness)).toBe(rgb(expected));
  });

  test('are none of the two special ones', () => {
    expect(rgb(0)).not.toBe(DEFAULT_COLOR);
    expect(rgb(0xffffff)).toBeLessThan(INHERIT_COLOR);
  });

  test('of the palette of 256 are found again', () => {
    for (let index = 16; index < 256; index++) {
      const found = toPalette256(rgb(palette256(index)));
      expect(palette256(found)).toBe(palette256(index));
    }
  });

  test('come near in the palette of 256 and within the 16', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffff }), (hex) => {
        const shown = palette256(toPalette256(rgb(hex)));
        for (const shift of [0, 8, 16]) {
          expect(Math.abs(((shown >>> shift) & 255) - ((hex >>> shift) & 255))).toBeLessThanOrEqual(60);
        }
        expect(toPalette16(rgb(hex))).toBeWithin(0, 16);
      }),
    );
  });

  test('of the theme keep their meaning with 16', () => {
    const index = (name: 'text' | 'dim' | 'accent' | 'good' | 'bad' | 'warning' | 'info' | 'special') =>
      toPalette16(TOKYO_NIGHT[name].foreground);
    expect(index('text')).toBe(7);
    // Bright black is hardly visible in many terminals.
    expect(index('dim')).toBe(7);
    expect(index('accent')).toBe(12);
    expect(index('good')).toBe(10);
    expect(index('bad')).toBe(9);
    expect(index('warning')).toBe(11);
    expect(index('info')).toBe(14);
    expect(index('special')).toBe(13);
    expect(toPalette16(TOKYO_NIGHT.base.background)).toBe(0);
    expect(toPalette16(TOKYO_NIGHT.zebra.background)).toBe(0);
  });
});

test('a style is frozen and keeps the background unless told', () => {
  const red = style(rgb(0xff0000));
  expect(red.background).toBe(INHERIT_COLOR);
  expect(Object.isFrozen(red)).toBe(true);
  expect(style(0, 0, 255).attributes).toBe(63);
});

test('a ramp has a step for every intensity, stronger and stronger', () => {
  const { uploadRamp, downloadRamp } = TOKYO_NIGHT;
  expect(uploadRamp.length).toBe(RAMP_STEPS);
  expect(new Set(rampSteps(downloadRamp).map((step) => step.foreground)).size).toBe(RAMP_STEPS);
});
