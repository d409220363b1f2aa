import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { Buffer } from '../buffer/buffer.ts';
import { TOKYO_NIGHT } from '../style/theme.ts';
import { rampStyle } from './intensity-ramp.ts';
import { plainSamples } from './levels.ts';
import { anyArea, drawnOver } from './sentinel.fixture.ts';
import { putSparkline } from './sparkline.ts';

const RAMP = TOKYO_NIGHT.graphRamp;

const anySample = fc.oneof(fc.double({ min: 0, max: 1e12 }), fc.constantFrom(Number.NaN, 0, Infinity, -1));

const anySamples = fc.array(anySample, { maxLength: 150 }).map(plainSamples);

const anyMaximum = fc.oneof(fc.constant(Number.NaN), fc.double({ min: 0, max: 1e12 }));

function sparkline(
  values: number[],
  width: number,
  height = 1,
  maximum = Number.NaN,
  ascii = false,
): string[] {
  const buffer = new Buffer(width, height);
  putSparkline(buffer, 0, 0, width, height, plainSamples(values), maximum, RAMP, ascii);
  return buffer.lines();
}

describe('a sparkline', () => {
  test('climbs from the baseline of a known 0 to a full block', () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8)).toEqual(['▁▂▃▄▅▆▇█']);
  });

  test('leaves what is not known blank and puts the newest to the right', () => {
    expect(sparkline([7, Number.NaN, 0], 5)).toEqual(['  █ ▁']);
    expect(sparkline([9, 7, 0, 7], 3)).toEqual(['█▁█']);
  });

  test('keeps to a fixed scale', () => {
    expect(sparkline([0, 7, 70], 3, 1, 14)).toEqual(['▁▅█']);
  });

  test('spreads over several rows', () => {
    expect(sparkline([0, 15, 7, 8], 4, 2)).toEqual([' █ ▁', '▁███']);
  });

  test('has a form of ASCII alone', () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7, Number.NaN, 0], 10, 1, Number.NaN, true)).toEqual([
      '_.:-=+*# _',
    ]);
  });

  test('colours each column by its sample', () => {
    const buffer = new Buffer(2, 1);
    putSparkline(buffer, 0, 0, 2, 1, plainSamples([1, 100]), Number.NaN, RAMP, false);
    expect(buffer.foregroundAt(0, 0)).toBe(rampStyle(RAMP, 1, 100).foreground);
    expect(buffer.foregroundAt(1, 0)).toBe(RAMP.at(-1)!.foreground);
  });

  test('of anything paints any area whole and nothing else', () => {
    fc.assert(
      fc.property(anyArea, anySamples, anyMaximum, fc.boolean(), (area, samples, maximum, ascii) => {
        drawnOver(area, (buffer) =>
          putSparkline(buffer, area.x, area.y, area.width, area.height, samples, maximum, RAMP, ascii),
        );
      }),
    );
  });
});
