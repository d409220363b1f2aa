import { type RowFields, type SortKeyOf, sortKeysOf } from '../../data/query/row-fields.ts';
import type { RankedRows, SortBy } from '../../data/query/row-order.ts';
import { cellWidth } from '../../kit/text/cell-width.ts';
import type { RateUnits } from '../../kit/text/format.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import { style } from '../../screen/style/style.ts';
import {
  type Column,
  type ColumnLayout,
  hitTable,
  layoutColumns,
  type PlacedColumn,
  renderTable,
  sortable,
} from '../../screen/widgets/table.ts';
import { CellPen, RATE_WIDE_WIDTH } from './cells.ts';
import type { Alarm, Identity, ListHit, ListInput, ListLook, ListSort, NetworkList } from './network-list.ts';

/** How a column looks. Widths in cells, as in Column. */
type ColumnLook = Omit<Column, 'id'>;

/** One column of a list: `Fields` say what it shows, `List` is what its cells are painted from. */
interface ListColumn<List, Fields> extends ColumnLook {
  /** The field that it shows; undefined: the one of the column's own id. A click on the title orders by it. */
  readonly field?: keyof Fields & string;
  /** What a click orders by in place of the field. */
  readonly order?: SortKeyOf<Fields>;
  /** The orders whose mark it carries, of a sum all its parts; undefined: its own. */
  readonly marks?: readonly SortKeyOf<Fields>[];
  /** The titles where rates are in bits. */
  readonly bitsTitle?: string;
  readonly shortBitsTitle?: string;
  /** It is shown only where the configuration names it. */
  readonly isOptional?: boolean;
  /** What it shows where the field does not say it: for the documents. */
  readonly help?: string;
  /** Draws the cell of a row; the pen stands on it. */
  readonly paint: (list: List, row: number, pen: CellPen) => void;
}

/** The columns of a list by id, in the order of the screen. */
export type ListColumns<List, Fields> = Readonly<Record<string, ListColumn<List, Fields>>>;

/** A column of text. `ideal` width is enough for almost everything; columns of low priority are dropped first. */
export function left(title: string, priority: number, min: number, ideal: number, flex = 0): ColumnLook {
  return { title, align: 'left', minWidth: min, idealWidth: ideal, flex, priority };
}

/** A column of numbers. */
export function right(title: string, priority: number, min: number, ideal: number, flex = 0): ColumnLook {
  return { title, align: 'right', minWidth: min, idealWidth: ideal, flex, priority };
}

/** A column of text that identifies its row, and is cut last. */
export function identity(title: string, priority: number, min: number, ideal: number, flex = 0): ColumnLook {
  return { ...left(title, priority, min, ideal, flex), isIdentity: true };
}

/** The orders whose mark a column carries. */
function marksOf<Fields extends RowFields<never, never>>(
  fields: Fields,
  id: string,
  column: ListColumn<never, Fields>,
): readonly SortKeyOf<Fields>[] {
  const order = orderOf(fields, id, column);
  return column.marks ?? (order === undefined ? [] : [order]);
}

/** The round of the sort key: what the columns order by, alone or together. */
export function roundOf<Fields extends RowFields<never, never>>(
  fields: Fields,
  columns: ListColumns<never, Fields>,
): readonly SortKeyOf<Fields>[] {
  const all = Object.entries(columns);
  return sortKeysOf(fields).filter((key) =>
    all.some(([id, one]) => orderOf(fields, id, one) === key || marksOf(fields, id, one).includes(key)),
  );
}

/** What a click on a column's title orders by; undefined: nothing. */
function orderOf<Fields extends RowFields<never, never>>(
  fields: Fields,
  id: string,
  { order, field = id }: ListColumn<never, Fields>,
): SortKeyOf<Fields> | undefined {
  return order ?? (fields[field]?.order === undefined ? undefined : (field as SortKeyOf<Fields>));
}

/** What a row's own state adds to how it looks. */
interface RowLook {
  readonly alarmOfRow?: (row: number) => Alarm;
  /** A row of what is gone. */
  readonly isFaintRow?: (row: number) => boolean;
}

const WINDOW_ROWS_MAX = 1024;

/** Rows that can be ordered, as the classes of data/query are. */
interface OrderedRows<Sort> {
  readonly count: number;
  window(sort: Sort, first: number, length: number, out: Int32Array): number;
  rankOf(row: number, sort: Sort): number;
}

/** What all tables of rows have in common: columns laid out once per width, orders, windows of rows, hits. */
export class ListTable<List, Fields extends RowFields<never, never>> {
  /** The round of the sort key. */
  readonly keys: readonly SortKeyOf<Fields>[];
  readonly #fields: Fields;
  readonly #all: ListColumns<List, Fields>;
  readonly #columns: Readonly<Record<RateUnits, readonly Column[]>>;
  /** By sort key: the columns that carry its mark. */
  readonly #marked = new Map<string, readonly string[]>();
  readonly #window = new Int32Array(WINDOW_ROWS_MAX);
  readonly #single = new Int32Array(1);
  /** Cells that the rows on screen need in each column, and the most they needed since the width changed. */
  readonly #needs: Int32Array;
  readonly #mostNeeds: Int32Array;
  #layout: ColumnLayout;
  /** What the layout was made for. */
  #units: RateUnits = 'bytes';

  /** `shown` are the ids of the columns wanted, in their order; undefined: all. */
  constructor(
    fields: Fields,
    columns: ListColumns<List, Fields>,
    shown: readonly string[] = Object.keys(columns),
  ) {
    this.#fields = fields;
    this.#all = columns;
    this.keys = roundOf(fields, columns);
    for (const key of this.keys) {
      const all = Object.entries(columns).filter(([id, one]) => marksOf(fields, id, one).includes(key));
      this.#marked.set(
        key,
        all.map(([id]) => id),
      );
    }
    const isMarked = (id: string): boolean => [...this.#marked.values()].some((ids) => ids.includes(id));
    const columnsIn = (units: RateUnits): Column[] =>
      shown.flatMap((id) => {
        const look = columns[id];
        if (look === undefined) return [];
        const isBits = units === 'bits' && look.bitsTitle !== undefined;
        const title = isBits ? look.bitsTitle : look.title;
        const column: Column = {
          ...look,
          id,
          title,
          shortTitle: isBits ? look.shortBitsTitle : look.shortTitle,
        };
        return isMarked(id) ? sortable(column) : column;
      });
    this.#columns = { bytes: columnsIn('bytes'), bits: columnsIn('bits') };
    this.#needs = new Int32Array(this.#columns.bytes.length);
    this.#mostNeeds = new Int32Array(this.#columns.bytes.length);
    this.#layout = layoutColumns([], 0);
  }

  /** The list's own sort for one by name; an unknown name is the first of the round. */
  sortOf(sort: ListSort): SortBy<SortKeyOf<Fields>> {
    const key = this.keys.find((known) => known === sort.key) ?? this.keys[0]!;
    return { key, isReversed: sort.isReversed };
  }

  /** The row at a rank, -1 past the end. */
  rowAt(rows: OrderedRows<SortBy<SortKeyOf<Fields>>>, sort: ListSort, rank: number): number {
    if (rank < 0 || rank >= rows.count) return -1;
    return rows.window(this.sortOf(sort), rank, 1, this.#single) === 0 ? -1 : this.#single[0]!;
  }

  rankOf(rows: OrderedRows<SortBy<SortKeyOf<Fields>>>, sort: ListSort, row: number): number {
    return row < 0 ? -1 : rows.rankOf(row, this.sortOf(sort));
  }

  render(
    area: Rect,
    buffer: Buffer,
    look: ListLook,
    rows: OrderedRows<SortBy<SortKeyOf<Fields>>>,
    list: List,
    { alarmOfRow, isFaintRow }: RowLook = {},
  ): void {
    const sort = this.sortOf(look.sort);
    const { offset, selected } = look.viewport;
    const { theme, ascii } = look;
    const shown = rows.window(sort, offset, Math.min(area.height, WINDOW_ROWS_MAX), this.#window);
    const columns = this.#all;
    const pen = new CellPen(theme, ascii, look.units);
    const faint = style(theme.dim.foreground, theme.zebra.background);
    this.#layOut(area.width, shown, list, pen);
    renderTable(area, buffer, {
      layout: this.#layout,
      rowCount: rows.count,
      offset,
      selected,
      sortedBy: this.#marked.get(sort.key) ?? [],
      descending: this.#fields[sort.key]?.order?.isRising === sort.isReversed,
      drawCell: (rank, column, x, y, width, _style, into) => {
        const place = rank - offset;
        if (place >= shown) return;
        pen.moveTo(into, x, y, width);
        columns[column.id]!.paint(list, this.#window[place]!, pen);
      },
      rowStyle: (rank) => {
        const place = rank - offset;
        if (place < shown && alarmOfRow?.(this.#window[place]!) === 'new') return theme.alert;
        if (place < shown && isFaintRow?.(this.#window[place]!) === true) {
          return rank % 2 === 0 ? theme.dim : faint;
        }
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
    const table = { layout: this.#layout, rowCount, offset: look.viewport.offset };
    const found = hitTable(area, table, x, y);
    if (found === undefined || found.part === 'row') return found;
    const key = orderOf(this.#fields, found.column, this.#all[found.column]!);
    return key === undefined ? undefined : { part: 'header', key };
  }

  /**
   * Lays the columns out for the rows in the window. As long as nothing is cut, a column stays as wide as it once had
   * to be, so that nothing jumps when a value changes; where it is tight, only what is on screen counts.
   */
  #layOut(width: number, shown: number, list: List, pen: CellPen): void {
    const needs = this.#needs;
    const most = this.#mostNeeds;
    if (this.#layout.width !== width || this.#units !== pen.units) most.fill(0);
    this.#units = pen.units;
    const columns = this.#columns[pen.units];
    for (const [index, { id, title, align, minWidth }] of columns.entries()) {
      const { paint } = this.#all[id]!;
      pen.measure();
      for (let place = 0; place < shown; place++) paint(list, this.#window[place]!, pen);
      needs[index] = pen.need;
      most[index] = Math.max(most[index]!, pen.need, cellWidth(title) + 1, align === 'right' ? minWidth : 0);
    }
    const easy = layoutColumns(columns, width, most);
    const isEasy = easy.columns.length === columns.length && easy.columns.every(isWideEnough(most));
    this.#layout = isEasy ? easy : layoutColumns(columns, width, needs);
  }
}

/** Whether a column, by its place, has the cells that its content needs. */
function isWideEnough(needs: Int32Array): (placed: PlacedColumn, index: number) => boolean {
  return ({ width }, index) => width >= needs[index]!;
}

/** What cells of traffic are painted from. */
interface TrafficList {
  readonly rows: {
    readonly up: Float64Array;
    readonly down: Float64Array;
    readonly connections: Int32Array;
  };
  /** What a full bar means. */
  readonly maximum: number;
}

/** The columns of traffic in every list that adds it up; the rate that most people look for stays longest. */
export const TRAFFIC_COLUMNS = {
  upload: {
    ...right('UPLOAD/s', 89, 7, 16),
    ...{ shortTitle: 'UP/s', bitsTitle: 'UP bit/s', shortBitsTitle: 'UPb/s' },
    wideWidth: RATE_WIDE_WIDTH,
    marks: ['upload', 'rate'],
    paint: ({ rows, maximum }: TrafficList, row: number, pen: CellPen) =>
      pen.rate(rows.up[row]!, maximum, 'up'),
  },
  download: {
    ...right('DOWNLOAD/s', 90, 7, 16),
    ...{ shortTitle: 'DOWN/s', bitsTitle: 'DOWN bit/s', shortBitsTitle: 'DNb/s' },
    wideWidth: RATE_WIDE_WIDTH,
    marks: ['download', 'rate'],
    paint: ({ rows, maximum }: TrafficList, row: number, pen: CellPen) =>
      pen.rate(rows.down[row]!, maximum, 'down'),
  },
  connections: {
    ...right('CONNS', 60, 6, 6),
    paint: ({ rows }: Pick<TrafficList, 'rows'>, row: number, pen: CellPen) =>
      pen.count(rows.connections[row]!),
  },
} as const;

/** What cells of bytes since start are painted from. */
interface TotalsList {
  readonly rows: { readonly upTotal: Float64Array; readonly downTotal: Float64Array };
}

/** The same columns where bytes since start are shown in place of rates. */
export const TOTAL_TRAFFIC_COLUMNS = {
  upload: {
    ...right('UP TOTAL', 89, 9, 16),
    field: 'upload-total',
    marks: ['upload-total', 'total'],
    paint: ({ rows }: TotalsList, row: number, pen: CellPen) => pen.total(rows.upTotal[row]!, 'up'),
  },
  download: {
    ...right('DN TOTAL', 90, 9, 16),
    field: 'download-total',
    marks: ['download-total', 'total'],
    paint: ({ rows }: TotalsList, row: number, pen: CellPen) => pen.total(rows.downTotal[row]!, 'down'),
  },
} as const;

/** The largest rate of the rows. */
export function maximumOf({ up, down }: TrafficList['rows'], count: number): number {
  let maximum = 0;
  for (let row = 0; row < count; row++) maximum = Math.max(maximum, up[row]! || 0, down[row]! || 0);
  return maximum;
}

/** What the lists over rows of data/query do alike; each knows its rows and its table. */
export abstract class RowList<Rows extends RankedRows, Fields extends RowFields<never, never>>
  implements NetworkList
{
  abstract readonly rows: Rows;
  protected abstract readonly table: ListTable<this, Fields>;

  abstract rebuild(input: ListInput): void;
  abstract identityAt(sort: ListSort, rank: number): Identity | undefined;
  /** The row of what `identityAt` named, -1 where it is not listed. */
  protected abstract rowOf(identity: Identity): number;

  get sortKeys(): readonly string[] {
    return this.table.keys;
  }

  get count(): number {
    return this.rows.count;
  }

  get unfilteredCount(): number {
    return this.rows.unfilteredCount;
  }

  rankOf(sort: ListSort, identity: Identity): number {
    return this.table.rankOf(this.rows, sort, this.rowOf(identity));
  }

  order(sort: ListSort): Int32Array {
    return this.rows.order(this.table.sortOf(sort));
  }

  render(area: Rect, buffer: Buffer, look: ListLook): void {
    this.table.render(area, buffer, look, this.rows, this);
  }

  hit(area: Rect, look: ListLook, x: number, y: number): ListHit | undefined {
    return this.table.hit(area, look, this.count, x, y);
  }

  /** The row at a rank, -1 past the end. */
  protected rowAt(sort: ListSort, rank: number): number {
    return this.table.rowAt(this.rows, sort, rank);
  }
}
