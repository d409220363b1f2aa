import { describe, expect, test } from 'bun:test';
import { centered, contains, inset, isEmpty, rect, rowOf } from './rect.ts';

describe('rectangles', () => {
  const area = rect(2, 3, 10, 5);

  test('know their cells', () => {
    expect(contains(area, 2, 3)).toBe(true);
    expect(contains(area, 11, 7)).toBe(true);
    expect(contains(area, 12, 7)).toBe(false);
    expect(contains(area, 11, 8)).toBe(false);
    expect(contains(rect(0, 0, -1, 4), 0, 0)).toBe(false);
  });

  test('shrink to nothing, not below', () => {
    expect(inset(area, 1)).toEqual(rect(3, 4, 8, 3));
    expect(isEmpty(inset(area, 6))).toBe(true);
    expect(inset(area, 6).width).toBe(0);
  });

  test('are centred, and cut to fit', () => {
    expect(centered(area, 4, 3)).toEqual(rect(5, 4, 4, 3));
    expect(centered(area, 40, 30)).toEqual(area);
  });

  test('have rows', () => {
    expect(rowOf(area, 4)).toEqual(rect(2, 7, 10, 1));
    expect(isEmpty(rowOf(area, 5))).toBe(true);
    expect(isEmpty(rowOf(area, -1))).toBe(true);
  });
});
