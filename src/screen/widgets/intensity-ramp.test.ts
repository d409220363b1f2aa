import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { TOKYO_NIGHT } from '../style/theme.ts';
import { rampStyle } from './intensity-ramp.ts';
import { STRONG } from './sentinel.fixture.ts';

const RAMP = TOKYO_NIGHT.graphRamp;

describe('a ramp', () => {
  test('goes from its first style to its last', () => {
    expect(rampStyle(RAMP, 0, 10)).toBe(RAMP[0]!);
    expect(rampStyle(RAMP, Number.NaN, 10)).toBe(RAMP[0]!);
    expect(rampStyle(RAMP, 10, 10)).toBe(RAMP.at(-1)!);
    expect(rampStyle([STRONG], 5, 10)).toBe(STRONG);
  });

  test('has an answer for every value', () => {
    fc.assert(
      fc.property(fc.double(), fc.double(), (value, maximum) => {
        expect(RAMP).toContain(rampStyle(RAMP, value, maximum));
      }),
    );
  });
});
