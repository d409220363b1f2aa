import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { rampSteps } from '../style/color-measure.fixture.ts';
import { TOKYO_NIGHT } from '../style/theme.ts';
import { barLevel, graphLevel, maximumOf, plainSamples, rampStyle, sampleAt } from './levels.ts';
import { STRONG } from './sentinel.fixture.ts';

const anyValue = fc.double({ min: 0, max: 2 ** 53 });
const anyMaximum = fc.oneof(fc.double(), fc.constantFrom(0, -1, Number.NaN, Number.POSITIVE_INFINITY));
const anySteps = fc.integer({ min: 0, max: 400 });

describe('samples', () => {
  test('are found by age in a ring that has wrapped around', () => {
    const ring = { values: [4, 5, 1, 2, 3], capacity: 5, newest: 1, count: 5 };
    expect([0, 1, 2, 3, 4].map((age) => sampleAt(ring, age))).toEqual([5, 4, 3, 2, 1]);
    expect(sampleAt(ring, 5)).toBeNaN();
    expect(sampleAt(ring, -1)).toBeNaN();
  });

  test('are missing past their count, and in an empty array', () => {
    expect(sampleAt({ values: [1, 2, 3], capacity: 3, newest: 1, count: 2 }, 2)).toBeNaN();
    expect(sampleAt(plainSamples([]), 0)).toBeNaN();
  });

  test('have the maximum of those in view, without NaN', () => {
    expect(maximumOf(plainSamples([9, 1, Number.NaN, 3]), 3)).toBe(3);
    expect(maximumOf(plainSamples([Number.NaN]), 3)).toBe(0);
  });
});

describe('a graph level', () => {
  test('is 0 for nothing known, 1 for a known 0, all steps at the maximum', () => {
    expect(graphLevel(Number.NaN, 10, 8)).toBe(0);
    expect(graphLevel(0, 10, 8)).toBe(1);
    expect(graphLevel(10, 10, 8)).toBe(8);
    expect(graphLevel(Number.POSITIVE_INFINITY, 10, 8)).toBe(8);
    expect(graphLevel(5, 0, 8)).toBe(1);
  });

  test('stays within the steps and grows with the value', () => {
    fc.assert(
      fc.property(anyValue, anyValue, anyMaximum, anySteps, (a, b, maximum, steps) => {
        const [low, high] = a < b || Number.isNaN(b) ? [a, b] : [b, a];
        const level = graphLevel(high, maximum, steps);
        expect(Number.isInteger(level)).toBe(true);
        expect(level).toBeGreaterThanOrEqual(0);
        expect(level).toBeLessThanOrEqual(steps);
        if (!Number.isNaN(low) && !Number.isNaN(high)) {
          expect(level).toBeGreaterThanOrEqual(graphLevel(low, maximum, steps));
        }
      }),
    );
  });
});

describe('a bar level', () => {
  test('is proportional, and never empty for something', () => {
    expect(barLevel(0, 10, 80)).toBe(0);
    expect(barLevel(Number.NaN, 10, 80)).toBe(0);
    expect(barLevel(1e-9, 10, 80)).toBe(1);
    expect(barLevel(5, 10, 80)).toBe(40);
    expect(barLevel(11, 10, 80)).toBe(80);
  });

  test('stays within the steps', () => {
    fc.assert(
      fc.property(fc.double(), anyMaximum, anySteps, (value, maximum, steps) => {
        const level = barLevel(value, maximum, steps);
        expect(Number.isInteger(level) && level >= 0 && level <= steps).toBe(true);
      }),
    );
  });
});

const RAMP = rampSteps(TOKYO_NIGHT.graphRamp);

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
