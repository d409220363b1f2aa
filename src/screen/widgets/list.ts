import type { Buffer } from '../buffer/buffer.ts';
import { isEmpty, type Rect } from '../layout/rect.ts';
import type { Style } from '../style/style.ts';
import { MARKER_WIDTH, overlaySelection, putRowGround } from './selectable-row.ts';

/** Draws one item: `width` cells from (x, y), never more. They are blank in `style`, the list's base. */
type DrawItem = (item: number, x: number, y: number, width: number, style: Style, buffer: Buffer) => void;

export interface List {
  readonly count: number;
  /** The first item on screen. */
  readonly offset: number;
  /** -1 for none. */
  readonly selected: number;
  readonly drawItem: DrawItem;
  /** The ground of everything; has a foreground and a background of its own. */
  readonly baseStyle: Style;
  /** Laid over the selected item. */
  readonly selectionStyle: Style;
  readonly markerStyle: Style;
  readonly ascii: boolean;
}

/** Draws one item a line over the whole area, the selected one marked in the first cell. */
export function renderList(area: Rect, buffer: Buffer, list: List): void {
  if (isEmpty(area)) return;
  const width = area.width - MARKER_WIDTH;
  let item = Math.max(0, list.offset);
  for (let y = area.y; y < area.y + area.height; y++, item++) {
    putRowGround(area, buffer, y, list.baseStyle);
    if (item >= list.count) continue;
    if (width > 0) list.drawItem(item, area.x + MARKER_WIDTH, y, width, list.baseStyle, buffer);
    if (item !== list.selected) continue;
    overlaySelection(area, buffer, y, list.markerStyle, list.selectionStyle, list.ascii);
  }
}
