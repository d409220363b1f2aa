import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { Buffer } from '../buffer/buffer.ts';
import { foregroundAt, lineOf } from '../buffer/buffer-look.fixture.ts';
import { TOKYO_NIGHT } from '../style/theme.ts';
import { putBar, putMeter } from './meter.ts';
import { anyArea, drawnOver } from './sentinel.fixture.ts';

const { accent, border } = TOKYO_NIGHT;

function drawn(value: number, hasTrack: boolean, ascii = false): string {
  const buffer = new Buffer(10, 1);
  buffer.isAscii = ascii;
  putMeter(buffer, 1, 0, 8, value, accent, hasTrack ? border : undefined);
  return lineOf(buffer, 0);
}

describe('a meter', () => {
  test('is as long as the share, in half cells', () => {
    expect(drawn(50, false)).toBe(' ━━━━');
    expect(drawn(55, false)).toBe(' ━━━━╸');
    expect(drawn(100, false)).toBe(' ━━━━━━━━');
    expect(drawn(400, false)).toBe(' ━━━━━━━━');
  });

  test('has ink for anything above 0, none for 0 and what is not known', () => {
    expect(drawn(0.01, false)).toBe(' ╸');
    expect(drawn(0, false)).toBe('');
    expect(drawn(Number.NaN, false)).toBe('');
  });

  test('shows the whole as its track, in another style', () => {
    const buffer = new Buffer(8, 1);
    putMeter(buffer, 0, 0, 8, 50, accent, border);
    expect(lineOf(buffer, 0)).toBe('━━━━────');
    expect([foregroundAt(buffer, 3, 0), foregroundAt(buffer, 4, 0)]).toEqual([
      accent.foreground,
      border.foreground,
    ]);
    expect(drawn(50, true, true)).toBe(' ====....');
  });
});

const RAMP = TOKYO_NIGHT.graphRamp;

const anySample = fc.oneof(fc.double({ min: 0, max: 1e12 }), fc.constantFrom(Number.NaN, 0, Infinity, -1));

const anyMaximum = fc.oneof(fc.constant(Number.NaN), fc.double({ min: 0, max: 1e12 }));

function bar(value: number, width: number, ascii = false): string {
  const buffer = new Buffer(width, 1);
  buffer.isAscii = ascii;
  putBar(buffer, 0, 0, width, value, 100, RAMP);
  return lineOf(buffer, 0);
}

describe('a bar', () => {
  test('grows by eighths', () => {
    expect(bar(0, 10)).toBe('');
    expect(bar(Number.NaN, 10)).toBe('');
    expect(bar(0.001, 10)).toBe('▏');
    expect(bar(45, 10)).toBe('████▌');
    expect(bar(100, 10)).toBe('██████████');
    expect(bar(1e9, 10)).toBe('██████████');
  });

  test('has a form of ASCII alone', () => {
    expect(bar(45, 10, true)).toBe('####=');
    expect(bar(42, 10, true)).toBe('####:');
  });

  test('says the same by colour and by length', () => {
    const buffer = new Buffer(10, 2);
    putBar(buffer, 0, 0, 10, 20, 100, RAMP);
    putBar(buffer, 0, 1, 10, 2000, 10_000, RAMP);
    expect(lineOf(buffer, 1)).toBe(lineOf(buffer, 0));
    expect(foregroundAt(buffer, 0, 1)).toBe(foregroundAt(buffer, 0, 0));
  });

  test('of anything paints any area whole and nothing else', () => {
    fc.assert(
      fc.property(anyArea, anySample, anyMaximum, fc.boolean(), (area, value, maximum, ascii) => {
        drawnOver(area, (buffer) => {
          buffer.isAscii = ascii;
          for (let y = area.y; y < area.y + area.height; y++) {
            putBar(buffer, area.x, y, area.width, value, maximum, RAMP);
          }
        });
      }),
    );
  });
});
