import type { Buffer } from '../buffer/buffer.ts';
import type { Rect } from '../layout/rect.ts';
import type { Style } from '../style/style.ts';
import { glyphsFor } from './glyphs.ts';

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
export function overlaySelection(
  area: Rect,
  buffer: Buffer,
  y: number,
  markerStyle: Style,
  selectionStyle: Style,
  ascii: boolean,
): void {
  buffer.putCodePoint(area.x, y, glyphsFor(ascii).marker, markerStyle);
  buffer.restyle(rowAt(area, y), selectionStyle);
}
