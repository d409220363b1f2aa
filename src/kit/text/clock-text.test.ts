import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { clockText, useLocalTime } from './clock-text.ts';

const MILLIS_2100 = 4_102_444_800_000;

describe('clockText', () => {
  test("is the runtime's local time unless it is told another", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MILLIS_2100 }), (wallMillis) => {
        const time = new Date(wallMillis);
        const parts = [time.getHours(), time.getMinutes(), time.getSeconds()];
        expect(clockText(wallMillis)).toBe(parts.map((part) => String(part).padStart(2, '0')).join(':'));
      }),
    );
    expect(clockText(Number.NaN)).toBe('-');
    expect(clockText(Number.POSITIVE_INFINITY)).toBe('-');
  });

  test('is ahead of UTC, or behind it, by as much as it is told', () => {
    const asked: number[] = [];
    let seconds = 5.75 * 3600;
    try {
      useLocalTime((wallMillis) => {
        asked.push(wallMillis);
        return seconds;
      });
      expect(clockText(1000 * 86_399)).toBe('05:44:59');
      seconds = -9.5 * 3600;
      expect(clockText(1000 * 3600)).toBe('15:30:00');
      expect(asked).toEqual([1000 * 86_399, 1000 * 3600]);
    } finally {
      useLocalTime((wallMillis) => new Date(wallMillis).getTimezoneOffset() * -60);
    }
  });
});
