import { cellWidth } from '../../../kit/text/cell-width.ts';
import type { Buffer } from '../../../screen/buffer/buffer.ts';
import { type Rect, rect } from '../../../screen/layout/rect.ts';
import { INHERIT_COLOR } from '../../../screen/style/color.ts';
import { Attribute, type Style } from '../../../screen/style/style.ts';
import type { Theme } from '../../../screen/style/theme.ts';
import type { TextInput } from '../../../screen/widgets/text-input.ts';
import { renderTextInput } from '../../../screen/widgets/text-input-line.ts';

export interface FilterPromptView {
  readonly input: TextInput;
  /** Rows that match, and all. */
  readonly shownCount: number;
  readonly totalCount: number;
  readonly theme: Theme;
}

const CURSOR: Style = { foreground: INHERIT_COLOR, background: INHERIT_COLOR, attributes: Attribute.REVERSE };

/** Draws `/ text▏  12 of 42` over the area's line. */
export function renderFilterPrompt(area: Rect, buffer: Buffer, view: FilterPromptView): void {
  if (area.height < 1) return;
  const { theme } = view;
  const count = `${view.shownCount} of ${view.totalCount}`;
  const countWidth = cellWidth(count);
  const x = buffer.put(area.x + 1, area.y, '/', theme.key) + 1;
  const right = area.x + area.width - 1;
  const hasCount = right - x - countWidth > 12;
  const end = hasCount ? right - countWidth - 2 : right;
  renderTextInput(rect(x, area.y, end - x, 1), buffer, view.input, { text: theme.base, cursor: CURSOR });
  if (hasCount) buffer.put(right - countWidth, area.y, count, theme.dim);
}
