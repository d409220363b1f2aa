import type { Style } from '../../../screen/style/style.ts';
import type { Theme } from '../../../screen/style/theme.ts';
import { type Ramp, singleColor } from '../../../screen/widgets/intensity-ramp.ts';
import type { SystemData } from './system-data.ts';

/** One machine and how it is drawn. */
export interface SystemView {
  readonly data: SystemData;
  readonly theme: Theme;
  readonly ascii: boolean;
}

const FULL_FROM_PERCENT = 80;
const CRITICAL_FROM_PERCENT = 95;

/** The style of a figure that is a share of something that runs out: quiet, a warning, bad. */
export function usageStyle(theme: Theme, percent: number): Style {
  if (percent >= CRITICAL_FROM_PERCENT) return theme.bad;
  return percent >= FULL_FROM_PERCENT ? theme.warning : theme.text;
}

const ramps = new WeakMap<Style, Ramp>();

/** A ramp of one colour, made once for each style. */
export function rampOfStyle(style: Style): Ramp {
  const known = ramps.get(style);
  if (known !== undefined) return known;
  const ramp = singleColor(style);
  ramps.set(style, ramp);
  return ramp;
}

/** The ramp of a bar for the same. */
export function usageRamp(theme: Theme, percent: number): Ramp {
  if (percent < FULL_FROM_PERCENT || Number.isNaN(percent)) return theme.graphRamp;
  return rampOfStyle(usageStyle(theme, percent));
}
