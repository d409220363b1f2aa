import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type Constraint, fill, length, min, percent, split } from './constraint.ts';
import { centered, contains, inset, intersect, isEmpty, rect, rowOf } from './rect.ts';

describe('split', () => {
  const widths = (area: number, constraints: readonly Constraint[]) =>
    split(rect(0, 0, area, 1), 'horizontal', constraints).map((part) => part.width);

  test('gives lengths what they ask, and the rest to those that fill', () => {
    expect(widths(80, [length(10), fill(), length(20)])).toEqual([10, 50, 20]);
    expect(widths(80, [fill(), fill(2), percent(25)])).toEqual([20, 40, 20]);
    expect(widths(10, [fill(), fill(), fill()])).toEqual([3, 4, 3]);
    expect(widths(30, [min(10), min(5)])).toEqual([18, 12]);
  });

  test('gives the first what there is when there is too little', () => {
    expect(widths(12, [length(10), fill(), length(20)])).toEqual([10, 0, 2]);
    expect(widths(0, [length(10), fill()])).toEqual([0, 0]);
  });

  test('goes down as it goes across', () => {
    expect(split(rect(3, 5, 20, 10), 'vertical', [length(1), fill(), length(1)])).toEqual([
      rect(3, 5, 20, 1),
      rect(3, 6, 20, 8),
      rect(3, 14, 20, 1),
    ]);
  });

  test('never overlaps, leaves the area, or loses a cell that somebody fills', () => {
    const cells = fc.integer({ min: -5, max: 120 });
    const one = fc.oneof(
      cells.map(length),
      cells.map(min),
      fc.integer({ min: 0, max: 120 }).map(percent),
      fc.integer({ min: 0, max: 4 }).map(fill),
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 200 }), fc.array(one, { maxLength: 6 }), (width, constraints) => {
        const parts = split(rect(2, 0, width, 3), 'horizontal', [...constraints, fill(1)]);
        let at = 2;
        for (const part of parts) {
          expect(part.x).toBe(at);
          expect(part.width).toBeGreaterThanOrEqual(0);
          at += part.width;
        }
        expect(at).toBe(2 + width);
      }),
    );
  });
});

describe('rectangles', () => {
  const area = rect(2, 3, 10, 5);

  test('know their cells', () => {
    expect(contains(area, 2, 3)).toBe(true);
    expect(contains(area, 11, 7)).toBe(true);
    expect(contains(area, 12, 7)).toBe(false);
    expect(contains(area, 11, 8)).toBe(false);
    expect(contains(rect(0, 0, -1, 4), 0, 0)).toBe(false);
  });

  test('share what both have', () => {
    expect(intersect(area, rect(0, 0, 5, 5))).toEqual(rect(2, 3, 3, 2));
    expect(isEmpty(intersect(area, rect(12, 3, 4, 4)))).toBe(true);
  });

  test('shrink to nothing, not below', () => {
    expect(inset(area, 1)).toEqual(rect(3, 4, 8, 3));
    expect(isEmpty(inset(area, 6))).toBe(true);
    expect(inset(area, 6).width).toBe(0);
    expect(inset(area, 2, 0)).toEqual(rect(4, 3, 6, 5));
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
