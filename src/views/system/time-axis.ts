import { cellWidth } from '../../kit/text/cell-width.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import type { Samples } from '../../screen/widgets/levels.ts';
import type { SystemView } from './system-look.ts';

/** Seconds between two marks of an axis. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200];
/** Minimum distance between marks. */
const MARK_MIN_CELLS = 12;

/** `30s`, `75s`, `5m`, `2h`. */
function spanText(seconds: number): string {
  if (seconds < 60 || (seconds < 300 && seconds % 60 !== 0)) return `${Math.round(seconds)}s`;
  return seconds < 3600 ? `${Math.round(seconds / 60)}m` : `${Math.round(seconds / 3600)}h`;
}

/**
 * Marks on the line below a chart how long ago its columns were: `2m ──── 1m ────`. The newest sample is at the right
 * edge; nothing is drawn before it is known how often samples come.
 *
 * @param secondsPerCell NaN unknown
 */
export function putTimeAxis(
  buffer: Buffer,
  { x, y, width }: Pick<Rect, 'x' | 'y' | 'width'>,
  secondsPerCell: number,
  { theme }: SystemView,
): void {
  const step = STEPS.find((seconds) => seconds / secondsPerCell >= MARK_MIN_CELLS);
  if (step === undefined) return;
  for (let seconds = step; ; seconds += step) {
    const text = ` ${spanText(seconds)} `;
    const at = x + width - Math.round(seconds / secondsPerCell) - (cellWidth(text) >> 1);
    if (at < x) return;
    buffer.put(at, y, text, theme.dim);
  }
}

/** `last 50s`: the time span of a chart with so many samples; '' if unknown. */
export function coverageText(samples: Samples, shown: number, secondsPerSample: number): string {
  const count = Math.min(samples.count, shown);
  return count < 2 || Number.isNaN(secondsPerSample) ? '' : `last ${spanText(count * secondsPerSample)}`;
}
