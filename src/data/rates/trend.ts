import { columnsClass, numbers } from '../../kit/table/columns.ts';

export type Trend = 'up' | 'down' | 'flat';

/** Samples whose mean is compared with that of as many before them. */
export const TREND_HALF = 4;
const LENGTH = TREND_HALF * 2;
const MARGIN = 0.2;

/** Where sums (or means) of equally many rates are going. */
export function trendBetween(before: number, last: number): Trend {
  if (last > before * (1 + MARGIN)) return 'up';
  return last < before * (1 - MARGIN) ? 'down' : 'flat';
}

/** The last eight rates of each slot: mean of the last four against the four before, flat within 20 %. */
export class Trends extends columnsClass({ ring: numbers('f64', 0, LENGTH), taken: numbers('u32') }) {
  reset(slot: number): void {
    this.taken[slot] = 0;
  }

  push(slot: number, rate: number): void {
    const taken = this.taken[slot]!;
    this.ring[slot * LENGTH + (taken % LENGTH)] = rate;
    // Past the first eight only the place in the ring matters, so the count may wrap there.
    this.taken[slot] = taken + 1 === LENGTH * 2 ? LENGTH : taken + 1;
  }

  /** Flat until eight rates are known. */
  of(slot: number): Trend {
    const taken = this.taken[slot] ?? 0;
    if (taken < LENGTH) return 'flat';
    let before = 0;
    let last = 0;
    for (let age = 0; age < LENGTH; age++) {
      const rate = this.ring[slot * LENGTH + ((taken - 1 - age + LENGTH) % LENGTH)]!;
      if (age < TREND_HALF) last += rate;
      else before += rate;
    }
    return trendBetween(before, last);
  }
}
