import type { Style } from '../style/style.ts';

/** Styles from the faintest to the strongest, at least one: a theme's ramps. */
export type Ramp = readonly Style[];

/** The style for `value` on a scale from 0 to `maximum`; the faintest where either is not known. */
export function rampStyle(ramp: Ramp, value: number, maximum: number): Style {
  const last = ramp.length - 1;
  if (!(value > 0) || !(maximum > 0)) return ramp[0]!;
  const share = value >= maximum ? 1 : value / maximum;
  return ramp[Math.round(share * last)]!;
}
