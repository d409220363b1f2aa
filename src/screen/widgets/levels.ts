import type { Style } from '../style/style.ts';

/**
 * Samples to be drawn, oldest to newest: a window into a ring, so that a history is drawn where it lies.
 * The ring is `values[0 .. capacity)`; `newest` is the newest sample's place in it, and `count` samples
 * up to it are valid. Keep one and change its fields from row to row.
 */
export interface Samples {
  values: ArrayLike<number>;
  capacity: number;
  newest: number;
  count: number;
}

/** Samples that lie in a plain array, oldest first. */
export function plainSamples(values: ArrayLike<number>): Samples {
  const { length } = values;
  return { values, capacity: length, newest: length - 1, count: length };
}

/** The sample `age` steps before the newest (0: the newest); NaN: none. */
export function sampleAt(samples: Samples, age: number): number {
  const { capacity } = samples;
  if (age < 0 || age >= samples.count || age >= capacity) return Number.NaN;
  const place = (((samples.newest - age) % capacity) + capacity) % capacity;
  return samples.values[place] ?? Number.NaN;
}

/** The largest of the newest `length` samples, at least 0. NaN does not count. */
export function maximumOf(samples: Samples, length: number): number {
  const count = Math.min(length, samples.count);
  let maximum = 0;
  for (let age = 0; age < count; age++) {
    const value = sampleAt(samples, age);
    if (value > maximum) maximum = value;
  }
  return maximum;
}

/**
 * How many of `steps` a value fills on a scale from 0 to `maximum`. Anything known has at least one step (the
 * baseline), so that nothing known looks like nothing measured; NaN has none.
 */
export function graphLevel(value: number, maximum: number, steps: number): number {
  if (Number.isNaN(value) || steps <= 0) return 0;
  if (!(value > 0) || !(maximum > 0)) return 1;
  return 1 + Math.round(Math.min(1, shareOf(value, maximum)) * (steps - 1));
}

/** How many of `steps` a bar fills: none for 0 and NaN, at least one for anything more, all from `maximum` on. */
export function barLevel(value: number, maximum: number, steps: number): number {
  if (!(value > 0) || !(maximum > 0) || steps <= 0) return 0;
  return Math.max(1, Math.min(steps, Math.round(shareOf(value, maximum) * steps)));
}

/** `value / maximum`, 1 where both are without bound. */
function shareOf(value: number, maximum: number): number {
  return value >= maximum ? 1 : value / maximum;
}

/** Styles from the faintest (0) to the strongest, at least one: a theme's ramps. */
export type Ramp = Pick<readonly Style[], 'length' | 'at'>;

/** The style for `value` on a scale from 0 to `maximum`; the faintest where either is not known. */
export function rampStyle(ramp: Ramp, value: number, maximum: number): Style {
  const last = ramp.length - 1;
  if (!(value > 0) || !(maximum > 0)) return ramp.at(0)!;
  return ramp.at(Math.round(shareOf(value, maximum) * last))!;
}
