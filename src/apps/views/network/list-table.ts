import type { Buffer } from '../../../screen/buffer/buffer.ts';
import type { Rect } from '../../../screen/layout/rect.ts';
import {
  type Column,
  type ColumnLayout,
  layoutColumns,
  sortable,
} from '../../../screen/widgets/column-layout.ts';
import { hitTable, renderTable } from '../../../screen/widgets/table.ts';
import { CellPen } from './cells.ts';
import type { Alarm, ListHit, ListLook, ListSort } from './network-list.ts';

const WINDOW_ROWS_MAX = 1024;

/** Rows that can be ordered, as the classes of data/query are. */
interface OrderedRows<Sort> {
  readonly count: number;
  window(sort: Sort, first: number, length: number, out: Int32Array): number;
  rankOf(row: number, sort: Sort): number;
  order(sort: Sort): Int32Array;
}

/** What a table of a list is: its columns, and which of them each sort key orders by. */
interface ListTableOptions<Id extends string, Key extends string> {
  readonly columns: readonly Column<Id>[];
  /** Those that carry its mark: of a sum all its parts. */
  readonly columnsOfKey: Readonly<Record<Key, readonly Id[]>>;
  /** What a click on a header sorts by; columns left out sort by nothing. */
  readonly keyOfColumn: Readonly<Partial<Record<Id, Key>>>;
  /** Names and the like rise by nature; the rest falls. */
  readonly rising: readonly Key[];
}

/** Draws one cell of a row; the pen stands on it. */
type PaintCell<Id extends string> = (row: number, column: Id, pen: CellPen) => void;

/** What all of sstop's tables have in common: columns laid out once per width, windows of rows, hits. */
export class ListTable<Id extends string, Key extends string> {
  readonly keys: readonly Key[];
  readonly #options: ListTableOptions<Id, Key>;
  readonly #columns: readonly Column<Id>[];
  readonly #window = new Int32Array(WINDOW_ROWS_MAX);
  readonly #single = new Int32Array(1);
  #layout: ColumnLayout<Id>;

  constructor(keys: readonly Key[], options: ListTableOptions<Id, Key>) {
    this.keys = keys;
    this.#options = options;
    const marked = new Set(keys.flatMap((key) => options.columnsOfKey[key]));
    this.#columns = options.columns.map((column) => (marked.has(column.id) ? sortable(column) : column));
    this.#layout = layoutColumns(this.#columns, 0);
  }

  /** The list's own sort for one by name; an unknown name is the first of the round. */
  sortOf(sort: ListSort): { readonly key: Key; readonly isReversed: boolean } {
    const key = this.keys.find((known) => known === sort.key) ?? this.keys[0]!;
    return { key, isReversed: sort.isReversed };
  }

  /** The row at a rank, -1 past the end. */
  rowAt(rows: OrderedRows<{ key: Key; isReversed: boolean }>, sort: ListSort, rank: number): number {
    if (rank < 0 || rank >= rows.count) return -1;
    return rows.window(this.sortOf(sort), rank, 1, this.#single) === 0 ? -1 : this.#single[0]!;
  }

  rankOf(rows: OrderedRows<{ key: Key; isReversed: boolean }>, sort: ListSort, row: number): number {
    return row < 0 ? -1 : rows.rankOf(row, this.sortOf(sort));
  }

  render(
    area: Rect,
    buffer: Buffer,
    look: ListLook,
    rows: OrderedRows<{ key: Key; isReversed: boolean }>,
    paint: PaintCell<Id>,
    alarmOfRow?: (row: number) => Alarm,
  ): void {
    const sort = this.sortOf(look.sort);
    const { offset, selected } = look.viewport;
    const { theme, ascii } = look;
    const shown = rows.window(sort, offset, Math.min(area.height, WINDOW_ROWS_MAX), this.#window);
    const pen = new CellPen(theme, ascii);
    renderTable(area, buffer, {
      layout: this.#layoutFor(area.width),
      rowCount: rows.count,
      offset,
      selected,
      sortedBy: this.#options.columnsOfKey[sort.key],
      descending: this.#options.rising.includes(sort.key) === sort.isReversed,
      drawCell: (rank, column, x, y, width, _style, into) => {
        const place = rank - offset;
        if (place >= shown) return;
        pen.moveTo(into, x, y, width);
        paint(this.#window[place]!, column.id, pen);
      },
      rowStyle: (rank) => {
        const place = rank - offset;
        if (place < shown && alarmOfRow?.(this.#window[place]!) === 'new') return theme.alert;
        return rank % 2 === 0 ? undefined : theme.zebra;
      },
      rowSign: (rank) => {
        const place = rank - offset;
        return place < shown && (alarmOfRow?.(this.#window[place]!) ?? 'none') !== 'none'
          ? theme.bad
          : undefined;
      },
      baseStyle: theme.base,
      headerStyle: theme.header,
      sortedHeaderStyle: theme.sortedHeader,
      selectionStyle: theme.selection,
      markerStyle: theme.accent,
      ascii,
    });
  }

  hit(
    area: Rect,
    look: Pick<ListLook, 'viewport'>,
    rowCount: number,
    x: number,
    y: number,
  ): ListHit | undefined {
    const table = { layout: this.#layoutFor(area.width), rowCount, offset: look.viewport.offset };
    const found = hitTable(area, table, x, y);
    if (found === undefined || found.part === 'row') return found;
    const key = this.#options.keyOfColumn[found.column];
    return key === undefined ? undefined : { part: 'header', key };
  }

  #layoutFor(width: number): ColumnLayout<Id> {
    if (this.#layout.width !== width) this.#layout = layoutColumns(this.#columns, width);
    return this.#layout;
  }
}
