import { describe, expect, test } from 'bun:test';
import { PidCursor } from './pid-cursor.ts';

describe('PidCursor', () => {
  test('cannot say at first, then names the pids given out since', () => {
    const cursor = new PidCursor();
    expect(cursor.advance(1000)).toBe(Number.POSITIVE_INFINITY);
    cursor.advance(1000);
    expect(cursor.advance(1000)).toBe(0);
    expect(cursor.advance(1003)).toBe(3);
    expect(cursor.first).toBe(1001);
  });

  test('looks once more for those that were perhaps not yet found, but for 64 at most', () => {
    const cursor = new PidCursor();
    for (const last of [1000, 1000, 1003]) cursor.advance(last);
    expect(cursor.advance(1005)).toBe(5);
    expect(cursor.first).toBe(1001);
    cursor.advance(3000);
    expect(cursor.advance(3000)).toBe(64);
    expect(cursor.first).toBe(2937);
    expect(cursor.advance(3000)).toBe(0);
  });

  test('cannot say after a wrap, and goes on behind it', () => {
    const cursor = new PidCursor();
    for (const last of [32_000, 32_000]) cursor.advance(last);
    expect(cursor.advance(310)).toBe(Number.POSITIVE_INFINITY);
    expect(cursor.advance(312)).toBeLessThanOrEqual(66);
    expect(cursor.first).toBeLessThanOrEqual(311);
    expect(cursor.advance(312)).toBeLessThanOrEqual(2);
    expect(cursor.advance(312)).toBe(0);
  });

  test('cannot say while the number is unknown, nor right after', () => {
    const cursor = new PidCursor();
    cursor.advance(10);
    expect(cursor.advance(Number.NaN)).toBe(Number.POSITIVE_INFINITY);
    expect(cursor.advance(12)).toBe(Number.POSITIVE_INFINITY);
    expect(cursor.advance(14)).toBeGreaterThanOrEqual(2);
  });
});
