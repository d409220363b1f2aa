import { cellWidth } from '../../kit/text/cell-width.ts';

/** A line of help: the keys as people write them, and what they do. */
interface HelpLine {
  readonly keys: string;
  readonly description: string;
}

export interface HelpGroup {
  readonly title: string;
  readonly lines: readonly HelpLine[];
}

/** What stands in a row of a column: a title, keys with what they do, or nothing. */
type HelpRow = { readonly title: string } | HelpLine | undefined;

/** Rows under each other, in cells: how wide the keys are, and the whole of it. */
export interface HelpColumn {
  readonly rows: readonly HelpRow[];
  readonly keysWidth: number;
  readonly width: number;
}

export const HELP_INDENT = 2;
/** Between keys and what they do. */
export const HELP_GAP = 2;
export const HELP_COLUMN_GAP = 3;
const COLUMNS_MAX = 3;
/** A title and a line. */
const ROWS_MIN = 2;

/**
 * The help in as few columns as show all of it in `height` rows; in one, which has to be scrolled, where no number of
 * them fits into `width` cells. A group that goes on in the next column has its title there again.
 */
export function helpColumns(
  groups: readonly HelpGroup[],
  width: number,
  height: number,
): readonly HelpColumn[] {
  for (let count = 1; count <= COLUMNS_MAX; count++) {
    const columns = evenColumns(groups, count, height);
    if (columns !== undefined && widthOf(columns) <= width) return columns;
  }
  return [columnOf(rowsInColumns(groups, Number.POSITIVE_INFINITY).flat())];
}

/** The cells that columns take, side by side. */
export function widthOf(columns: readonly HelpColumn[]): number {
  return columns.reduce((sum, column) => sum + column.width, HELP_COLUMN_GAP * (columns.length - 1));
}

/** `count` columns, none higher than it must be; undefined where they are not enough for `height`. */
function evenColumns(
  groups: readonly HelpGroup[],
  count: number,
  height: number,
): readonly HelpColumn[] | undefined {
  const total = groups.reduce((sum, group) => sum + group.lines.length + 2, -1);
  for (let rows = Math.max(ROWS_MIN, Math.ceil(total / count)); rows <= height; rows++) {
    const columns = rowsInColumns(groups, rows);
    if (columns.length <= count) return columns.map(columnOf);
  }
  return undefined;
}

/** Fills columns of `height` rows one after the other. */
function rowsInColumns(groups: readonly HelpGroup[], height: number): HelpRow[][] {
  const columns: HelpRow[][] = [];
  let rows: HelpRow[] = [];
  const begin = (): void => {
    rows = [];
    columns.push(rows);
  };
  begin();
  for (const { title, lines } of groups) {
    // A title does not stand alone at the end of a column.
    if (rows.length > 0 && rows.length + 3 > height) begin();
    if (rows.length > 0) rows.push(undefined);
    rows.push({ title });
    for (const line of lines) {
      if (rows.length >= height) {
        begin();
        rows.push({ title });
      }
      rows.push(line);
    }
  }
  return columns;
}

function columnOf(rows: readonly HelpRow[]): HelpColumn {
  let keysWidth = 0;
  let textWidth = 0;
  let titleWidth = 0;
  for (const row of rows) {
    if (row === undefined) continue;
    if ('title' in row) {
      titleWidth = Math.max(titleWidth, cellWidth(row.title));
      continue;
    }
    keysWidth = Math.max(keysWidth, cellWidth(row.keys));
    textWidth = Math.max(textWidth, cellWidth(row.description));
  }
  const width = Math.max(titleWidth, HELP_INDENT + keysWidth + HELP_GAP + textWidth);
  return { rows, keysWidth, width };
}
