import type { Buffer } from '../../screen/buffer/buffer.ts';
import type { Rect } from '../../screen/layout/rect.ts';
import type { Theme } from '../../screen/style/theme.ts';
import { putAligned } from '../../screen/widgets/aligned-text.ts';
import { renderPopup } from '../../screen/widgets/block.ts';
import { renderScrollbar } from '../../screen/widgets/viewport.ts';
import {
  HELP_COLUMN_GAP,
  HELP_GAP,
  HELP_INDENT,
  type HelpColumn,
  type HelpGroup,
  helpColumns,
  widthOf,
} from './help-columns.ts';

interface HelpView {
  readonly title: string;
  readonly groups: readonly HelpGroup[];
  /** First line shown, where they do not all fit. */
  readonly offset: number;
  readonly theme: Theme;
  readonly ascii: boolean;
}

const BORDER = 1;
const PADDING = 1;
const FRAME = 2 * (BORDER + PADDING);

function columnsOn(screen: Size, groups: readonly HelpGroup[]): readonly HelpColumn[] {
  return helpColumns(groups, screen.width - FRAME, Math.max(1, screen.height - 2 * BORDER));
}

type Size = Pick<Rect, 'width' | 'height'>;

/** How far the help can be scrolled on a screen of this size; 0 where all of it fits. */
export function helpOffsetMax(groups: readonly HelpGroup[], screen: Size): number {
  return offsetMax(columnsOn(screen, groups), screen);
}

function offsetMax([first]: readonly HelpColumn[], screen: Size): number {
  return Math.max(0, first!.rows.length - Math.max(1, screen.height - 2 * BORDER));
}

/** Draws the help over the middle of the screen. */
export function renderHelp(screen: Rect, buffer: Buffer, view: HelpView): void {
  const { theme, ascii } = view;
  const columns = columnsOn(screen, view.groups);
  const height = columns[0]!.rows.length;
  const last = offsetMax(columns, screen);
  const offset = Math.max(0, Math.min(view.offset, last));
  const more = ascii ? 'more below' : '↓ more';
  const inside = renderPopup(screen, buffer, {
    title: view.title,
    rightTitle: offset < last ? `${more}, Esc closes` : 'Esc closes',
    borderStyle: theme.focusedBorder,
    titleStyle: theme.title,
    rightTitleStyle: theme.dim,
    ground: theme.base,
    width: widthOf(columns) + 2 * PADDING,
    height,
    ascii,
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
  renderScrollbar(bar, buffer, position, { thumb: theme.scrollbarThumb, track: theme.scrollbarTrack }, ascii);
}

function renderColumn(area: Rect, buffer: Buffer, view: HelpView, column: HelpColumn, offset: number): void {
  const { theme, ascii } = view;
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
    putAligned(buffer, x + at, y, width - at, 'left', row.description, theme.text, ascii);
  }
}
