import { cellWidth } from '../../../kit/text/cell-width.ts';
import type { Buffer } from '../../../screen/buffer/buffer.ts';
import type { Rect } from '../../../screen/layout/rect.ts';
import type { Theme } from '../../../screen/style/theme.ts';
import { renderPopup } from '../../../screen/widgets/popup.ts';

/** A line of help: the keys as people write them, and what they do. */
export interface HelpLine {
  readonly keys: string;
  readonly description: string;
}

export interface HelpGroup {
  readonly title: string;
  readonly lines: readonly HelpLine[];
}

export interface HelpView {
  readonly title: string;
  readonly groups: readonly HelpGroup[];
  /** First line shown, where they do not all fit. */
  readonly offset: number;
  readonly theme: Theme;
  readonly ascii: boolean;
}

const INDENT = 2;
const GAP = 2;
const PADDING = 1;

/** A line of the list: a title, keys with what they do, or nothing. */
type Line = { readonly title: string } | HelpLine | undefined;

function linesOf(groups: readonly HelpGroup[]): readonly Line[] {
  return groups.flatMap((group, index): readonly Line[] => [
    ...(index === 0 ? [] : [undefined]),
    { title: group.title },
    ...group.lines,
  ]);
}

/** How far the help can be scrolled on a screen of this height; 0 where all of it fits. */
export function helpOffsetMax(groups: readonly HelpGroup[], screenHeight: number): number {
  return Math.max(0, linesOf(groups).length - Math.max(1, screenHeight - 2));
}

/** Draws the help over the middle of the screen. */
export function renderHelp(screen: Rect, buffer: Buffer, view: HelpView): void {
  const { theme, ascii } = view;
  const lines = linesOf(view.groups);
  const keysWidth = Math.max(
    ...view.groups.flatMap((group) => group.lines.map((line) => cellWidth(line.keys))),
  );
  const textWidth = Math.max(
    ...view.groups.flatMap((group) => group.lines.map((line) => cellWidth(line.description))),
  );
  const inside = renderPopup(screen, buffer, {
    title: view.title,
    rightTitle: 'Esc closes',
    borderStyle: theme.focusedBorder,
    titleStyle: theme.title,
    rightTitleStyle: theme.dim,
    ground: theme.base,
    width: PADDING + INDENT + keysWidth + GAP + textWidth + PADDING,
    height: lines.length,
    ascii,
  });
  const offset = Math.max(0, Math.min(view.offset, lines.length - inside.height));
  for (let row = 0; row < inside.height; row++) {
    const line = lines[offset + row];
    const x = inside.x + PADDING;
    const y = inside.y + row;
    const room = inside.width - 2 * PADDING;
    if (line === undefined) continue;
    if ('title' in line) {
      buffer.put(x, y, line.title, theme.accent, room);
      continue;
    }
    buffer.put(x + INDENT, y, line.keys, theme.key, room - INDENT);
    const at = INDENT + keysWidth + GAP;
    buffer.put(x + at, y, line.description, theme.text, room - at);
  }
}
