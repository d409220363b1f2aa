import type { Buffer } from '../buffer/buffer.ts';
import { isEmpty, type Rect } from '../layout/rect.ts';
import type { Style } from '../style/style.ts';
import { putAligned } from './aligned-text.ts';
import { type Column, type ColumnLayout, columnAt, type PlacedColumn } from './column-layout.ts';
import { glyphsFor } from './glyphs.ts';
import { overlayRow, overlaySelection, putRowGround } from './selectable-row.ts';

/**
 * Draws one cell: `width` cells from (x, y) in the buffer, never more. The cells are blank in `style`, the table's
 * base; zebra and selection are laid over the finished row, so that a cell need not know of them.
 */
type DrawCell<Id extends string> = (
  row: number,
  column: Column<Id>,
  x: number,
  y: number,
  width: number,
  style: Style,
  buffer: Buffer,
) => void;

/** A table as it is to be drawn now. Rows are numbered 0 to `rowCount` over the whole list, not the screen. */
export interface Table<Id extends string> {
  readonly layout: ColumnLayout<Id>;
  readonly rowCount: number;
  /** The first row on screen. */
  readonly offset: number;
  /** -1 for none. */
  readonly selected: number;
  /** All of them carry the mark: an order by a sum is that of each of its parts. */
  readonly sortedBy: readonly Id[];
  readonly descending: boolean;
  readonly drawCell: DrawCell<Id>;
  /**
   * Laid over the row once its cells are drawn; `undefined` for nothing. A zebra stripe belongs to what the row
   * is, not to where it stands: ask its identity, not its number.
   */
  readonly rowStyle: (row: number) => Style | undefined;
  /** The style of a `!` in the row's first cell, where it needs attention; `undefined` for none. */
  readonly rowSign?: (row: number) => Style | undefined;
  /** The ground of everything; has a foreground and a background of its own. */
  readonly baseStyle: Style;
  readonly headerStyle: Style;
  readonly sortedHeaderStyle: Style;
  /** Laid over the selected row. */
  readonly selectionStyle: Style;
  readonly markerStyle: Style;
  readonly ascii: boolean;
}

const HEADER_HEIGHT = 1;
/** `!` */
const ATTENTION = 0x21;

/** How many rows a table in this area shows. */
export function tableRowsIn(area: Rect): number {
  return Math.max(0, area.height - HEADER_HEIGHT);
}

/** Draws header and rows over the whole area; `layout` must be of the area's width. */
export function renderTable<Id extends string>(area: Rect, buffer: Buffer, table: Table<Id>): void {
  if (isEmpty(area)) return;
  renderHeader(area, buffer, table);
  const bottom = area.y + area.height;
  let row = Math.max(0, table.offset);
  for (let y = area.y + HEADER_HEIGHT; y < bottom; y++, row++) {
    if (row < table.rowCount) renderRow(area, buffer, table, row, y);
    else putRowGround(area, buffer, y, table.baseStyle);
  }
}

function renderHeader<Id extends string>(area: Rect, buffer: Buffer, table: Table<Id>): void {
  putRowGround(area, buffer, area.y, table.baseStyle);
  for (const placed of table.layout.columns) {
    const { column, titleX, titleWidth } = placed;
    const isSorted = table.sortedBy.includes(column.id);
    const style = isSorted ? table.sortedHeaderStyle : table.headerStyle;
    const width = Math.min(titleWidth, area.width - titleX);
    putAligned(buffer, area.x + titleX, area.y, width, 'left', column.title, style, table.ascii);
    if (isSorted) putSortMark(area, buffer, table, placed);
  }
}

function putSortMark<Id extends string>(
  area: Rect,
  buffer: Buffer,
  table: Table<Id>,
  placed: PlacedColumn<Id>,
): void {
  if (placed.markX < 0 || placed.markX >= area.width) return;
  const glyphs = glyphsFor(table.ascii);
  const mark = table.descending ? glyphs.sortDescending : glyphs.sortAscending;
  buffer.putCodePoint(area.x + placed.markX, area.y, mark, table.sortedHeaderStyle);
}

function renderRow<Id extends string>(
  area: Rect,
  buffer: Buffer,
  table: Table<Id>,
  row: number,
  y: number,
): void {
  putRowGround(area, buffer, y, table.baseStyle);
  const { columns } = table.layout;
  for (let index = 0; index < columns.length; index++) {
    const { column, x, width } = columns[index]!;
    const room = Math.min(width, area.width - x);
    if (room > 0) table.drawCell(row, column, area.x + x, y, room, table.baseStyle, buffer);
  }
  const sign = table.rowSign?.(row);
  if (sign !== undefined) buffer.putCodePoint(area.x, y, ATTENTION, sign);
  const overlay = table.rowStyle(row);
  if (overlay !== undefined) overlayRow(area, buffer, y, overlay);
  if (row !== table.selected) return;
  overlaySelection(area, buffer, y, table.markerStyle, table.selectionStyle, table.ascii);
}

type TableHit<Id extends string> =
  | { readonly part: 'header'; readonly column: Id }
  | { readonly part: 'row'; readonly row: number };

/** What of the table a press at (x, y) hits; `undefined` outside it, below the last row and beside the columns. */
export function hitTable<Id extends string>(
  area: Rect,
  table: Pick<Table<Id>, 'layout' | 'rowCount' | 'offset'>,
  x: number,
  y: number,
): TableHit<Id> | undefined {
  const column = x - area.x;
  const line = y - area.y;
  if (column < 0 || column >= area.width || line < 0 || line >= area.height) return undefined;
  if (line < HEADER_HEIGHT) {
    const id = columnAt(table.layout, column);
    return id === undefined ? undefined : { part: 'header', column: id };
  }
  const row = Math.max(0, table.offset) + line - HEADER_HEIGHT;
  return row < table.rowCount ? { part: 'row', row } : undefined;
}
