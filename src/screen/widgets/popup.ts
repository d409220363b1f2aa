import type { Buffer } from '../buffer/buffer.ts';
import { centered, type Rect } from '../layout/rect.ts';
import type { Style } from '../style/style.ts';
import { type Block, renderBlock } from './block.ts';

const BORDER = 2;

interface Popup extends Block {
  /** Of what is inside the border, in cells; cut to the screen. */
  readonly width: number;
  readonly height: number;
  /** Must have a background of its own: it covers what is behind. */
  readonly ground: Style;
}

/** Where a popup of this inner size stands on the screen: centred, never larger than the screen. */
export function popupArea(screen: Rect, width: number, height: number): Rect {
  return centered(screen, Math.max(0, width) + BORDER, Math.max(0, height) + BORDER);
}

/** Clears and frames the popup's area in the middle of the screen. Returns the area inside the border. */
export function renderPopup(screen: Rect, buffer: Buffer, popup: Popup): Rect {
  const area = popupArea(screen, popup.width, popup.height);
  buffer.fill(area, popup.ground);
  return renderBlock(area, buffer, popup);
}
