import { type RowFields, type SortKeyOf, sortKeysOf } from '../../data/query/row-fields.ts';
import type { Column } from '../../screen/widgets/table.ts';
import type { CellPen } from './cells.ts';

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

/** The orders whose mark a column carries. */
export function marksOf<Fields extends RowFields<never, never>>(
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
export function orderOf<Fields extends RowFields<never, never>>(
  fields: Fields,
  id: string,
  { order, field = id }: ListColumn<never, Fields>,
): SortKeyOf<Fields> | undefined {
  return order ?? (fields[field]?.order === undefined ? undefined : (field as SortKeyOf<Fields>));
}
