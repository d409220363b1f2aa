import type { RowFields, SortKeyOf } from '../../../data/query/row-fields.ts';
import type { Column } from '../../../screen/widgets/column-layout.ts';
import type { CellPen } from './cells.ts';

/** How a column looks. Widths in cells, as in Column. */
type ColumnLook = Omit<Column, 'id'>;

/** One column of a list: `Fields` say what it shows, `List` is what its cells are painted from. */
export interface ListColumn<List, Fields> extends ColumnLook {
  /** The field that it shows; undefined: the one of the column's own id. A click on the title orders by it. */
  readonly field?: keyof Fields & string;
  /** What a click orders by in place of the field. */
  readonly order?: SortKeyOf<Fields>;
  /** The orders whose mark it carries, of a sum all its parts; undefined: its own. */
  readonly marks?: readonly SortKeyOf<Fields>[];
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

/** What a click on a column's title orders by; undefined: nothing. */
export function orderOf<Fields extends RowFields<never, never>>(
  fields: Fields,
  id: string,
  { order, field = id }: ListColumn<never, Fields>,
): SortKeyOf<Fields> | undefined {
  return order ?? (fields[field]?.order === undefined ? undefined : (field as SortKeyOf<Fields>));
}
