import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { Buffer } from '../buffer/buffer.ts';
import { foregroundAt, linesOf } from '../buffer/buffer-look.fixture.ts';
import { rampSteps } from '../style/color-measure.fixture.ts';
import { rgb, style } from '../style/style.ts';
import { TOKYO_NIGHT } from '../style/theme.ts';
import { type Chart, putSparkline, putTimeAxis, renderChart } from './chart.ts';
import { plainSamples, rampStyle } from './levels.ts';
import { anyArea, drawnWithin, STRONG } from './sentinel.fixture.ts';

const RAMP = rampSteps(TOKYO_NIGHT.graphRamp);

const ONE = [STRONG];

const anySample = fc.oneof(fc.double({ min: 0, max: 1e12 }), fc.constantFrom(Number.NaN, 0, Infinity, -1));

const anySamples = fc.array(anySample, { maxLength: 150 }).map(plainSamples);

const anyMaximum = fc.oneof(fc.constant(Number.NaN), fc.double({ min: 0, max: 1e12 }));

function chart(
  values: number[],
  width: number,
  height: number,
  options: Partial<Chart> = {},
  ascii = false,
): string[] {
  const buffer = new Buffer(width, height);
  buffer.isAscii = ascii;
  renderChart(buffer.area, buffer, {
    samples: plainSamples(values),
    maximum: Number.NaN,
    ramp: ONE,
    theme: TOKYO_NIGHT,
    ...options,
  });
  return linesOf(buffer);
}

describe('a chart', () => {
  test('fills from the bottom, two samples a cell', () => {
    expect(chart([0, 0, 3, 3, 1, 2], 3, 1)).toEqual(['⣀⣿⣴']);
    expect(chart([0, 7, 0, 3], 2, 2)).toEqual(['⢸', '⣸⣸']);
  });

  test('leaves what is not known blank and puts the newest to the right', () => {
    expect(chart([Number.NaN, 0], 2, 1)).toEqual([' ⢀']);
    expect(chart([Number.NaN, Number.NaN], 2, 1)).toEqual(['']);
  });

  test('is also drawn in ASCII', () => {
    expect(chart([0, 15, 7, 8], 4, 2, {}, true)).toEqual([' # _', '_###']);
  });

  test('has its label in the upper right corner, or none where half of it would be lost', () => {
    expect(chart([0], 12, 1, { label: 'peak 12M' })).toEqual(['   peak 12M⢀']);
    expect(chart([], 9, 1, { label: 'peak 12M' })).toEqual(['']);
  });

  test('is coloured by height', () => {
    const [low, high] = [style(rgb(1)), style(rgb(2))];
    const buffer = new Buffer(1, 2);
    renderChart(buffer.area, buffer, {
      samples: plainSamples([1, 1]),
      maximum: 1,
      ramp: [low, high],
      theme: TOKYO_NIGHT,
    });
    expect(foregroundAt(buffer, 0, 0)).toBe(high.foreground);
    expect(foregroundAt(buffer, 0, 1)).toBe(low.foreground);
  });

  test('of anything paints in any area and nothing else', () => {
    fc.assert(
      fc.property(anyArea, anySamples, anyMaximum, fc.boolean(), (area, samples, maximum, ascii) => {
        const drawn = { samples, maximum, ramp: RAMP, label: 'peak 9M', theme: TOKYO_NIGHT };
        drawnWithin(area, (buffer) => {
          buffer.isAscii = ascii;
          renderChart(area, buffer, drawn);
        });
      }),
    );
  });
});

function sparkline(
  values: number[],
  width: number,
  height = 1,
  maximum = Number.NaN,
  ascii = false,
): string[] {
  const buffer = new Buffer(width, height);
  buffer.isAscii = ascii;
  putSparkline(buffer, 0, 0, width, height, plainSamples(values), maximum, RAMP);
  return linesOf(buffer);
}

describe('a sparkline', () => {
  test('climbs from the baseline of a known 0, and leaves a gap to the line above', () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6], 7)).toEqual(['▁▂▃▄▅▆▇']);
  });

  test('leaves what is not known blank and puts the newest to the right', () => {
    expect(sparkline([7, Number.NaN, 0], 5)).toEqual(['  ▇ ▁']);
    expect(sparkline([9, 7, 0, 7], 3)).toEqual(['▇▁▇']);
  });

  test('keeps to a fixed scale', () => {
    expect(sparkline([0, 7, 70], 3, 1, 14)).toEqual(['▁▄▇']);
  });

  test('spreads over several rows', () => {
    expect(sparkline([0, 14, 7, 8], 4, 2)).toEqual([' ▇ ▁', '▁███']);
  });

  test('has a form of ASCII alone', () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7, Number.NaN, 0], 10, 1, Number.NaN, true)).toEqual([
      '_.:-=+*# _',
    ]);
  });

  test('colours each column by its sample', () => {
    const buffer = new Buffer(2, 1);
    putSparkline(buffer, 0, 0, 2, 1, plainSamples([1, 100]), Number.NaN, RAMP);
    expect(foregroundAt(buffer, 0, 0)).toBe(rampStyle(RAMP, 1, 100).foreground);
    expect(foregroundAt(buffer, 1, 0)).toBe(RAMP.at(-1)!.foreground);
  });

  test('of anything paints in any area and nothing else', () => {
    fc.assert(
      fc.property(anyArea, anySamples, anyMaximum, fc.boolean(), (area, samples, maximum, ascii) => {
        drawnWithin(area, (buffer) => {
          buffer.isAscii = ascii;
          putSparkline(buffer, area.x, area.y, area.width, area.height, samples, maximum, RAMP);
        });
      }),
    );
  });
});

describe('a time axis', () => {
  const axis = (width: number, secondsPerSample: number): string => {
    const buffer = new Buffer(width, 1);
    putTimeAxis(buffer, { x: 0, y: 0, width }, secondsPerSample, { theme: TOKYO_NIGHT });
    return linesOf(buffer)[0]!;
  };

  test('has marks at round times, apart enough to be read', () => {
    expect(axis(40, 0.5)).toBe('         30s            15s');
    expect(axis(40, 5)).toBe('   6m          4m          2m');
  });

  test('is empty where the time from sample to sample is not known, or too long for any mark', () => {
    expect(axis(20, Number.NaN).trim()).toBe('');
    expect(axis(20, 1e6).trim()).toBe('');
  });
});
