import type { ByteWriter } from './byte-writer.ts';

const UNKNOWN = -1;
const LETTER_DOWN = 0x42;
const LETTER_RIGHT = 0x43;
const LETTER_LEFT = 0x44;
const LETTER_COLUMN = 0x47;
const LETTER_POSITION = 0x48;

/** Where the terminal's cursor is, as far as that is certain, and the shortest move from there. */
export class Cursor {
  /** The column, or a negative number when nobody knows. */
  x = UNKNOWN;
  y = UNKNOWN;

  /** Nobody knows where it is. */
  lose(): void {
    this.x = UNKNOWN;
    this.y = UNKNOWN;
  }

  /** The row is certain, the column is not: after a glyph of uncertain width, or past the last column. */
  loseColumn(): void {
    this.x = UNKNOWN;
  }

  /** Moves by CUP, CUD, CHA, CUF or CUB (ECMA-48 8.3), whichever is the shortest that is safe. */
  moveTo(out: ByteWriter, x: number, y: number): void {
    if (this.y !== y) this.#changeRow(out, x, y);
    else if (this.x !== x) this.#changeColumn(out, x);
    this.x = x;
    this.y = y;
  }

  #changeRow(out: ByteWriter, x: number, y: number): void {
    if (this.x === x && this.y >= 0 && y > this.y) {
      out.command(y - this.y, LETTER_DOWN);
      return;
    }
    if (x === 0) {
      out.command(y + 1, LETTER_POSITION);
      return;
    }
    out.byte(0x1b);
    out.byte(0x5b);
    if (y !== 0) out.decimal(y + 1);
    out.byte(0x3b);
    out.decimal(x + 1);
    out.byte(LETTER_POSITION);
  }

  #changeColumn(out: ByteWriter, x: number): void {
    const distance = x - this.x;
    if (this.x < 0 || parameterLength(x + 1) < parameterLength(Math.abs(distance))) {
      out.command(x + 1, LETTER_COLUMN);
    } else {
      out.command(Math.abs(distance), distance > 0 ? LETTER_RIGHT : LETTER_LEFT);
    }
  }
}

/** Digits that `ByteWriter.command` writes for a count. */
function parameterLength(count: number): number {
  if (count === 1) return 0;
  if (count < 10) return 1;
  return count < 100 ? 2 : count < 1000 ? 3 : 4;
}
