import { Buffer as NodeBuffer } from 'node:buffer';
import { type ColorDepth, DEFAULT_COLOR } from '../style/style.ts';
import type { Buffer } from './buffer.ts';
import { ByteWriter } from './byte-writer.ts';
import {
  BACKGROUND_MASK,
  BLANK,
  CELL_WORDS,
  CLUSTER_FLAG,
  CODE_MASK,
  CONTENT_MASK,
  RIGHT_HALF,
  UNCERTAIN_FLAG,
  WIDTH_MASK,
  WIDTH_ONE,
  WIDTH_SHIFT,
} from './cell.ts';
import { BLANK_MASK, Cursor, Pen } from './pen.ts';

/** A cell's bytes at the very most: a move, a change of every attribute and colour, blanks, a move, a cluster. */
const CELL_BYTES = 224;
/** Each further cell of a run is one code point, in UTF-8. */
const GLYPH_BYTES = 4;
/** A gap up to this many cells is written again rather than jumped: a jump takes at least three bytes. */
const GAP_CELLS = 3;
/** Erasing to the end of the row takes three bytes. */
const ERASE_LINE_CELLS = 4;
/** Erasing in the middle takes four or five bytes, and moving past it as many. */
const ERASE_CELLS = 12;

export const SYNCHRONIZED_OFF = '\x1b[?2026l';
const BEGIN = new TextEncoder().encode('\x1b[?2026h');
const END = new TextEncoder().encode(SYNCHRONIZED_OFF);

/** Contents above BLANK and below this are ASCII, one column wide and certain. */
const PLAIN_END = 0x7f | WIDTH_ONE;
const LETTER_ERASE_CELLS = 0x58;
const LETTER_ERASE_LINE = 0x4b;

/**
 * Turns the difference of two buffers into the bytes that change a terminal from the one to the other: the
 * fewest cells, moves and attributes it can. Autowrap must be off. Not every terminal erases with the current
 * background (terminfo `bce`), so only cells of the default background are erased. `bytes[0..length)` hold the frame
 * until the next `encode`; they must reach the terminal whole before another frame is encoded (engine.md, Renderer 4).
 */
export class FrameDiff {
  readonly #out = new ByteWriter(16_384);
  readonly #cursor = new Cursor();
  #pen: Pen;
  #isScreenKnown = false;
  #blankRow: Int32Array = new Int32Array(0);
  /** Cells before this column are written although they are the same: the terminal may have drawn over them. */
  #forcedEnd = 0;
  /** The row's cells from here to its end are erased by one command; past the row where they are not. */
  #erasableFrom = 0;
  /** A run of empty cells that was too short to erase ends here. */
  #keptUntil = 0;
  /** Where the bytes of the row written last begin, behind the move to its column `#rowX`. */
  #rowBytesAt = 0;
  #rowX = 0;
  /** What the terminal shows in the row at hand: the words that stand `shift` after those of the next frame. */
  #before: Int32Array = this.#blankRow;
  #shift = 0;

  constructor(depth: ColorDepth) {
    this.#pen = new Pen(depth);
  }

  get bytes(): Uint8Array {
    return this.#out.bytes;
  }

  get length(): number {
    return this.#out.length;
  }

  /** Another depth of colours, from the next frame on, which will be a full one. */
  setDepth(depth: ColorDepth): void {
    this.#pen = new Pen(depth);
    this.#isScreenKnown = false;
  }

  /** The next frame repaints everything: what the terminal shows is no longer known. */
  invalidate(): void {
    this.#isScreenKnown = false;
  }

  /**
   * Encodes a frame: the bytes from `previous`, which the terminal shows, to `next`; or, when what it shows is not
   * known or the two do not belong together (size, cluster epoch), a clearing and all of `next`. How many bytes: 0
   * when nothing changed. While it reads a synchronized frame, the terminal shows none of it.
   */
  encode(previous: Buffer, next: Buffer, isSynchronized = false): number {
    const out = this.#out;
    out.length = 0;
    if (isSynchronized) out.copy(BEGIN, 0, BEGIN.length);
    const start = out.length;
    this.#cursor.lose();
    if (this.#isScreenKnown && belongTogether(previous, next)) this.#update(previous, next);
    else this.#repaint(next);
    if (out.length === start) return 0;
    out.reserve(END.length);
    if (isSynchronized) out.copy(END, 0, END.length);
    return out.length;
  }

  #update(previous: Buffer, next: Buffer): void {
    const before = previous.words;
    const rowWords = next.width * CELL_WORDS;
    for (let y = 0; y < next.height; y++) {
      // The comparison of memory is an order of magnitude faster than that of words one by one.
      if (NodeBuffer.compare(previous.rows[y]!, next.rows[y]!) !== 0) {
        this.#encodeRow(next, y, before, y * rowWords);
      }
    }
  }

  #repaint(next: Buffer): void {
    const out = this.#out;
    out.reserve(16);
    this.#pen.reset(out);
    out.command(2, 0x4a);
    if (this.#blankRow.length !== next.width * CELL_WORDS) this.#blankRow = blankRowOf(next.width);
    // The second of equal rows leaves the pen as it found it, so the rows after it have the same bytes.
    let repeats = 0;
    for (let y = 0; y < next.height; y++) {
      const isRepeated = y > 0 && NodeBuffer.compare(next.rows[y - 1]!, next.rows[y]!) === 0;
      repeats = isRepeated ? repeats + 1 : 0;
      if (repeats < 2) this.#encodeRow(next, y, this.#blankRow, 0);
      else this.#repeatRow(y);
    }
    this.#isScreenKnown = true;
  }

  /** The bytes of the row above once more, if it has any. */
  #repeatRow(y: number): void {
    const out = this.#out;
    const cursor = this.#cursor;
    if (cursor.y !== y - 1) return;
    const { x } = cursor;
    const length = out.length - this.#rowBytesAt;
    out.reserve(length + CELL_BYTES);
    cursor.moveTo(out, this.#rowX, y);
    out.bytes.copyWithin(out.length, this.#rowBytesAt, this.#rowBytesAt + length);
    this.#rowBytesAt = out.length;
    out.length += length;
    cursor.x = x;
  }

  /** Encodes one row against the words of what the terminal shows there, `before[beforeAt...]`. */
  #encodeRow(next: Buffer, y: number, before: Int32Array, beforeAt: number): void {
    const cells = next.words;
    const { width } = next;
    const rowAt = y * width * CELL_WORDS;
    const shift = beforeAt - rowAt;
    const end = rowAt + width * CELL_WORDS;
    this.#forcedEnd = 0;
    this.#keptUntil = 0;
    this.#before = before;
    this.#shift = shift;
    let isUntouched = true;
    for (let x = 0; x < width; ) {
      let at = rowAt + x * CELL_WORDS;
      if (x >= this.#forcedEnd) {
        at = nextDifference(cells, at, end, before, shift);
        if (at === end) return;
        x = (at - rowAt) / CELL_WORDS;
        if (isSameBlank(cells, at, before, shift)) {
          x++;
          continue;
        }
      }
      if (isUntouched) {
        this.#erasableFrom = firstErasable(cells, rowAt, width);
        isUntouched = false;
      }
      x = Math.max(x + 1, this.#encodeCells(next, x, y, at));
    }
  }

  /** Brings the cell at (x, y) to the screen, and what comes with it. The column to go on from. */
  #encodeCells(next: Buffer, x: number, y: number, at: number): number {
    const cells = next.words;
    const content = cells[at]! & CONTENT_MASK;
    this.#out.reserve(CELL_BYTES + (next.width - x) * GLYPH_BYTES);
    if (content === RIGHT_HALF && x > 0) return this.#encodeCells(next, x - 1, y, at - CELL_WORDS);
    if (content === BLANK && x >= this.#keptUntil) {
      const end = this.#erase(next, x, y, at);
      if (end > x) return end;
    }
    // A glyph of unknown width may cover two cells on the screen: overwriting one blanks both.
    if ((this.#before[at + this.#shift]! & UNCERTAIN_FLAG) !== 0) this.#force(x + 2);
    this.#moveTo(next, x, y);
    return this.#writeCell(next, at, x);
  }

  /** Erases the empty cells from (x, y) on, if that takes fewer bytes than writing them. The column after them. */
  #erase(next: Buffer, x: number, y: number, at: number): number {
    const cells = next.words;
    if (!isErasable(cells, at)) return x;
    const rowEnd = at + (next.width - x) * CELL_WORDS;
    const last = x + lastDifference(cells, at, rowEnd, this.#before, this.#shift);
    const isToTheEnd = x >= this.#erasableFrom;
    const end = isToTheEnd ? last + 1 : erasableRunEnd(cells, at, x, last);
    this.#keptUntil = end;
    if (end - x < (isToTheEnd ? ERASE_LINE_CELLS : ERASE_CELLS)) return x;
    this.#moveTo(next, x, y);
    this.#pen.useForBlank(this.#out, DEFAULT_COLOR);
    if (isToTheEnd) this.#out.command(1, LETTER_ERASE_LINE);
    else this.#out.command(end - x, LETTER_ERASE_CELLS);
    return isToTheEnd ? next.width : end;
  }

  /** Writes the cell where the cursor stands. The column after it. */
  #writeCell(next: Buffer, at: number, x: number): number {
    const cells = next.words;
    const { width } = next;
    const out = this.#out;
    const pen = this.#pen;
    const word = cells[at]!;
    const content = word & CONTENT_MASK;
    const attributes = word - content;
    const colors = cells[at + 1]!;
    const isBlank = (word & BLANK_MASK) === BLANK;
    if (isBlank) {
      pen.useForBlank(out, colors);
    } else if (attributes !== pen.attributesWord || colors !== pen.colorsWord) {
      pen.use(out, attributes, colors);
    }
    if ((content & UNCERTAIN_FLAG) !== 0) return this.#writeUncertain(next, content, x);
    const end = x + ((content & WIDTH_MASK) >>> WIDTH_SHIFT);
    const code = content & CODE_MASK;
    const glyphAt = out.length;
    if (code < 0x80) out.byte(code);
    else out.codePoint(code);
    let runEnd = end;
    if (isBlank) {
      runEnd = this.#writeBlanks(cells, at + CELL_WORDS, end, width);
    }
    if (code < 0x80) {
      runEnd = this.#writeRun(cells, at + (runEnd - x) * CELL_WORDS, runEnd, width);
    } else if (end === x + 1) {
      runEnd = this.#writeRepeats(cells, at, end, width, glyphAt);
    }
    this.#cursor.x = runEnd < width ? runEnd : -1;
    return runEnd;
  }

  /** Goes on for as long as the cells differ, are ASCII and look like the last one. The column after the run. */
  #writeRun(cells: Int32Array, at: number, x: number, width: number): number {
    const before = this.#before;
    const shift = this.#shift;
    const { attributesWord, colorsWord } = this.#pen;
    const { bytes } = this.#out;
    let { length } = this.#out;
    while (x < width) {
      // With other attributes the difference is below BLANK or above PLAIN_END.
      const content = cells[at]! - attributesWord;
      if (content <= BLANK || content >= PLAIN_END || cells[at + 1] !== colorsWord) break;
      const isChanged = differenceOf(cells, at, before, at + shift) !== 0;
      if (!isChanged || (before[at + shift]! & UNCERTAIN_FLAG) !== 0) break;
      bytes[length++] = content & CODE_MASK;
      at += CELL_WORDS;
      x++;
    }
    this.#out.length = length;
    return x;
  }

  /**
   * Goes on for as long as the cells differ and are the same as the one at word `at`, as those of a rule are, whose
   * bytes begin at `glyphAt`. The column after the run.
   */
  #writeRepeats(cells: Int32Array, at: number, x: number, width: number, glyphAt: number): number {
    const before = this.#before;
    const shift = this.#shift;
    const from = x;
    for (let next = at + CELL_WORDS; x < width; next += CELL_WORDS, x++) {
      if (differenceOf(cells, at, cells, next) !== 0) break;
      const isChanged = differenceOf(cells, next, before, next + shift) !== 0;
      if (!isChanged || (before[next + shift]! & UNCERTAIN_FLAG) !== 0) break;
    }
    const out = this.#out;
    const size = out.length - glyphAt;
    const end = out.length + size * (x - from);
    for (let filled = out.length; filled < end; filled += filled - glyphAt) {
      out.bytes.copyWithin(filled, glyphAt, Math.min(filled, glyphAt + end - filled));
    }
    out.length = end;
    return x;
  }

  /** Goes on for as long as the cells differ and are empty on the same background. The column after the run. */
  #writeBlanks(cells: Int32Array, at: number, x: number, width: number): number {
    const before = this.#before;
    const shift = this.#shift;
    const background = cells[at - CELL_WORDS + 1]! & BACKGROUND_MASK;
    const from = x;
    // Where erasing is a choice it is made anew behind the run that was found too short for it.
    const end = background === DEFAULT_COLOR ? Math.min(width, this.#keptUntil) : width;
    // Without calls: the first frame has thousands of these cells, and its code is interpreted.
    while (x < end) {
      if ((cells[at]! & BLANK_MASK) !== BLANK || (cells[at + 1]! & BACKGROUND_MASK) !== background) break;
      const b = at + shift;
      const was = before[b]!;
      if ((was & BLANK_MASK) === BLANK && (before[b + 1]! & BACKGROUND_MASK) === background) break;
      if ((was & UNCERTAIN_FLAG) !== 0) break;
      at += CELL_WORDS;
      x++;
    }
    const { bytes, length } = this.#out;
    bytes.fill(0x20, length, length + x - from);
    this.#out.length = length + x - from;
    return x;
  }

  /**
   * Its own cells are blanked first, because a terminal may take the glyph for narrower than it is; what stands
   * right of it is written again, because a terminal may take it for wider.
   */
  #writeUncertain(next: Buffer, content: number, x: number): number {
    const out = this.#out;
    const cursor = this.#cursor;
    const end = x + ((content & WIDTH_MASK) >>> WIDTH_SHIFT);
    for (let column = x; column < end; column++) out.byte(0x20);
    cursor.x = end < next.width ? end : -1;
    cursor.moveTo(out, x, cursor.y);
    const code = content & CODE_MASK;
    if ((content & CLUSTER_FLAG) === 0) {
      out.codePoint(code);
    } else {
      const { clusters } = next;
      out.copy(clusters.bytes, clusters.byteStart(code), clusters.byteStart(code + 1));
    }
    cursor.loseColumn();
    this.#force(x + next.clusters.reachOf(content));
    return end;
  }

  #force(end: number): void {
    if (end > this.#forcedEnd) this.#forcedEnd = end;
  }

  /** Moves the cursor, by writing the cells between once more where they are few and look like the last one. */
  #moveTo(next: Buffer, x: number, y: number): void {
    const cursor = this.#cursor;
    if (cursor.y !== y) {
      cursor.moveTo(this.#out, x, y);
      this.#rowX = x;
      this.#rowBytesAt = this.#out.length;
      return;
    }
    if (cursor.x === x) return;
    const gap = x - cursor.x;
    if (cursor.x >= 0 && gap > 0 && gap <= GAP_CELLS && this.#isPlain(next, cursor.x, x, y)) {
      const start = (y * next.width + cursor.x) * CELL_WORDS;
      for (let i = 0; i < gap; i++) this.#out.byte(next.words[start + i * CELL_WORDS]! & CODE_MASK);
      cursor.x = x;
      return;
    }
    cursor.moveTo(this.#out, x, y);
  }

  /** Whether the cells are ASCII in the look that the pen has now. */
  #isPlain(next: Buffer, from: number, to: number, y: number): boolean {
    const cells = next.words;
    const { attributesWord, colorsWord } = this.#pen;
    const end = (y * next.width + to) * CELL_WORDS;
    for (let at = (y * next.width + from) * CELL_WORDS; at < end; at += CELL_WORDS) {
      const content = cells[at]!;
      if ((content & CODE_MASK) >= 0x80 || (content & ~CODE_MASK) !== (WIDTH_ONE | attributesWord))
        return false;
      if (cells[at + 1] !== colorsWord) return false;
    }
    return true;
  }
}

/** First column from which the row is empty, so that it can be erased; the width if there is none. */
function firstErasable(cells: Int32Array, rowAt: number, width: number): number {
  let x = width;
  while (x > 0 && isErasable(cells, rowAt + (x - 1) * CELL_WORDS)) x--;
  return x;
}

/** The end of the run of empty cells that starts at x and of which the last changed one is at `last`. */
function erasableRunEnd(cells: Int32Array, at: number, x: number, last: number): number {
  let end = x;
  while (end <= last && isErasable(cells, at + (end - x) * CELL_WORDS)) end++;
  return end;
}

function isErasable(cells: Int32Array, at: number): boolean {
  return (cells[at]! & BLANK_MASK) === BLANK && (cells[at + 1]! & BACKGROUND_MASK) === DEFAULT_COLOR;
}

function belongTogether(previous: Buffer, next: Buffer): boolean {
  return (
    previous.width === next.width &&
    previous.height === next.height &&
    previous.clusters === next.clusters &&
    previous.epoch === next.epoch
  );
}

/** The last cell from `start` up to `end` that differs, in columns after `start`, or -1. Words in, columns out. */
function lastDifference(
  cells: Int32Array,
  start: number,
  end: number,
  before: Int32Array,
  shift: number,
): number {
  let at = end - CELL_WORDS;
  while (at >= start && differenceOf(cells, at, before, at + shift) === 0) at -= CELL_WORDS;
  return (at - start) / CELL_WORDS;
}

/** Where the first cell that differs starts, from word `at` up to `end`; `end` if none does. */
function nextDifference(
  cells: Int32Array,
  at: number,
  end: number,
  before: Int32Array,
  shift: number,
): number {
  // Four cells at a time, joined by bits, cost less than half of their eight words one by one.
  while (at + 4 * CELL_WORDS <= end) {
    const b = at + shift;
    const difference =
      differenceOf(cells, at, before, b) |
      differenceOf(cells, at + CELL_WORDS, before, b + CELL_WORDS) |
      differenceOf(cells, at + 2 * CELL_WORDS, before, b + 2 * CELL_WORDS) |
      differenceOf(cells, at + 3 * CELL_WORDS, before, b + 3 * CELL_WORDS);
    if (difference !== 0) break;
    at += 4 * CELL_WORDS;
  }
  while (at < end && differenceOf(cells, at, before, at + shift) === 0) at += CELL_WORDS;
  return at;
}

/** 0 when two cells are the same in all their bits. */
function differenceOf(cells: Int32Array, at: number, before: Int32Array, b: number): number {
  return (cells[at]! ^ before[b]!) | (cells[at + 1]! ^ before[b + 1]!);
}

/** Two empty cells that differ only in what an empty cell does not show. */
function isSameBlank(cells: Int32Array, at: number, before: Int32Array, shift: number): boolean {
  const b = at + shift;
  if ((cells[at]! & BLANK_MASK) !== BLANK || (before[b]! & BLANK_MASK) !== BLANK) return false;
  return ((cells[at + 1]! ^ before[b + 1]!) & BACKGROUND_MASK) === 0;
}

function blankRowOf(width: number): Int32Array {
  const row = new Int32Array(width * CELL_WORDS);
  for (let at = 0; at < row.length; at += CELL_WORDS) row[at] = BLANK;
  return row;
}
