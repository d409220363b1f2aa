import type { Buffer } from '../buffer/buffer.ts';
import { contains, isEmpty, type Rect } from '../layout/rect.ts';
import type { Theme } from '../style/theme.ts';
import { glyphsFor } from './glyphs.ts';

/** The part of a long list on screen: the first row shown, and the selected one, -1: none. */
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

/** Moves the selection, to the ends at most. With none, selects the first row on screen (moving up the last). */
export function moveSelection(viewport: Viewport, delta: number, count: number, height: number): Viewport {
  const offset = clampOffset(viewport.offset, count, height);
  if (viewport.selected < 0) {
    const row = delta < 0 ? offset + Math.max(1, height) - 1 : offset;
    return selectRow({ offset, selected: -1 }, row, count, height);
  }
  return selectRow(viewport, viewport.selected + delta, count, height);
}

/** A screenful, less one line: view and selection move together; at the ends the selection goes on. */
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

/** Scrolls as a wheel does. The selection stays on its row, or rides along the edge of the screen. */
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

/** The rows that a scrollbar stands for: `visible` of `count` are shown, from `offset` on. */
export interface ScrollPosition {
  readonly count: number;
  readonly visible: number;
  readonly offset: number;
}

/** The thumb's first cell from the top of the track, and its length; length 0 where there is nothing to scroll. */
interface ScrollThumb {
  readonly start: number;
  readonly length: number;
}

/**
 * Where the thumb stands on a track of `trackLength` cells. It touches an end of the track only when the view is
 * at that end, as far as the track has room to tell.
 */
export function scrollThumb(trackLength: number, position: ScrollPosition): ScrollThumb {
  const last = maxOffset(position.count, position.visible);
  if (trackLength <= 0 || last === 0) return { start: 0, length: 0 };
  const share = Math.max(0, position.visible) / position.count;
  const length = Math.max(1, Math.min(trackLength - 1, Math.round(trackLength * share)));
  const room = trackLength - length;
  const offset = clampOffset(position.offset, position.count, position.visible);
  if (offset === 0) return { start: 0, length };
  if (offset === last) return { start: room, length };
  const inside = Math.max(1, Math.min(room - 1, Math.round((offset * room) / last)));
  return { start: Math.min(inside, room), length };
}

type ScrollHit =
  | { readonly part: 'above' }
  | { readonly part: 'below' }
  /** `grab` is the cell of the thumb that was hit, from its top: a drag keeps it under the pointer. */
  | { readonly part: 'thumb'; readonly grab: number };

/** Which part of the scrollbar in `area` a press at (x, y) hits; `undefined` beside it or with nothing to scroll. */
export function hitScrollbar(
  area: Rect,
  position: ScrollPosition,
  x: number,
  y: number,
): ScrollHit | undefined {
  if (!contains(area, x, y)) return undefined;
  const row = y - area.y;
  const thumb = scrollThumb(area.height, position);
  if (thumb.length === 0) return undefined;
  if (row < thumb.start) return { part: 'above' };
  if (row >= thumb.start + thumb.length) return { part: 'below' };
  return { part: 'thumb', grab: row - thumb.start };
}

/**
 * The offset that brings the thumb under a pointer at row `y` that holds it by `grab`. A pointer outside the track
 * pulls the thumb to its end. A thumb that would not move keeps the present offset, so that a press alone never
 * scrolls.
 */
export function offsetForDrag(area: Rect, position: ScrollPosition, grab: number, y: number): number {
  const thumb = scrollThumb(area.height, position);
  const last = maxOffset(position.count, position.visible);
  const room = area.height - thumb.length;
  if (thumb.length === 0 || room <= 0) return clampOffset(position.offset, position.count, position.visible);
  const start = Math.max(0, Math.min(room, y - area.y - grab));
  if (start === thumb.start) return clampOffset(position.offset, position.count, position.visible);
  return Math.round((start * last) / room);
}

/** Draws a scrollbar over the whole area, in practice one cell wide; an empty track where all rows are in view. */
export function renderScrollbar(
  area: Rect,
  buffer: Buffer,
  position: ScrollPosition,
  theme: Pick<Theme, 'scrollbarThumb' | 'scrollbarTrack'>,
): void {
  if (isEmpty(area)) return;
  const glyphs = glyphsFor(buffer.isAscii);
  const thumb = scrollThumb(area.height, position);
  for (let row = 0; row < area.height; row++) {
    const isThumb = row >= thumb.start && row < thumb.start + thumb.length;
    const glyph = isThumb ? glyphs.scrollThumb : thumb.length > 0 ? glyphs.scrollTrack : 0x20;
    const style = isThumb ? theme.scrollbarThumb : theme.scrollbarTrack;
    buffer.fill({ ...area, y: area.y + row, height: 1 }, style, glyph);
  }
}
