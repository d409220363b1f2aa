import { cellWidth } from '../../kit/text/cell-width.ts';
import type { Buffer } from '../buffer/buffer.ts';
import { contains, isEmpty, type Rect } from '../layout/rect.ts';
import type { Style } from '../style/style.ts';
import type { Theme } from '../style/theme.ts';
import { type Alignment, putAligned } from './aligned-text.ts';
import { glyphsFor } from './glyphs.ts';
import { MARKER_WIDTH, overlayRow, overlaySelection, putRowGround } from './list.ts';

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
  readonly theme: Pick<Theme, 'base' | 'header' | 'sortedHeader' | 'selection' | 'accent'>;
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
    else putRowGround(area, buffer, y, table.theme.base);
  }
}

function renderHeader<Id extends string>(area: Rect, buffer: Buffer, table: Table<Id>): void {
  putRowGround(area, buffer, area.y, table.theme.base);
  for (const placed of table.layout.columns) {
    const { column, title, titleX, titleWidth } = placed;
    const isSorted = table.sortedBy.includes(column.id);
    const style = isSorted ? table.theme.sortedHeader : table.theme.header;
    const width = Math.min(titleWidth, area.width - titleX);
    putAligned(buffer, area.x + titleX, area.y, width, 'left', title, style);
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
  const glyphs = glyphsFor(buffer.isAscii);
  const mark = table.descending ? glyphs.sortDescending : glyphs.sortAscending;
  buffer.putCodePoint(area.x + placed.markX, area.y, mark, table.theme.sortedHeader);
}

function renderRow<Id extends string>(
  area: Rect,
  buffer: Buffer,
  table: Table<Id>,
  row: number,
  y: number,
): void {
  putRowGround(area, buffer, y, table.theme.base);
  const { columns } = table.layout;
  for (let index = 0; index < columns.length; index++) {
    const { column, x, width } = columns[index]!;
    const room = Math.min(width, area.width - x);
    if (room > 0) table.drawCell(row, column, area.x + x, y, room, table.theme.base, buffer);
  }
  const sign = table.rowSign?.(row);
  if (sign !== undefined) buffer.putCodePoint(area.x, y, ATTENTION, sign);
  const overlay = table.rowStyle(row);
  if (overlay !== undefined) overlayRow(area, buffer, y, overlay);
  if (row === table.selected) overlaySelection(area, buffer, y, table.theme);
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
  if (!contains(area, x, y)) return undefined;
  const line = y - area.y;
  if (line < HEADER_HEIGHT) {
    const id = columnAt(table.layout, x - area.x);
    return id === undefined ? undefined : { part: 'header', column: id };
  }
  const row = Math.max(0, table.offset) + line - HEADER_HEIGHT;
  return row < table.rowCount ? { part: 'row', row } : undefined;
}

/** A column of a table, as its author describes it. Widths in cells, at least 1. */
export interface Column<Id extends string = string> {
  readonly id: Id;
  readonly title: string;
  /** Stands in place of the title where that takes more room than the cells need and others are cut. */
  readonly shortTitle?: string | undefined;
  readonly align: Alignment;
  /** Narrower than this it is not worth having, unless its cells need less. */
  readonly minWidth: number;
  /** Wide enough for almost everything: what the column needs where its cells are not measured. */
  readonly idealWidth: number;
  /** Graphs and bars grow up to this width, before texts without a need of more take what is left. */
  readonly wideWidth?: number;
  /** It identifies the row (a name, a host): the last to be cut, and others are dropped for it. */
  readonly isIdentity?: boolean;
  /** Share of the cells that no column needs; 0 stays at what it needs. */
  readonly flex: number;
  /** Columns of low priority are dropped first; of equal ones, the one further right. */
  readonly priority: number;
}

/** The column with room for the sort mark beside its title, however narrow it gets. */
export function sortable<Id extends string>(column: Column<Id>): Column<Id> {
  const least = cellWidth(column.shortTitle ?? column.title) + 1;
  return column.minWidth >= least ? column : { ...column, minWidth: least };
}

/** A column that has its place; all `x` are counted from the left edge of the table. */
export interface PlacedColumn<Id extends string = string> {
  readonly column: Column<Id>;
  readonly x: number;
  readonly width: number;
  /** The title, or the short one. */
  readonly title: string;
  readonly titleX: number;
  readonly titleWidth: number;
  /** Where the sort mark stands when the table is sorted by this column; -1 where there is no cell for it. */
  readonly markX: number;
}

export interface ColumnLayout<Id extends string = string> {
  readonly columns: readonly PlacedColumn<Id>[];
  readonly width: number;
}

/** The column whose header stands at `x` from the table's left edge; a gap belongs to the column before it. */
export function columnAt<Id extends string>(layout: ColumnLayout<Id>, x: number): Id | undefined {
  if (x < 0 || x >= layout.width) return undefined;
  let found = layout.columns[0];
  for (const one of layout.columns) {
    if (one.x <= x) found = one;
  }
  if (found === undefined || x > found.x + found.width) return undefined;
  return found.column.id;
}

const GAP = 1;

/** Columns of this priority and above are not dropped to show what identifies a row whole. */
const ESSENTIAL_PRIORITY = 80;

/**
 * Gives columns their places in a table of `width` cells. `needs` has the cells that each column's content needs, by
 * place in `columns`; undefined: its ideal width.
 *
 * The one rule of all tables: every column gets what its content needs before anything else grows. What is left goes
 * to graphs and bars up to their wide width, then to the columns with flex. Where there is too little, columns shrink
 * to their least width and are dropped by priority; what identifies a row is cut last.
 */
export function layoutColumns<Id extends string>(
  columns: readonly Column<Id>[],
  width: number,
  needs?: ArrayLike<number>,
): ColumnLayout<Id> {
  const available = Math.max(0, Math.floor(width)) - MARKER_WIDTH;
  if (available <= 0) return { columns: [], width };
  const wanted = columns.map((column, index): WantedColumn<Id> => {
    const least = minWidth(column);
    const measured = needs === undefined ? column.idealWidth : Math.max(needs[index]!, titleWidthOf(column));
    const need = Math.max(1, Math.floor(measured), needs === undefined ? least : 1);
    const isHeld = column.isIdentity === true && needs !== undefined;
    const floor = Math.min(least, need);
    return { column, floor, need, held: isHeld ? Math.max(floor, Math.min(need, column.idealWidth)) : floor };
  });
  const kept = columnsThatFit(wanted, available);
  return { columns: placed(kept, widthsOf(kept, available)), width };
}

/** A column with the cells that its content needs, those it shrinks to, and those that others are dropped for. */
interface WantedColumn<Id extends string = string> {
  readonly column: Column<Id>;
  readonly floor: number;
  readonly need: number;
  readonly held: number;
}

function columnsThatFit<Id extends string>(
  columns: readonly WantedColumn<Id>[],
  available: number,
): WantedColumn<Id>[] {
  const kept = [...columns];
  const dropWhile = (measure: (one: WantedColumn<Id>) => number, below: number): void => {
    while (kept.length > 1 && sumOf(kept, measure) + GAP * (kept.length - 1) > available) {
      let least = kept.length - 1;
      for (let index = least - 1; index >= 0; index--) {
        if (kept[index]!.column.priority < kept[least]!.column.priority) least = index;
      }
      if (kept[least]!.column.priority >= below) return;
      kept.splice(least, 1);
    }
  };
  dropWhile((one) => one.floor, Number.POSITIVE_INFINITY);
  dropWhile((one) => one.held, ESSENTIAL_PRIORITY);
  return kept;
}

/** Least widths first, then what identifies the row, then what the others need, then graphs and bars, then flex. */
function widthsOf(columns: readonly WantedColumn[], available: number): number[] {
  const widths = columns.map(({ floor }) => Math.min(floor, available));
  let spare = available - GAP * (columns.length - 1) - sumOf(widths, same);
  const grow = (lackOf: (one: WantedColumn, width: number) => number): void => {
    const lacks = columns.map((one, index) => Math.max(0, lackOf(one, widths[index]!)));
    const growth = Math.min(spare, sumOf(lacks, same));
    share(widths, growth, lacks);
    spare -= growth;
  };
  grow(({ held }, width) => held - width);
  grow(({ column, need }, width) => (column.isIdentity === true ? need - width : 0));
  grow(({ need }, width) => need - width);
  spare = widen(columns, widths, spare);
  share(
    widths,
    spare,
    columns.map(({ column }) => Math.max(0, column.flex)),
  );
  return widths;
}

/**
 * Lets graphs and bars grow, the one that has the least of its wide width first; those of the same wide width stay
 * equally wide, so that their bars can be compared. The cells that are left.
 */
function widen(columns: readonly WantedColumn[], widths: number[], cells: number): number {
  const wideOf = (index: number): number => columns[index]!.column.wideWidth ?? 0;
  const growing = columns.flatMap((_, index) => (widths[index]! < wideOf(index) ? [index] : []));
  let spare = cells;
  while (growing.length > 0 && spare > 0) {
    let least = growing[0]!;
    for (const index of growing) {
      if (widths[index]! * wideOf(least) < widths[least]! * wideOf(index)) least = index;
    }
    const peers = growing.filter(
      (index) => widths[index] === widths[least] && wideOf(index) === wideOf(least),
    );
    const isRoom = peers.length <= spare;
    if (isRoom) {
      for (const index of peers) widths[index]!++;
      spare -= peers.length;
    }
    if (isRoom && widths[least]! < wideOf(least)) continue;
    for (const index of peers) growing.splice(growing.indexOf(index), 1);
  }
  return spare;
}

/** Adds `cells` to the widths in proportion to the weights, to the last cell; nothing where all weights are 0. */
function share(widths: number[], cells: number, weights: readonly number[]): void {
  const total = sumOf(weights, same);
  if (total <= 0) return;
  let weightSoFar = 0;
  let cellsSoFar = 0;
  for (let index = 0; index < widths.length; index++) {
    weightSoFar += weights[index]!;
    const next = Math.floor((cells * weightSoFar) / total);
    widths[index]! += next - cellsSoFar;
    cellsSoFar = next;
  }
}

function placed<Id extends string>(
  columns: readonly WantedColumn<Id>[],
  widths: readonly number[],
): PlacedColumn<Id>[] {
  let end = MARKER_WIDTH - GAP;
  return columns.map(({ column }, index) => {
    const x = end + GAP;
    const width = widths[index]!;
    end = x + width;
    const title = cellWidth(column.title) < width ? column.title : (column.shortTitle ?? column.title);
    const titleWidth = Math.min(cellWidth(title), width);
    const isRight = column.align === 'right';
    const titleX = isRight ? end - titleWidth : x;
    // It never moves the title, and touches it from within the column: no other title can take it for its own.
    const markX = titleWidth === width ? -1 : isRight ? titleX - 1 : titleX + titleWidth;
    return { column, x, width, title, titleX, titleWidth, markX };
  });
}

function minWidth(column: Column): number {
  return Math.max(1, Math.floor(column.minWidth));
}

/** Of the title, with the sort mark where the column has room for one. */
function titleWidthOf(column: Column): number {
  return Math.min(minWidth(column), cellWidth(column.shortTitle ?? column.title) + 1);
}

function same(value: number): number {
  return value;
}

function sumOf<T>(items: readonly T[], measure: (item: T) => number): number {
  let sum = 0;
  for (const item of items) sum += measure(item);
  return sum;
}
