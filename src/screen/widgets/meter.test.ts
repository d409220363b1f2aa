import { describe, expect, test } from 'bun:test';
import { Buffer } from '../buffer/buffer.ts';
import { TOKYO_NIGHT } from '../style/theme.ts';
import { putMeter } from './meter.ts';

const { accent, border } = TOKYO_NIGHT;

function drawn(value: number, hasTrack: boolean, ascii = false): string {
  const buffer = new Buffer(10, 1);
  putMeter(buffer, 1, 0, 8, value, 100, accent, hasTrack ? border : undefined, ascii);
  return buffer.line(0);
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
    putMeter(buffer, 0, 0, 8, 50, 100, accent, border, false);
    expect(buffer.line(0)).toBe('━━━━────');
    expect([buffer.foregroundAt(3, 0), buffer.foregroundAt(4, 0)]).toEqual([
      accent.foreground,
      border.foreground,
    ]);
    expect(drawn(50, true, true)).toBe(' ====----');
  });
});
