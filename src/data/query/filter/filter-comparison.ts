import type { Comparison } from './filter-term.ts';

/** NaN (unknown) compares as nothing. */
export function compare(comparison: Comparison, a: number, b: number): boolean {
  switch (comparison) {
    case '=':
      return a === b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
  }
}

/** Whether it holds of one of the values. */
export function anyOf(comparison: Comparison, value: number, values: readonly number[]): boolean {
  for (const each of values) if (compare(comparison, value, each)) return true;
  return false;
}
