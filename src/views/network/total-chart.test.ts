import { expect, test } from 'bun:test';
import { chartHeightFor } from './total-chart.ts';

test('the chart gives way to rows at once, and grows where a few lines stay free', () => {
  expect(chartHeightFor(40, 1)).toBe(9);
  expect(chartHeightFor(0, 9)).toBe(9);
  expect(chartHeightFor(-1, 9)).toBe(7);
  expect(chartHeightFor(-9, 9)).toBe(1);
  expect(chartHeightFor(6, 1)).toBe(1);
  expect(chartHeightFor(7, 1)).toBe(5);
  expect(chartHeightFor(4, 5)).toBe(5);
  expect(chartHeightFor(5, 5)).toBe(7);
  expect(chartHeightFor(-100, 1)).toBe(1);
});

test('what it takes, it keeps: the same rows never make it change again', () => {
  for (let free = -20; free < 60; free++) {
    for (const current of [1, 5, 7, 9]) {
      const next = chartHeightFor(free, current);
      expect(chartHeightFor(free + current - next, next)).toBe(next);
    }
  }
});
