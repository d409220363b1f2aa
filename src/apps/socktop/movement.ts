import { moveSelection, pageSelection, selectRow, type Viewport } from '../../screen/widgets/viewport.ts';
import type { Action } from './keymap.ts';

/** A list's view after one of the keys that move in it. */
export function movedViewport(viewport: Viewport, action: Action, count: number, height: number): Viewport {
  switch (action) {
    case 'down':
      return moveSelection(viewport, 1, count, height);
    case 'up':
      return moveSelection(viewport, -1, count, height);
    case 'page-down':
      return pageSelection(viewport, 1, count, height);
    case 'page-up':
      return pageSelection(viewport, -1, count, height);
    case 'top':
      return selectRow(viewport, 0, count, height);
    default:
      return selectRow(viewport, count - 1, count, height);
  }
}
