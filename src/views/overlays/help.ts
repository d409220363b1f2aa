import { cellWidth } from '../../kit/text/cell-width.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { MouseEvent } from '../../screen/input/event.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import type { Theme } from '../../screen/style/theme.ts';
import { putAligned } from '../../screen/widgets/aligned-text.ts';
import { renderPopup } from '../../screen/widgets/block.ts';
import { renderScrollbar } from '../../screen/widgets/viewport.ts';
import { isMovement, moveOffset, WHEEL_LINES } from '../list-screen.ts';

/** A line of help: keys as shown to users, and what they do. */
interface HelpLine {
  readonly keys: string;
  readonly description: string;
}

export interface HelpGroup {
  readonly title: string;
  readonly lines: readonly HelpLine[];
}

/** A row of a help column: a title, keys with their description, or blank. */
type HelpRow = { readonly title: string } | HelpLine | undefined;

/** A column of help: its rows, the width of the keys and the whole width, in cells. */
interface HelpColumn {
  readonly rows: readonly HelpRow[];
  readonly keysWidth: number;
  readonly width: number;
}

const HELP_INDENT = 2;
/** Between keys and description. */
const HELP_GAP = 2;
export const HELP_COLUMN_GAP = 3;
const COLUMNS_MAX = 3;
/** A title and a line. */
const ROWS_MIN = 2;

/**
 * Lays the help out in as few columns as fit into `height` rows; if that needs more than `width`, in as many columns as
 * fit, which scroll together. A group that continues in the next column repeats its title.
 */
export function helpColumns(
  groups: readonly HelpGroup[],
  width: number,
  height: number,
): readonly HelpColumn[] {
  let fitting: readonly HelpColumn[] = [columnOf(rowsInColumns(groups, Number.POSITIVE_INFINITY).flat())];
  for (let count = 1; count <= COLUMNS_MAX; count++) {
    const columns = evenColumns(groups, count, height);
    if (columns !== undefined && widthOf(columns) <= width) return columns;
    const scrolled = evenColumns(groups, count, Number.POSITIVE_INFINITY);
    if (scrolled !== undefined && widthOf(scrolled) <= width) fitting = scrolled;
  }
  return fitting;
}

/** Total width of columns side by side. */
export function widthOf(columns: readonly HelpColumn[]): number {
  return columns.reduce((sum, column) => sum + column.width, HELP_COLUMN_GAP * (columns.length - 1));
}

/** `count` columns of balanced height; undefined if they do not fit into `height`. */
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
    // A title is never the last row of a column.
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

interface HelpView {
  readonly title: string;
  readonly groups: readonly HelpGroup[];
  /** First visible line if not all fit. */
  readonly offset: number;
  readonly theme: Theme;
}

const BORDER = 1;
const PADDING = 1;
const FRAME = 2 * (BORDER + PADDING);

function columnsOn(screen: Size, groups: readonly HelpGroup[]): readonly HelpColumn[] {
  return helpColumns(groups, screen.width - FRAME, Math.max(1, screen.height - 2 * BORDER));
}

type Size = Pick<Rect, 'width' | 'height'>;

/** Maximum scroll offset of the help on a screen of this size; 0 if all of it fits. */
function helpOffsetMax(groups: readonly HelpGroup[], screen: Size): number {
  return offsetMax(columnsOn(screen, groups), screen);
}

function offsetMax(columns: readonly HelpColumn[], screen: Size): number {
  return Math.max(0, heightOf(columns) - Math.max(1, screen.height - 2 * BORDER));
}

function heightOf(columns: readonly HelpColumn[]): number {
  return Math.max(...columns.map(({ rows }) => rows.length));
}

/** Draws the help in the middle of the screen. */
export function renderHelp(screen: Rect, buffer: Buffer, view: HelpView): void {
  const { theme } = view;
  const columns = columnsOn(screen, view.groups);
  const height = heightOf(columns);
  const last = offsetMax(columns, screen);
  const offset = Math.max(0, Math.min(view.offset, last));
  const more = buffer.isAscii ? 'more below' : '↓ more';
  const inside = renderPopup(screen, buffer, {
    title: view.title,
    rightTitle: offset < last ? `${more}, Esc closes` : 'Esc closes',
    theme,
    width: widthOf(columns) + 2 * PADDING,
    height,
  });
  let x = inside.x + PADDING;
  const right = inside.x + inside.width - PADDING;
  for (const column of columns) {
    renderColumn({ ...inside, x, width: Math.min(column.width, right - x) }, buffer, view, column, offset);
    x += column.width + HELP_COLUMN_GAP;
  }
  if (last === 0) return;
  const bar = { ...inside, x: inside.x + inside.width - PADDING, width: PADDING };
  const position = { count: height, visible: inside.height, offset };
  renderScrollbar(bar, buffer, position, theme);
}

function renderColumn(area: Rect, buffer: Buffer, view: HelpView, column: HelpColumn, offset: number): void {
  const { theme } = view;
  const { x, width } = area;
  for (let line = 0; line < area.height; line++) {
    const row = column.rows[offset + line];
    const y = area.y + line;
    if (row === undefined) continue;
    if ('title' in row) {
      buffer.put(x, y, row.title, theme.accent, width);
      continue;
    }
    buffer.put(x + HELP_INDENT, y, row.keys, theme.key, width - HELP_INDENT);
    const at = HELP_INDENT + column.keysWidth + HELP_GAP;
    putAligned(buffer, x + at, y, width - at, 'left', row.description, theme.text);
  }
}

/** The part of a screen's model that the help uses. */
interface Helped {
  readonly width: number;
  readonly height: number;
  /** First visible line; undefined: closed. */
  readonly helpOffset: number | undefined;
}

/** Handles a key of the open help; undefined: the key is not the help's. */
export function actOnHelp<Model extends Helped>(
  model: Model,
  groups: readonly HelpGroup[],
  action: string,
): Model | undefined {
  if (model.helpOffset === undefined) return undefined;
  if (action === 'back' || action === 'open') return { ...model, helpOffset: undefined };
  if (!isMovement(action)) return undefined;
  const last = helpOffsetMax(groups, model);
  return { ...model, helpOffset: moveOffset(model.helpOffset, action, last, model.height - 3) };
}

/** Handles the mouse: the wheel scrolls, a press closes the help. */
export function pointAtHelp<Model extends Helped>(
  model: Model,
  groups: readonly HelpGroup[],
  action: MouseEvent['action'],
): Model {
  if (action === 'press') return { ...model, helpOffset: undefined };
  const lines = action === 'wheel-up' ? -WHEEL_LINES : action === 'wheel-down' ? WHEEL_LINES : 0;
  const last = helpOffsetMax(groups, model);
  return { ...model, helpOffset: Math.max(0, Math.min((model.helpOffset ?? 0) + lines, last)) };
}
