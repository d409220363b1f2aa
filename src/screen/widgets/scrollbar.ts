import type { Buffer } from '../buffer/buffer.ts';
import { isEmpty, type Rect } from '../layout/rect.ts';
import type { Style } from '../style/style.ts';
import { glyphsFor } from './glyphs.ts';
import { clampOffset, maxOffset } from './viewport.ts';

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
  const row = y - area.y;
  if (x < area.x || x >= area.x + area.width || row < 0 || row >= area.height) return undefined;
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

interface ScrollbarStyles {
  readonly thumb: Style;
  readonly track: Style;
}

/** Draws a scrollbar over the whole area, in practice one cell wide; an empty track where all rows are in view. */
export function renderScrollbar(
  area: Rect,
  buffer: Buffer,
  position: ScrollPosition,
  styles: ScrollbarStyles,
  ascii: boolean,
): void {
  if (isEmpty(area)) return;
  const glyphs = glyphsFor(ascii);
  const thumb = scrollThumb(area.height, position);
  for (let row = 0; row < area.height; row++) {
    const isThumb = row >= thumb.start && row < thumb.start + thumb.length;
    const glyph = isThumb ? glyphs.scrollThumb : thumb.length > 0 ? glyphs.scrollTrack : 0x20;
    const style = isThumb ? styles.thumb : styles.track;
    for (let x = area.x; x < area.x + area.width; x++) buffer.putCodePoint(x, area.y + row, glyph, style);
  }
}
