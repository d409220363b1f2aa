import { type Rect, rect } from '../../screen/layout/rect.ts';
import type { Model } from './model.ts';

/** The whole screen. */
export function screenRect({ width, height }: Pick<Model, 'width' | 'height'>): Rect {
  return rect(0, 0, width, height);
}
