import { COMPLEX, charClass, firstComplex, NARROW, REFUSED, WIDE } from '../../kit/text/cell-width.ts';
import { CONTROL_REPLACEMENT, isRefused, replacementFor } from '../../kit/text/sanitize.ts';
import type { Rect } from '../layout/rect.ts';
import { ATTRIBUTE_MASK, INHERIT_COLOR, PLAIN_STYLE, type Style } from '../style/style.ts';
import {
  ATTRIBUTE_SHIFT,
  BACKGROUND_MASK,
  BACKGROUND_SHIFT,
  BLANK,
  CELL_WORDS,
  CLUSTER_FLAG,
  ClusterTable,
  CODE_MASK,
  CONTENT_MASK,
  FOREGROUND_MASK,
  RIGHT_HALF,
  WIDTH_MASK,
  WIDTH_ONE,
  WIDTH_TWO,
} from './cell.ts';

const MAX_WIDTH = 2048;
const MAX_HEIGHT = 1024;
const QUESTION_MARK = 0x3f;
const UNLIMITED = 0x3fffffff;

/**
 * A screen's worth of cells (cell.ts), all blank at first. Everything drawn is clipped to its edges, and only
 * characters that move no cursor get in: the rest is shown as `·`. A wide glyph of which one half is written
 * over loses the other half too; one that does not fit becomes a space.
 *
 * Begin every frame with `clear`. Buffers that are compared must share their cluster table.
 */
export class Buffer {
  /** Columns; a size past 2048 x 1024 is cut. */
  readonly width: number;
  readonly height: number;
  readonly area: Rect;
  readonly cells: Uint32Array;
  /** The same memory as `cells`, signed, which is what hot loops are faster with; no word has its top bit set. */
  readonly words: Int32Array;
  readonly clusters: ClusterTable;
  /** The bytes of each row's cells, for comparing rows. */
  readonly rows: readonly Uint8Array[];
  /** The cluster table's epoch in which this buffer was cleared last. */
  epoch: number;
  /** Widgets draw with ASCII alone. */
  isAscii = false;
  /** The style in use: attributes and colours as a cell has them, and the mask of the colours that cells keep. */
  #attributes = 0;
  #colors = 0;
  #kept = 0;

  constructor(width: number, height: number, clusters = new ClusterTable()) {
    this.width = Math.max(0, Math.min(Math.floor(width) || 0, MAX_WIDTH));
    this.height = Math.max(0, Math.min(Math.floor(height) || 0, MAX_HEIGHT));
    this.area = { x: 0, y: 0, width: this.width, height: this.height };
    this.cells = new Uint32Array(this.width * this.height * CELL_WORDS);
    this.words = new Int32Array(this.cells.buffer);
    this.clusters = clusters;
    this.epoch = clusters.epoch;
    const rowBytes = this.width * CELL_WORDS * 4;
    this.rows = Array.from(
      { length: this.height },
      (_, y) => new Uint8Array(this.cells.buffer, y * rowBytes, rowBytes),
    );
    this.clear();
  }

  /** Begins a frame: every cell a space in the style, and the cluster table emptied if it is crowded. */
  clear(style: Style = PLAIN_STYLE): void {
    this.clusters.rebuildIfCrowded();
    this.epoch = this.clusters.epoch;
    this.#use(style);
    const { cells } = this;
    if (cells.length === 0) return;
    cells[0] = BLANK | this.#attributes;
    cells[1] = this.#colors;
    for (let filled = CELL_WORDS; filled < cells.length; filled *= 2) cells.copyWithin(filled, 0, filled);
  }

  /** Draws text from (x, y) on, at most `maxWidth` columns of it. The column after what was drawn. */
  put(x: number, y: number, text: string, style: Style, maxWidth: number = UNLIMITED): number {
    const limit = Math.min(this.width, x + maxWidth);
    if (y < 0 || y >= this.height || x >= limit) return x;
    this.#use(style);
    const row = y * this.width;
    const plain = x < 0 ? 0 : this.#putPlain(x, row, limit, text);
    // Past the clip a mark may still belong to the last character drawn; another ASCII character does not.
    if (plain === text.length) return x + plain;
    if (x + plain === limit && isPrintableAscii(text.charCodeAt(plain))) return limit;
    if (firstComplex(text, plain) < 0) return this.#putSimple(x + plain, row, limit, text, plain);
    return this.#putContents(x, row, limit, this.clusters.contentsOf(text));
  }

  /** Draws bytes of ASCII text, as number formats leave them. The column after the last. */
  putAscii(x: number, y: number, bytes: Uint8Array, length: number, style: Style): number {
    const end = x + length;
    if (y < 0 || y >= this.height) return end;
    this.#use(style);
    const row = y * this.width;
    const last = Math.min(end, this.width);
    for (let column = Math.max(x, 0); column < last; column++) {
      const byte = bytes[column - x]!;
      const code = byte >= 0x20 && byte < 0x7f ? byte : CONTROL_REPLACEMENT;
      this.#set(row + column, code | WIDTH_ONE);
    }
    return end;
  }

  /** Draws one code point of one or two columns; one that takes no column draws nothing. The column after. */
  putCodePoint(x: number, y: number, codePoint: number, style: Style): number {
    const content = this.#contentOf(codePoint);
    if (content === RIGHT_HALF) return x;
    if (y < 0 || y >= this.height || x >= this.width) return x;
    this.#use(style);
    return this.#place(y * this.width, x, this.width, content);
  }

  /** Writes one code point into every cell of an area; one that is not one column wide counts as a space. */
  fill(area: Rect, style: Style, codePoint = 0x20): void {
    const left = Math.max(area.x, 0);
    const right = Math.min(area.x + area.width, this.width);
    const bottom = Math.min(area.y + area.height, this.height);
    if (left >= right) return;
    this.#use(style);
    const found = this.#contentOf(codePoint);
    const content = (found & WIDTH_MASK) === WIDTH_ONE ? found : BLANK;
    for (let y = Math.max(area.y, 0); y < bottom; y++) {
      const row = y * this.width;
      // The edges cut glyphs in two; between them whatever stood there is gone whole.
      this.#set(row + left, content);
      this.#set(row + right - 1, content);
      this.#fillInside(row + left + 1, row + right - 1, content);
    }
  }

  /** Cells between two edges of one row. Where none of their colours stays, memory is copied: cold loops are slow. */
  #fillInside(first: number, end: number, content: number): void {
    const { words } = this;
    const count = end - first;
    if (count <= 0) return;
    const single = this.#kept === 0 ? 1 : count;
    for (let cell = first; cell < first + single; cell++) this.#write(cell * CELL_WORDS, content);
    const start = first * CELL_WORDS;
    const length = count * CELL_WORDS;
    for (let filled = single * CELL_WORDS; filled < length; filled *= 2) {
      words.copyWithin(start + filled, start, start + Math.min(filled, length - filled));
    }
  }

  /** Gives an area other colours where the style has its own, and adds its attributes; glyphs stay whole. */
  restyle(area: Rect, style: Style): void {
    const left = Math.max(area.x, 0);
    const right = Math.min(area.x + area.width, this.width);
    const bottom = Math.min(area.y + area.height, this.height);
    if (left >= right) return;
    this.#use(style);
    for (let y = Math.max(area.y, 0); y < bottom; y++) this.#restyleRow(y * this.width, left, right);
  }

  /** Makes every glyph that is not ASCII a `?` in each of its columns: for terminals that show nothing else. */
  restrictToAscii(): void {
    const { cells } = this;
    for (let at = 0; at < cells.length; at += CELL_WORDS) {
      const content = cells[at]! & CONTENT_MASK;
      const isAscii =
        (content & CLUSTER_FLAG) === 0 && (content & CODE_MASK) < 0x7f && content !== RIGHT_HALF;
      if (!isAscii) cells[at] = (cells[at]! & ~CONTENT_MASK) | QUESTION_MARK | WIDTH_ONE;
    }
  }

  #use(style: Style): void {
    const { foreground, background } = style;
    const keptForeground = foreground === INHERIT_COLOR ? FOREGROUND_MASK : 0;
    const keptBackground = background === INHERIT_COLOR ? BACKGROUND_MASK : 0;
    this.#attributes = (style.attributes & ATTRIBUTE_MASK) << ATTRIBUTE_SHIFT;
    this.#kept = keptForeground | keptBackground;
    this.#colors = (foreground | (background << BACKGROUND_SHIFT)) & ~this.#kept;
  }

  /** The content of one code point; 0 when it takes no column. */
  #contentOf(codePoint: number): number {
    if (codePoint >= 0x20 && codePoint < 0x7f) return codePoint | WIDTH_ONE;
    if (codePoint >= 0 && codePoint <= 0xffff) {
      const found = charClass(codePoint);
      if (found === NARROW) return codePoint | WIDTH_ONE;
      if (found !== COMPLEX) return plainContent(codePoint);
    }
    if (isRefused(codePoint)) return replacementFor(codePoint) | WIDTH_ONE;
    return this.clusters.contentsOf(String.fromCodePoint(codePoint))[0] ?? RIGHT_HALF;
  }

  /** Draws the ASCII that a text begins with, from a column on the screen. How many characters that is. */
  #putPlain(x: number, row: number, limit: number, text: string): number {
    const count = Math.min(text.length, limit - x);
    const start = (row + x) * CELL_WORDS;
    let written = 0;
    for (;;) {
      written = this.#putRun(start, text, written, count);
      if (written === count || !isPrintableAscii(text.charCodeAt(written))) return written;
      this.#unpair(start + written * CELL_WORDS);
    }
  }

  /** Draws ASCII up to another character or half a wide glyph: kept free of calls, because most cells pass here. */
  #putRun(start: number, text: string, first: number, count: number): number {
    const cells = this.words;
    const plain = WIDTH_ONE | this.#attributes;
    const colors = this.#colors;
    const kept = this.#kept;
    let at = start + first * CELL_WORDS;
    for (let i = first; i < count; i++, at += CELL_WORDS) {
      const unit = text.charCodeAt(i);
      if (!isPrintableAscii(unit) || (cells[at]! & WIDTH_MASK) !== WIDTH_ONE) return i;
      cells[at] = unit | plain;
      cells[at + 1] = (cells[at + 1]! & kept) | colors;
    }
    return count;
  }

  /** Draws characters that join nothing, from index `start` of a text on. */
  #putSimple(x: number, row: number, limit: number, text: string, start: number): number {
    let column = x;
    for (let i = start; i < text.length && column < limit; i++) {
      column = this.#place(row, column, limit, plainContent(text.charCodeAt(i)));
    }
    return column;
  }

  #putContents(x: number, row: number, limit: number, contents: Uint32Array): number {
    let column = x;
    for (let i = 0; i < contents.length && column < limit; i++) {
      column = this.#place(row, column, limit, contents[i]!);
    }
    return column;
  }

  /** Writes a glyph of one or two columns, or spaces where half of it is cut off. The column after. */
  #place(row: number, column: number, limit: number, content: number): number {
    const isWide = (content & WIDTH_MASK) === WIDTH_TWO;
    if (!isWide) {
      if (column >= 0) this.#set(row + column, content);
      return column + 1;
    }
    if (column >= 0 && column + 2 <= limit) {
      this.#setWide(row + column, content);
      return column + 2;
    }
    if (column >= 0) this.#set(row + column, BLANK);
    if (column === -1) this.#set(row, BLANK);
    return Math.min(column + 2, limit);
  }

  #set(cell: number, content: number): void {
    const cells = this.words;
    const at = cell * CELL_WORDS;
    if ((cells[at]! & WIDTH_MASK) !== WIDTH_ONE) this.#unpair(at);
    this.#write(at, content);
  }

  /** Writes content in the style in use. */
  #write(at: number, content: number): void {
    const cells = this.words;
    cells[at] = content | this.#attributes;
    cells[at + 1] = (cells[at + 1]! & this.#kept) | this.#colors;
  }

  #setWide(cell: number, content: number): void {
    const cells = this.words;
    const at = cell * CELL_WORDS;
    const right = at + CELL_WORDS;
    this.#set(cell, content);
    // What stood at `right` may have been the lead's own right half; `#set` has made it a space by now.
    if ((cells[right]! & WIDTH_MASK) === WIDTH_TWO) this.#unpair(right);
    cells[right] = RIGHT_HALF | this.#attributes;
    cells[right + 1] = cells[at + 1]!;
  }

  /** Blanks both halves of the wide glyph of which this word is one. */
  #unpair(at: number): void {
    const cells = this.words;
    const other = isRightHalf(cells[at]!) ? at - CELL_WORDS : at + CELL_WORDS;
    cells[other] = BLANK | (cells[other]! & ~CONTENT_MASK);
    cells[at] = BLANK | (cells[at]! & ~CONTENT_MASK);
  }

  /** A wide glyph has one style: that of its first cell, whether or not its right half is in the area. */
  #restyleRow(row: number, left: number, right: number): void {
    const cells = this.words;
    const first = isRightHalf(cells[(row + left) * CELL_WORDS]!) ? left + 1 : left;
    const isCut = first < right && (cells[(row + right - 1) * CELL_WORDS]! & WIDTH_MASK) === WIDTH_TWO;
    const last = isCut ? right + 1 : right;
    const end = (row + last) * CELL_WORDS;
    const attributes = this.#attributes;
    const colors = this.#colors;
    const kept = this.#kept;
    for (let at = (row + first) * CELL_WORDS; at < end; at += CELL_WORDS) {
      cells[at]! |= attributes;
      cells[at + 1] = (cells[at + 1]! & kept) | colors;
    }
  }
}

function isRightHalf(word: number): boolean {
  return (word & WIDTH_MASK) === 0;
}

function isPrintableAscii(unit: number): boolean {
  return unit >= 0x20 && unit < 0x7f;
}

/** The content of a code unit that joins nothing. */
function plainContent(unit: number): number {
  const found = charClass(unit);
  if (found === WIDE) return unit | WIDTH_TWO;
  return found === REFUSED ? CONTROL_REPLACEMENT | WIDTH_ONE : unit | WIDTH_ONE;
}
