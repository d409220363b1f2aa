import type { Trend } from '../../data/rates/histories.ts';

const MARKS: Readonly<Record<Trend, string>> = { up: '↑', down: '↓', flat: '→' };
const ASCII_MARKS: Readonly<Record<Trend, string>> = { up: '^', down: 'v', flat: '=' };

/** The sign for where traffic is going, one column. */
export function trendMark(trend: Trend, ascii: boolean): string {
  return (ascii ? ASCII_MARKS : MARKS)[trend];
}
