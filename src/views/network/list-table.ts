import { type RowFields, type SortKeyOf, sortKeysOf } from '../../data/query/row-fields.ts';
import type { RankedRows, SortBy } from '../../data/query/row-order.ts';
import type { Grouping } from '../../data/sample/process-table.ts';
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
  type Table,
  tableRowsIn,
} from '../../screen/widgets/table.ts';
import { CellPen, RATE_WIDE_WIDTH } from './cells.ts';
import type { Alarm, Identity, ListHit, ListInput, ListLook, ListSort, NetworkList } from './network-list.ts';

/** Look of a column. Widths in cells, as in Column. */
type ColumnLook = Omit<Column, 'id'>;

/** A column of a list. `Fields` declares its content; `List` is what its cells are drawn from. */
interface ListColumn<List, Fields> extends ColumnLook {
  /** Field that it shows, and that a click on the title sorts by. Default: the field with the column's id. */
  readonly field?: keyof Fields & string;
  /** Sort key of a click, if it is not the field. */
  readonly order?: SortKeyOf<Fields>;
  /** Sort keys that are marked on this column. Default: its own. A sum is marked on all its parts. */
  readonly marks?: readonly SortKeyOf<Fields>[];
  /** Titles for rates in bits. */
  readonly bitsTitle?: string;
  readonly shortBitsTitle?: string;
  /** Shown only if the configuration names it. */
  readonly isOptional?: boolean;
  /** Explanation for the documents, if that of the field does not fit. */
  readonly help?: string;
  /** Draws the cell of a row at the pen. */
  readonly paint: (list: List, row: number, pen: CellPen) => void;
}

/** Columns of a list by id, in screen order. */
export type ListColumns<List, Fields> = Readonly<Record<string, ListColumn<List, Fields>>>;

/** Cells: the least, enough for nearly all content, and the share of what is left over. */
type ColumnWidth = readonly [min: number, ideal: number, flex?: number];

/** Makes columns of one look. Those of low priority are dropped first; `paint` may be set afterwards. */
function columnMaker(look: Pick<Column, 'align' | 'isIdentity'>) {
  return <Paint = undefined>(
    title: string,
    priority: number,
    [minWidth, idealWidth, flex = 0]: ColumnWidth,
    paint?: Paint,
  ): ColumnLook & { readonly paint: Paint } => {
    return { ...look, title, minWidth, idealWidth, flex, priority, paint: paint as Paint };
  };
}

/** Shown for processes without a group. */
export const UNGROUPED: Readonly<Record<Grouping | 'group', string>> = {
  group: 'unknown group',
  program: 'no name',
  user: 'unknown user',
  container: 'no container',
  unit: 'no unit',
};

/** Columns of text. */
export const left = columnMaker({ align: 'left' });
/** Columns of figures. */
export const right = columnMaker({ align: 'right' });
/** Columns of text that identify their row and are truncated last. */
export const identity = columnMaker({ align: 'left', isIdentity: true });

/** Shown only if the configuration names it. */
export function optional<C extends ColumnLook>(column: C): C & { readonly isOptional: true } {
  return { ...column, isOptional: true };
}

/** Sort keys that are marked on a column. */
function marksOf<Fields extends RowFields<never, never>>(
  fields: Fields,
  id: string,
  column: ListColumn<never, Fields>,
): readonly SortKeyOf<Fields>[] {
  const order = orderOf(fields, id, column);
  return column.marks ?? (order === undefined ? [] : [order]);
}

/** Sort keys of the columns, in the order of the sort key `s`. */
export function roundOf<Fields extends RowFields<never, never>>(
  fields: Fields,
  columns: ListColumns<never, Fields>,
): readonly SortKeyOf<Fields>[] {
  const named = new Set<string | undefined>();
  for (const [id, one] of Object.entries(columns)) {
    named.add(orderOf(fields, id, one));
    for (const key of marksOf(fields, id, one)) named.add(key);
  }
  return sortKeysOf(fields).filter((key) => named.has(key));
}

/** Sort key of a click on a column's title; undefined: none. */
function orderOf<Fields extends RowFields<never, never>>(
  fields: Fields,
  id: string,
  { order, field = id }: ListColumn<never, Fields>,
): SortKeyOf<Fields> | undefined {
  return order ?? (fields[field]?.order === undefined ? undefined : (field as SortKeyOf<Fields>));
}

/** State of a row that changes its look. */
interface RowLook {
  readonly alarmOfRow?: (row: number) => Alarm;
  /** Whether the row is dim, such as an exited process. */
  readonly isFaintRow?: (row: number) => boolean;
}

const WINDOW_ROWS_MAX = 1024;
/** Of the list that is being drawn. */
const visibleRows = new Int32Array(WINDOW_ROWS_MAX);

/** Rows that can be sorted, as in data/query. */
interface OrderedRows<Sort> {
  readonly count: number;
  window(sort: Sort, first: number, length: number, out: Int32Array): number;
  rankOf(row: number, sort: Sort): number;
}

/** Common part of all tables: column layout, sort order, visible rows and mouse hits. */
export class ListTable<List, Fields extends RowFields<never, never>> {
  readonly #fields: Fields;
  readonly #all: ListColumns<List, Fields>;
  readonly #shown: readonly string[];
  /** Made for the units that are shown. */
  readonly #columns = new Map<RateUnits, readonly Column[]>();
  #keys: readonly SortKeyOf<Fields>[] | undefined;
  readonly #single = new Int32Array(1);
  /** Cells that the visible rows need in each column, and the most they needed since the width changed. */
  readonly #needs: Int32Array;
  readonly #mostNeeds: Int32Array;
  #layout: ColumnLayout;
  /** Whether every column has the most that it needed; else the layout is of the visible rows alone. */
  #isEasy = false;
  /** The shown columns by id: their places in `#shown`. */
  readonly #places = new Map<string, number>();
  /** Units of the current layout. */
  #units: RateUnits = 'bytes';

  /** `shown`: ids of the columns to show, in order; undefined: all. */
  constructor(
    fields: Fields,
    columns: ListColumns<List, Fields>,
    shown: readonly string[] = Object.keys(columns),
  ) {
    this.#fields = fields;
    this.#all = columns;
    this.#shown = shown.filter((id) => columns[id] !== undefined);
    this.#needs = new Int32Array(this.#shown.length);
    this.#mostNeeds = new Int32Array(this.#shown.length);
    this.#layout = layoutColumns([], 0);
    for (const [place, id] of this.#shown.entries()) this.#places.set(id, place);
  }

  /** Sort keys in the order of the sort key `s`. */
  get keys(): readonly SortKeyOf<Fields>[] {
    this.#keys ??= roundOf(this.#fields, this.#all);
    return this.#keys;
  }

  /** Columns that a sort key marks. */
  #markedBy(sortKey: SortKeyOf<Fields>): readonly string[] {
    return this.#shown.filter((id) => marksOf(this.#fields, id, this.#all[id]!).includes(sortKey));
  }

  #columnsIn(units: RateUnits): readonly Column[] {
    const made = this.#columns.get(units);
    if (made !== undefined) return made;
    const columns = this.#shown.map((id) => {
      const look = this.#all[id]!;
      const isBits = units === 'bits' && look.bitsTitle !== undefined;
      const title = isBits ? look.bitsTitle : look.title;
      const shortTitle = isBits ? look.shortBitsTitle : look.shortTitle;
      const isMarked = marksOf(this.#fields, id, look).length > 0;
      const column: Column = { ...look, id, title, shortTitle };
      return isMarked ? sortable(column) : column;
    });
    this.#columns.set(units, columns);
    return columns;
  }

  /** Returns the sort order; an unknown key becomes the default. */
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
    const { theme } = look;
    const shown = rows.window(sort, offset, Math.min(tableRowsIn(area), WINDOW_ROWS_MAX), visibleRows);
    const columns = this.#all;
    const pen = new CellPen(theme, buffer.isAscii, look.units);
    const faint = style(theme.dim.foreground, theme.zebra.background);
    if (
      this.#layout.width !== area.width ||
      this.#units !== look.units ||
      this.#layout.columns.length === 0
    ) {
      this.#layOutAnew(area.width, shown, list, pen);
    }
    const needs = this.#needs;
    const table: Table<string> = {
      layout: this.#layout,
      rowCount: rows.count,
      offset,
      selected,
      sortedBy: this.#markedBy(sort.key),
      descending: this.#fields[sort.key]?.order?.isRising === sort.isReversed,
      drawCell: (rank, column, x, y, width, _style, into) => {
        const place = rank - offset;
        if (place >= shown) return;
        const at = this.#places.get(column.id)!;
        pen.moveTo(into, x, y, width);
        pen.need = needs[at]!;
        columns[column.id]!.paint(list, visibleRows[place]!, pen);
        needs[at] = pen.need;
      },
      rowStyle: (rank) => {
        const place = rank - offset;
        if (place < shown && alarmOfRow?.(visibleRows[place]!) === 'new') return theme.alert;
        if (place < shown && isFaintRow?.(visibleRows[place]!) === true) {
          return rank % 2 === 0 ? theme.dim : faint;
        }
        return rank % 2 === 0 ? undefined : theme.zebra;
      },
      rowSign: (rank) => {
        const place = rank - offset;
        return place < shown && (alarmOfRow?.(visibleRows[place]!) ?? 'none') !== 'none'
          ? theme.bad
          : undefined;
      },
      theme,
    };
    needs.fill(0);
    renderTable(area, buffer, table);
    // Drawing has measured the cells. They usually fit, and then nothing is drawn twice.
    if (this.#adjustLayout(shown, list, pen)) renderTable(area, buffer, { ...table, layout: this.#layout });
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

  /** Forgets the widths so far, and lays the columns out for the visible rows before they are drawn. */
  #layOutAnew(width: number, shown: number, list: List, pen: CellPen): void {
    this.#mostNeeds.fill(0);
    this.#units = pen.units;
    this.#needs.fill(0);
    for (const place of this.#shown.keys()) this.#measure(place, shown, list, pen);
    this.#takeNeeds();
    this.#layOut(width);
  }

  /** Lays the columns out for the rows just drawn, which have recorded their needs. True: the layout has changed. */
  #adjustLayout(shown: number, list: List, pen: CellPen): boolean {
    const { columns, width } = this.#layout;
    if (columns.length < this.#shown.length) {
      for (const [place, id] of this.#shown.entries()) {
        if (!columns.some(({ column }) => column.id === id)) this.#measure(place, shown, list, pen);
      }
    }
    if (!this.#takeNeeds() && this.#isEasy) return false;
    this.#layOut(width);
    const next = this.#layout.columns;
    const isAsBefore = ({ column, x, width }: PlacedColumn, index: number): boolean => {
      const before = columns[index]!;
      return column.id === before.column.id && x === before.x && width === before.width;
    };
    return next.length !== columns.length || !next.every(isAsBefore);
  }

  #measure(place: number, shown: number, list: List, pen: CellPen): void {
    const { paint } = this.#all[this.#shown[place]!]!;
    pen.measure();
    for (let at = 0; at < shown; at++) paint(list, visibleRows[at]!, pen);
    this.#needs[place] = pen.need;
  }

  /** Whether a column needs more than ever since the width changed. */
  #takeNeeds(): boolean {
    const most = this.#mostNeeds;
    let isMore = false;
    for (const [place, { title, align, minWidth }] of this.#columnsIn(this.#units).entries()) {
      const least = Math.max(cellWidth(title) + 1, align === 'right' ? minWidth : 0);
      const need = Math.max(this.#needs[place]!, least);
      if (need <= most[place]!) continue;
      most[place] = need;
      isMore = true;
    }
    return isMore;
  }

  /** While nothing is cut a column keeps its largest width: values do not make it jump. Else visible rows count. */
  #layOut(width: number): void {
    const columns = this.#columnsIn(this.#units);
    const most = this.#mostNeeds;
    const easy = layoutColumns(columns, width, most);
    this.#isEasy =
      easy.columns.length === columns.length && easy.columns.every(({ width }, at) => width >= most[at]!);
    this.#layout = this.#isEasy ? easy : layoutColumns(columns, width, this.#needs);
  }
}

interface ConnectionsList {
  readonly rows: { readonly connections: Int32Array };
}

/** Input of traffic cells. */
interface TrafficList {
  readonly rows: { readonly up: Float64Array; readonly down: Float64Array };
  /** Rate of a full bar. */
  readonly maximum: number;
}

/** Traffic columns of every list with rates. The download rate is dropped last. */
export const TRAFFIC_COLUMNS = {
  upload: {
    ...right('UPLOAD/s', 89, [7, 16]),
    ...{ shortTitle: 'UP/s', bitsTitle: 'UP bit/s', shortBitsTitle: 'UPb/s' },
    wideWidth: RATE_WIDE_WIDTH,
    marks: ['upload', 'rate'],
    paint: ({ rows, maximum }: TrafficList, row: number, pen: CellPen) =>
      pen.rate(rows.up[row]!, maximum, 'up'),
  },
  download: {
    ...right('DOWNLOAD/s', 90, [7, 16]),
    ...{ shortTitle: 'DOWN/s', bitsTitle: 'DOWN bit/s', shortBitsTitle: 'DNb/s' },
    wideWidth: RATE_WIDE_WIDTH,
    marks: ['download', 'rate'],
    paint: ({ rows, maximum }: TrafficList, row: number, pen: CellPen) =>
      pen.rate(rows.down[row]!, maximum, 'down'),
  },
  connections: right('CONNS', 60, [6, 6], ({ rows }: ConnectionsList, row: number, pen: CellPen) =>
    pen.count(rows.connections[row]!),
  ),
} as const;

/** Input of cells with bytes since start. */
interface TotalsList {
  readonly rows: { readonly upTotal: Float64Array; readonly downTotal: Float64Array };
}

/** The same columns for bytes since start. */
export const TOTAL_TRAFFIC_COLUMNS = {
  upload: {
    ...right('UP TOTAL', 89, [9, 16]),
    field: 'upload-total',
    marks: ['upload-total', 'total'],
    paint: ({ rows }: TotalsList, row: number, pen: CellPen) => pen.total(rows.upTotal[row]!, 'up'),
  },
  download: {
    ...right('DN TOTAL', 90, [9, 16]),
    field: 'download-total',
    marks: ['download-total', 'total'],
    paint: ({ rows }: TotalsList, row: number, pen: CellPen) => pen.total(rows.downTotal[row]!, 'down'),
  },
} as const;

/** The largest rate of all rows. */
export function maximumOf({ up, down }: TrafficList['rows'], count: number): number {
  let maximum = 0;
  for (let row = 0; row < count; row++) maximum = Math.max(maximum, up[row]! || 0, down[row]! || 0);
  return maximum;
}

/** Common part of the lists over rows of data/query. */
export abstract class RowList<Rows extends RankedRows, Fields extends RowFields<never, never>>
  implements NetworkList
{
  abstract readonly rows: Rows;
  protected abstract readonly table: ListTable<this, Fields>;

  abstract rebuild(input: ListInput): void;
  protected abstract identityOf(row: number): Identity;
  /** The row of an identity; -1 if it is not listed. */
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

  identityAt(sort: ListSort, rank: number): Identity | undefined {
    const row = this.rowAt(sort, rank);
    return row < 0 ? undefined : this.identityOf(row);
  }

  /** The row at a rank, -1 past the end. */
  protected rowAt(sort: ListSort, rank: number): number {
    return this.table.rowAt(this.rows, sort, rank);
  }
}
