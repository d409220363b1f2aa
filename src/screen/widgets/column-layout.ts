import { cellWidth } from '../../kit/text/cell-width.ts';
import type { Alignment } from './aligned-text.ts';
import { MARKER_WIDTH } from './selectable-row.ts';

/** A column of a table, as its author describes it. Widths in cells, at least 1. */
export interface Column<Id extends string = string> {
  readonly id: Id;
  readonly title: string;
  readonly align: Alignment;
  /** Narrower than this it is not worth having. */
  readonly minWidth: number;
  /** Wide enough for almost everything; what is left over goes to columns with `flex`. */
  readonly idealWidth: number;
  /** Share of the cells that no column needs; 0 stays at its ideal width. */
  readonly flex: number;
  /** Columns of low priority are dropped first; of equal ones, the one further right. */
  readonly priority: number;
}

/** The column with room for the sort mark beside its title, however narrow it gets. */
export function sortable<Id extends string>(column: Column<Id>): Column<Id> {
  const least = cellWidth(column.title) + 1;
  return column.minWidth >= least ? column : { ...column, minWidth: least };
}

/** A column that has its place; all `x` are counted from the left edge of the table. */
export interface PlacedColumn<Id extends string = string> {
  readonly column: Column<Id>;
  readonly x: number;
  readonly width: number;
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

/**
 * Gives columns their places in a table of `width` cells: call it once per resize. Where it is narrow, columns
 * shrink from their ideal to their least width, then drop by priority; the last one left takes what there is.
 */
export function layoutColumns<Id extends string>(
  columns: readonly Column<Id>[],
  width: number,
): ColumnLayout<Id> {
  const available = Math.max(0, Math.floor(width)) - MARKER_WIDTH;
  const kept = columnsThatFit(columns, available);
  if (available <= 0 || kept.length === 0) return { columns: [], width };
  return { columns: placed(kept, widthsOf(kept, available)), width };
}

function columnsThatFit<Id extends string>(columns: readonly Column<Id>[], available: number): Column<Id>[] {
  const kept = [...columns];
  while (kept.length > 1 && sumOf(kept, minWidth) + GAP * (kept.length - 1) > available) {
    let least = kept.length - 1;
    for (let index = least - 1; index >= 0; index--) {
      if (kept[index]!.priority < kept[least]!.priority) least = index;
    }
    kept.splice(least, 1);
  }
  return kept;
}

/** Least widths first, then up to the ideal in proportion to what each lacks, then the rest by flex. */
function widthsOf(columns: readonly Column[], available: number): number[] {
  const widths = columns.map((column) => Math.min(minWidth(column), available));
  const forCells = available - GAP * (columns.length - 1);
  const wanted = columns.map((column, index) => Math.max(0, Math.floor(column.idealWidth) - widths[index]!));
  const spare = forCells - sumOf(widths, same);
  const growth = Math.min(spare, sumOf(wanted, same));
  share(widths, growth, wanted);
  share(
    widths,
    spare - growth,
    columns.map((column) => Math.max(0, column.flex)),
  );
  return widths;
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
  columns: readonly Column<Id>[],
  widths: readonly number[],
): PlacedColumn<Id>[] {
  let end = MARKER_WIDTH - GAP;
  return columns.map((column, index) => {
    const x = end + GAP;
    const width = widths[index]!;
    end = x + width;
    const titleWidth = Math.min(cellWidth(column.title), width);
    const isRight = column.align === 'right';
    const titleX = isRight ? end - titleWidth : x;
    // It never moves the title, and touches it from within the column: no other title can take it for its own.
    const markX = titleWidth === width ? -1 : isRight ? titleX - 1 : titleX + titleWidth;
    return { column, x, width, titleX, titleWidth, markX };
  });
}

function minWidth(column: Column): number {
  return Math.max(1, Math.floor(column.minWidth));
}

function same(value: number): number {
  return value;
}

function sumOf<T>(items: readonly T[], measure: (item: T) => number): number {
  let sum = 0;
  for (const item of items) sum += measure(item);
  return sum;
}
