import { cellWidth } from '../../kit/text/cell-width.ts';
import type { Buffer } from '../buffer/buffer.ts';
import { centered, inset, isEmpty, type Rect } from '../layout/rect.ts';
import type { Style } from '../style/style.ts';
import type { Theme } from '../style/theme.ts';
import { putAligned } from './aligned-text.ts';
import { type Glyphs, glyphsFor } from './glyphs.ts';

export interface Block {
  /** Stands in the upper border, from the left; '' for none. */
  readonly title: string;
  /** Stands in the upper border, to the right; left out whole where it does not fit beside the title. */
  readonly rightTitle: string;
  readonly theme: Pick<Theme, 'border' | 'title' | 'dim'>;
  /** Otherwise as the theme has them. */
  readonly borderStyle?: Style;
  readonly titleStyle?: Style;
  readonly rightTitleStyle?: Style;
}

/** The area inside a block's border, known before anything is drawn. */
export function blockInside(area: Rect): Rect {
  return inset(area, 1);
}

/** Draws a rounded border with its titles; what is inside is left alone. Returns the area inside. */
export function renderBlock(area: Rect, buffer: Buffer, block: Block): Rect {
  const inside = blockInside(area);
  if (isEmpty(area)) return inside;
  const glyphs = glyphsFor(buffer.isAscii);
  putRule(area, buffer, area.y, glyphs.topLeft, glyphs.topRight, block);
  const style = borderStyleOf(block);
  putSides(area, buffer, glyphs, style);
  if (area.height > 1) {
    const { horizontal, bottomLeft, bottomRight } = glyphs;
    const bottom = area.y + area.height - 1;
    putLine(area, buffer, bottom, bottomLeft, horizontal, bottomRight, style);
  }
  return inside;
}

/** Draws a dividing line with titles through a block, at `row` lines below its upper border: `├ Upload ──┤`. */
export function renderBlockDivider(area: Rect, buffer: Buffer, row: number, block: Block): void {
  if (area.width <= 0 || row <= 0 || row >= area.height - 1) return;
  const glyphs = glyphsFor(buffer.isAscii);
  putRule(area, buffer, area.y + row, glyphs.teeLeft, glyphs.teeRight, block);
}

function borderStyleOf({ theme, borderStyle = theme.border }: Block): Style {
  return borderStyle;
}

function putRule(area: Rect, buffer: Buffer, y: number, left: number, right: number, block: Block): void {
  const glyphs = glyphsFor(buffer.isAscii);
  const style = borderStyleOf(block);
  const { theme, titleStyle = theme.title, rightTitleStyle = theme.dim } = block;
  putLine(area, buffer, y, left, glyphs.horizontal, right, style);
  // Corner, space, title, space, corner: five cells are the least that show a title at all.
  const room = area.width - 4;
  if (room <= 0) return;
  const titleWidth = Math.min(cellWidth(block.title), room);
  if (titleWidth > 0) {
    putPadding(buffer, area.x + 1, area.x + 2 + titleWidth, y, style);
    putAligned(buffer, area.x + 2, y, titleWidth, 'left', block.title, titleStyle);
  }
  const rightWidth = cellWidth(block.rightTitle);
  const taken = titleWidth > 0 ? titleWidth + 3 : 0;
  if (rightWidth === 0 || taken + rightWidth > room) return;
  const x = area.x + area.width - 2 - rightWidth;
  putPadding(buffer, x - 1, x + rightWidth, y, style);
  buffer.put(x, y, block.rightTitle, rightTitleStyle);
}

function putPadding(buffer: Buffer, left: number, right: number, y: number, style: Style): void {
  buffer.putCodePoint(left, y, 0x20, style);
  buffer.putCodePoint(right, y, 0x20, style);
}

function putSides(area: Rect, buffer: Buffer, glyphs: Glyphs, style: Style): void {
  const right = area.x + area.width - 1;
  for (let y = area.y + 1; y < area.y + area.height - 1; y++) {
    buffer.putCodePoint(area.x, y, glyphs.vertical, style);
    buffer.putCodePoint(right, y, glyphs.vertical, style);
  }
}

function putLine(
  area: Rect,
  buffer: Buffer,
  y: number,
  left: number,
  middle: number,
  right: number,
  style: Style,
): void {
  const last = area.x + area.width - 1;
  buffer.fill({ x: area.x + 1, y, width: area.width - 2, height: 1 }, style, middle);
  buffer.putCodePoint(last, y, right, style);
  buffer.putCodePoint(area.x, y, left, style);
}

const BORDER = 2;

interface Popup extends Pick<Block, 'title' | 'rightTitle'> {
  /** Of what is inside the border, in cells; cut to the screen. */
  readonly width: number;
  readonly height: number;
  readonly theme: Pick<Theme, 'focusedBorder' | 'border' | 'title' | 'dim' | 'base'>;
}

/** Where a popup of this inner size stands on the screen: centred, never larger than the screen. */
export function popupArea(screen: Rect, width: number, height: number): Rect {
  return centered(screen, Math.max(0, width) + BORDER, Math.max(0, height) + BORDER);
}

/** Clears and frames the popup's area in the middle of the screen. Returns the area inside the border. */
export function renderPopup(screen: Rect, buffer: Buffer, popup: Popup): Rect {
  const { title, rightTitle, theme } = popup;
  const area = popupArea(screen, popup.width, popup.height);
  buffer.fill(area, theme.base);
  return renderBlock(area, buffer, { title, rightTitle, theme, borderStyle: theme.focusedBorder });
}
