import { cellWidth, wrappedText } from '../../kit/text/cell-width.ts';
import type { Buffer } from '../../screen/buffer/buffer.ts';
import { type Rect, rect } from '../../screen/layout/rect.ts';
import { Attribute, INHERIT_COLOR, type Style } from '../../screen/style/style.ts';
import type { Theme } from '../../screen/style/theme.ts';
import { putAligned } from '../../screen/widgets/aligned-text.ts';
import { renderTextInput, type TextInput, type TextMark } from '../../screen/widgets/text-input.ts';

export interface PromptLine {
  /** Before the typed text: `/`, `alert above`. */
  readonly label: string;
  readonly input: TextInput;
  /** At the right edge: the number of matching rows, or what is accepted. */
  readonly note: string;
  /** The invalid part of the text. */
  readonly error: { readonly from: number; readonly to: number; readonly message: string } | undefined;
  readonly theme: Theme;
}

const CURSOR: Style = { foreground: INHERIT_COLOR, background: INHERIT_COLOR, attributes: Attribute.REVERSE };
/** Minimum columns of the typed text. Beside an error, a short text keeps only what it needs, with cursor and gap. */
const INPUT_MIN_WIDTH = 14;

/** Draws the whole message on the lines above if it does not fit beside the typed text. */
function renderErrorAbove(area: Rect, buffer: Buffer, message: string, { theme }: PromptLine): void {
  const lines = wrappedText(message, Math.max(1, area.width - 2));
  for (const [i, line] of lines.entries()) {
    const y = area.y - lines.length + i;
    if (y < 0) continue;
    buffer.fill(rect(area.x, y, area.width, 1), theme.base);
    buffer.put(area.x + 1, y, line, theme.bad, area.width - 2);
  }
}

/** Draws `/ text▏ 12 of 42`. An error replaces the note and marks its columns. */
export function renderPromptLine(area: Rect, buffer: Buffer, prompt: PromptLine): void {
  if (area.height < 1) return;
  const { theme, error, input } = prompt;
  const x = buffer.put(area.x + 1, area.y, prompt.label, theme.key) + 1;
  const right = area.x + area.width - 1;
  const isOverError = error !== undefined && cellWidth(input.text) + 4 + cellWidth(error.message) > right - x;
  const note = isOverError ? '' : (error?.message ?? prompt.note);
  if (isOverError) renderErrorAbove(area, buffer, error.message, prompt);
  const inputWidth =
    error === undefined ? INPUT_MIN_WIDTH : Math.min(INPUT_MIN_WIDTH, cellWidth(input.text) + 3);
  const room = right - x - inputWidth;
  const noteWidth = room < 8 ? 0 : Math.min(cellWidth(note), room);
  const end = noteWidth > 0 ? right - noteWidth - 2 : right;
  const mark: TextMark | undefined =
    error === undefined ? undefined : { from: error.from, to: error.to, style: theme.bad };
  renderTextInput(rect(x, area.y, end - x, 1), buffer, input, { text: theme.base, cursor: CURSOR }, mark);
  if (noteWidth === 0) return;
  const style = error === undefined ? theme.dim : theme.bad;
  putAligned(buffer, right - noteWidth, area.y, noteWidth, 'right', note, style);
}
