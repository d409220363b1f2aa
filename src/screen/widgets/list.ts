import type { Buffer } from '../buffer/buffer.ts';
import { isEmpty, type Rect } from '../layout/rect.ts';
import type { Style } from '../style/style.ts';
import type { Theme } from '../style/theme.ts';
import { glyphsFor } from './glyphs.ts';

/** Draws one item: `width` cells from (x, y), never more. They are blank in the theme's base. */
type DrawItem = (item: number, x: number, y: number, width: number) => void;

/** The ground of everything, what is laid over the selected row, and the sign in front of it. */
type RowTheme = Pick<Theme, 'base' | 'selection' | 'accent'>;

export interface List {
  readonly count: number;
  /** The first item on screen. */
  readonly offset: number;
  /** -1 for none. */
  readonly selected: number;
  readonly drawItem: DrawItem;
  readonly theme: RowTheme;
}

/** Draws one item a line over the whole area, the selected one marked in the first cell. */
export function renderList(area: Rect, buffer: Buffer, list: List): void {
  if (isEmpty(area)) return;
  const { theme } = list;
  const width = area.width - MARKER_WIDTH;
  let item = Math.max(0, list.offset);
  for (let y = area.y; y < area.y + area.height; y++, item++) {
    putRowGround(area, buffer, y, theme.base);
    if (item >= list.count) continue;
    if (width > 0) list.drawItem(item, area.x + MARKER_WIDTH, y, width);
    if (item === list.selected) overlaySelection(area, buffer, y, theme);
  }
}

/** The first item on screen, so that the selected one is on it. */
export function offsetFor(selected: number, height: number): number {
  return Math.max(0, selected - height + 1);
}

/** The cell in front of a row that marks it as selected. */
export const MARKER_WIDTH = 1;

/** One row's cells, changed in place from row to row: rows are drawn without making objects. */
const rowArea = { x: 0, y: 0, width: 0, height: 1 };

function rowAt(area: Rect, y: number): Rect {
  rowArea.x = area.x;
  rowArea.y = y;
  rowArea.width = area.width;
  return rowArea;
}

/** Paints one row of the area empty. */
export function putRowGround(area: Rect, buffer: Buffer, y: number, style: Style): void {
  buffer.fill(rowAt(area, y), style);
}

/** Lays a style over a row that is drawn: zebra, an alert. What it inherits stays as the cells have it. */
export function overlayRow(area: Rect, buffer: Buffer, y: number, style: Style): void {
  buffer.restyle(rowAt(area, y), style);
}

/** Marks a row that is drawn as the selected one: a sign in its first cell, and the style over all of it. */
export function overlaySelection(area: Rect, buffer: Buffer, y: number, theme: RowTheme): void {
  buffer.putCodePoint(area.x, y, glyphsFor(buffer.isAscii).marker, theme.accent);
  buffer.restyle(rowAt(area, y), theme.selection);
}
