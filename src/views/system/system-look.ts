import type { Style } from '../../screen/style/style.ts';
import type { Theme } from '../../screen/style/theme.ts';
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

/** The style of a meter for the same. */
export function meterStyle(theme: Theme, percent: number): Style {
  return percent >= FULL_FROM_PERCENT ? usageStyle(theme, percent) : theme.accent;
}
