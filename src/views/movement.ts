import { moveSelection, pageSelection, selectRow, type Viewport } from '../screen/widgets/viewport.ts';

/** How far a notch of the wheel moves. */
export const WHEEL_LINES = 3;

/** What keys do in every list. */
export type Movement = 'down' | 'up' | 'page-down' | 'page-up' | 'top' | 'bottom';

const MOVEMENTS: ReadonlySet<string> = new Set([
  ...(['down', 'up', 'page-down', 'page-up', 'top', 'bottom'] as const),
]);

/** Whether an action moves in a list. */
export function isMovement(action: string): action is Movement {
  return MOVEMENTS.has(action);
}

/** A list's view after a movement. */
export function movedViewport(
  viewport: Viewport,
  movement: Movement,
  count: number,
  height: number,
): Viewport {
  switch (movement) {
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
    case 'bottom':
      return selectRow(viewport, count - 1, count, height);
  }
}

/** The first line of a text that only scrolls, after a movement; a page is `height` lines. */
export function movedOffset(offset: number, movement: Movement, last: number, height: number): number {
  const page = Math.max(1, height);
  const wanted = {
    ...{ down: offset + 1, up: offset - 1, 'page-down': offset + page, 'page-up': offset - page },
    ...{ top: 0, bottom: last },
  }[movement];
  return Math.max(0, Math.min(wanted, last));
}
