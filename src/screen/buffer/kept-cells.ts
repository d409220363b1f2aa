import type { Rect } from '../layout/rect.ts';
import type { Buffer } from './buffer.ts';
import { CELL_WORDS } from './cell.ts';

/** Cells of an area as they were drawn last, for frames in which what they show is the same. */
export class KeptCells {
  #area: Rect = { x: 0, y: 0, width: 0, height: 0 };
  #width = 0;
  #rows: readonly Int32Array[] = [];
  /** What the cells were drawn from; empty: none are kept. */
  #from: readonly unknown[] = [];
  #clusters: unknown;
  #epoch = 0;

  /** Draws the area, by `draw` only if it was not drawn from the same last. `from`: see `keep`. */
  render(area: Rect, buffer: Buffer, from: readonly unknown[], draw: () => void): void {
    if (this.putBack(area, buffer, from)) return;
    draw();
    this.keep(area, buffer, from);
  }

  /** Puts the cells into their area, which is still empty, if they were drawn from the same. False: draw them. */
  putBack(area: Rect, buffer: Buffer, from: readonly unknown[]): boolean {
    const isSame =
      this.#from.length > 0 &&
      isSameArea(area, this.#area) &&
      buffer.width === this.#width &&
      buffer.clusters === this.#clusters &&
      buffer.epoch === this.#epoch &&
      from.length === this.#from.length &&
      from.every((one, at) => Object.is(one, this.#from[at]));
    if (!isSame) return false;
    for (let row = 0; row < area.height; row++)
      buffer.words.set(this.#rows[row]!, startOf(area, buffer, row));
    return true;
  }

  /** Keeps what was just drawn. `from`: all that the cells depend on; what changes in place needs a number for it. */
  keep(area: Rect, buffer: Buffer, from: readonly unknown[]): void {
    const isWhole =
      area.x >= 0 &&
      area.y >= 0 &&
      area.x + area.width <= buffer.width &&
      area.y + area.height <= buffer.height;
    this.#from = isWhole ? from : [];
    if (!isWhole) return;
    if (!isSameArea(area, this.#area) || this.#rows.length === 0) {
      this.#rows = Array.from({ length: area.height }, () => new Int32Array(area.width * CELL_WORDS));
    }
    this.#area = { ...area };
    this.#width = buffer.width;
    this.#clusters = buffer.clusters;
    this.#epoch = buffer.epoch;
    for (let row = 0; row < area.height; row++) {
      const start = startOf(area, buffer, row);
      this.#rows[row]!.set(buffer.words.subarray(start, start + area.width * CELL_WORDS));
    }
  }
}

function startOf({ x, y }: Rect, { width }: Buffer, row: number): number {
  return ((y + row) * width + x) * CELL_WORDS;
}

function isSameArea(a: Rect, b: Rect): boolean {
  return a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;
}
