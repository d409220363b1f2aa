/**
 * Which part of a long list is on screen and which row is selected.
 * `offset` is the first row shown; `selected` is a row, or -1 where there is none.
 */
export interface Viewport {
  readonly offset: number;
  readonly selected: number;
}

export const TOP: Viewport = { offset: 0, selected: -1 };

/** The last offset that still fills `height` lines with rows, at least 0. */
export function maxOffset(count: number, height: number): number {
  return Math.max(0, count - Math.max(0, height));
}

/** The nearest offset that shows no emptiness below the last row. */
export function clampOffset(offset: number, count: number, height: number): number {
  return Math.max(0, Math.min(offset, maxOffset(count, height)));
}

/** The offset nearest to the present one that has `row` on screen: the view moves only as far as it must. */
export function offsetShowing(row: number, offset: number, count: number, height: number): number {
  const kept = clampOffset(offset, count, height);
  if (row < 0 || row >= count || height <= 0) return kept;
  if (row < kept) return row;
  if (row >= kept + height) return row - height + 1;
  return kept;
}

/**
 * The view after the rows changed beneath it: what was selected now stands at `row` (-1: it is gone).
 * The view moves only if the row would be off screen; nothing is selected in its place.
 */
export function followRow(viewport: Viewport, row: number, count: number, height: number): Viewport {
  return settled(viewport, offsetShowing(row, viewport.offset, count, height), row < count ? row : -1);
}

/** Selects a row (clamped to the rows there are) and brings it on screen. */
export function selectRow(viewport: Viewport, row: number, count: number, height: number): Viewport {
  const selected = clampRow(row, count);
  return settled(viewport, offsetShowing(selected, viewport.offset, count, height), selected);
}

/**
 * Moves the selection by `delta` rows, stopping at the ends. With nothing selected, the first step selects
 * the first row on screen (the last one when moving up).
 */
export function moveSelection(viewport: Viewport, delta: number, count: number, height: number): Viewport {
  const offset = clampOffset(viewport.offset, count, height);
  if (viewport.selected < 0) {
    const row = delta < 0 ? offset + Math.max(1, height) - 1 : offset;
    return selectRow({ offset, selected: -1 }, row, count, height);
  }
  return selectRow(viewport, viewport.selected + delta, count, height);
}

/**
 * Moves by a screenful, one line kept for the eye: view and selection move together, so that the selection
 * keeps its line; at the ends the selection goes on to the first or last row.
 */
export function pageSelection(
  viewport: Viewport,
  direction: -1 | 1,
  count: number,
  height: number,
): Viewport {
  const step = direction * Math.max(1, height - 1);
  const offset = clampOffset(viewport.offset + step, count, height);
  const from = viewport.selected < 0 ? clampOffset(viewport.offset, count, height) : viewport.selected;
  return selectRow({ offset, selected: viewport.selected }, from + step, count, height);
}

/**
 * Scrolls the view by `lines` as a wheel does. The selection stays on its row until that would leave the
 * screen, then rides along its edge.
 */
export function scrollBy(viewport: Viewport, lines: number, count: number, height: number): Viewport {
  return scrollTo(viewport, viewport.offset + lines, count, height);
}

/** Scrolls the view to an offset, as a dragged scrollbar does; the selection behaves as in `scrollBy`. */
export function scrollTo(viewport: Viewport, offset: number, count: number, height: number): Viewport {
  const next = clampOffset(offset, count, height);
  if (viewport.selected < 0) return settled(viewport, next, -1);
  const inView = Math.max(next, Math.min(viewport.selected, next + Math.max(1, height) - 1));
  return settled(viewport, next, clampRow(inView, count));
}

function clampRow(row: number, count: number): number {
  return Math.max(count > 0 ? 0 : -1, Math.min(row, count - 1));
}

/** The same object where nothing changed, so that a model can tell that it need not be drawn again. */
function settled(before: Viewport, offset: number, selected: number): Viewport {
  if (before.offset === offset && before.selected === selected) return before;
  return { offset, selected };
}
