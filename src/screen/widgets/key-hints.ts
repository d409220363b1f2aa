import { cellWidth } from '../../kit/text/cell-width.ts';
import type { Buffer } from '../buffer/buffer.ts';
import { isEmpty, type Rect } from '../layout/rect.ts';
import type { Theme } from '../style/theme.ts';

/** A key as the user would call it, and what it does now: `?` `help`. */
export interface KeyHint {
  readonly key: string;
  readonly label: string;
}

const MARGIN = 1;
const GAP = 2;

/** How many of the hints, from the first on, fit into `width` cells whole. */
export function hintsThatFit(hints: readonly KeyHint[], width: number): number {
  let end = MARGIN;
  for (let index = 0; index < hints.length; index++) {
    end += hintWidth(hints[index]!);
    if (end > width) return index;
    end += GAP;
  }
  return hints.length;
}

/** Draws a footer line of hints, most important first; those that do not fit whole are dropped from the right. */
export function renderKeyHints(
  area: Rect,
  buffer: Buffer,
  hints: readonly KeyHint[],
  theme: Pick<Theme, 'key' | 'dim' | 'base'>,
): void {
  if (isEmpty(area)) return;
  buffer.fill(area, theme.base);
  const shown = hintsThatFit(hints, area.width);
  let x = area.x + MARGIN;
  for (let index = 0; index < shown; index++) {
    const { key, label } = hints[index]!;
    x = buffer.put(x, area.y, key, theme.key) + 1;
    x = buffer.put(x, area.y, label, theme.dim) + GAP;
  }
}

/** Which of the hints stands at column `x` of a footer of `width` cells; -1 none. */
export function hintAt(hints: readonly KeyHint[], width: number, x: number): number {
  let start = MARGIN;
  for (let index = 0; index < hintsThatFit(hints, width); index++) {
    const end = start + hintWidth(hints[index]!);
    if (x >= start && x < end) return index;
    start = end + GAP;
  }
  return -1;
}

function hintWidth(hint: KeyHint): number {
  return cellWidth(hint.key) + 1 + cellWidth(hint.label);
}
