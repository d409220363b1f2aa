import { HISTORY_LENGTH } from '../rates/rate-history.ts';
import { TREND_HALF, type Trend, trendBetween } from '../rates/trend.ts';

/**
 * Trend of HISTORY_LENGTH rates, oldest first: mean of the last four against the four before, flat within 20 %. Flat
 * too while fewer than eight of them (`sampleCount`, since rates began) were measured.
 */
export function trendOfHistory(history: Float32Array, sampleCount: number): Trend {
  // The first sample has no rate: it is what the second is measured from.
  if (sampleCount <= TREND_HALF * 2) return 'flat';
  let before = 0;
  let last = 0;
  for (let age = 0; age < TREND_HALF; age++) {
    last += history[HISTORY_LENGTH - 1 - age]!;
    before += history[HISTORY_LENGTH - 1 - TREND_HALF - age]!;
  }
  return trendBetween(before, last);
}
