import { cellWidth } from '../../kit/text/cell-width.ts';
import { forEachCluster } from '../../kit/text/graphemes.ts';
import type { Buffer } from '../buffer/buffer.ts';
import { isEmpty, type Rect } from '../layout/rect.ts';
import type { Style } from '../style/style.ts';
import type { TextInput } from './text-input.ts';

/** A part of the text to be drawn otherwise, by UTF-16 index: where an expression is wrong. */
export interface TextMark {
  readonly from: number;
  readonly to: number;
  readonly style: Style;
}

interface TextInputStyles {
  readonly text: Style;
  /** Laid over the cell of the cursor; usually nothing but `REVERSE`. */
  readonly cursor: Style;
}

/**
 * The first column of the text that a line of `width` cells shows: the whole text where it fits with a cell for
 * the cursor behind it, else the cursor in the middle, as far as there is text on both sides.
 */
function inputScroll(textWidth: number, cursorColumn: number, width: number): number {
  const last = Math.max(0, textWidth + 1 - width);
  return Math.max(0, Math.min(last, cursorColumn - (width >> 1)));
}

/** Draws the input into the area's first line. The cursor's column in the buffer, or -1 where there is no room. */
export function renderTextInput(
  area: Rect,
  buffer: Buffer,
  input: TextInput,
  styles: TextInputStyles,
  mark?: TextMark,
): number {
  if (isEmpty(area)) return -1;
  const line: Rect = { x: area.x, y: area.y, width: area.width, height: 1 };
  buffer.fill(line, styles.text);
  const { text, cursor } = input;
  const right = area.x + area.width;
  const cursorColumn = cellWidth(text.slice(0, cursor));
  let x = area.x - inputScroll(cellWidth(text), cursorColumn, area.width);
  const cursorX = x + cursorColumn;
  let at = 0;
  forEachCluster(text, (cluster, width) => {
    const isMarked = mark !== undefined && at >= mark.from && at < mark.to;
    // Half of a wide glyph at either edge stays blank.
    if (x >= area.x && x + width <= right && width > 0) {
      buffer.put(x, area.y, cluster, isMarked ? mark.style : styles.text);
    }
    x += width;
    at += cluster.length;
  });
  buffer.restyle({ x: cursorX, y: area.y, width: 1, height: 1 }, styles.cursor);
  return cursorX;
}
