/** A rectangle of cells, 0-based from the upper left. Width and height are never negative. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A rectangle; a negative width or height becomes 0. */
export function rect(x: number, y: number, width: number, height: number): Rect {
  return { x, y, width: Math.max(0, width), height: Math.max(0, height) };
}

/** The column after the last one. */
export function rightOf(area: Rect): number {
  return area.x + area.width;
}

/** The row after the last one. */
export function bottomOf(area: Rect): number {
  return area.y + area.height;
}

/** Whether the area has no cell at all. */
export function isEmpty(area: Rect): boolean {
  return area.width <= 0 || area.height <= 0;
}

/** Whether the cell at (x, y) is in the area. */
export function contains(area: Rect, x: number, y: number): boolean {
  return x >= area.x && x < area.x + area.width && y >= area.y && y < area.y + area.height;
}

/** The area without a margin on every side; empty where the margins meet. */
export function inset(area: Rect, margin: number): Rect {
  const { x, y, width, height } = area;
  return rect(
    x + Math.min(margin, width),
    y + Math.min(margin, height),
    width - 2 * margin,
    height - 2 * margin,
  );
}

/** One row of the area, counted from its top; empty past its bottom. */
export function rowOf(area: Rect, row: number): Rect {
  const isInside = row >= 0 && row < area.height;
  return { x: area.x, y: area.y + row, width: isInside ? area.width : 0, height: isInside ? 1 : 0 };
}

/** A rectangle of the given size in the middle of the area, cut to fit it. */
export function centered(area: Rect, width: number, height: number): Rect {
  const w = Math.max(0, Math.min(width, area.width));
  const h = Math.max(0, Math.min(height, area.height));
  return { x: area.x + ((area.width - w) >> 1), y: area.y + ((area.height - h) >> 1), width: w, height: h };
}
