import {
  Attribute,
  ansiIndexOf,
  type Color,
  type ColorDepth,
  DEFAULT_COLOR,
  hexOf,
  toPalette16,
  toPalette256,
} from '../style/style.ts';
import { ByteWriter } from './byte-writer.ts';
import { ATTRIBUTE_SHIFT, BACKGROUND_MASK, BACKGROUND_SHIFT, CONTENT_MASK, FOREGROUND_MASK } from './cell.ts';

/** Attributes that show on a space too. */
const SEEN_ON_BLANKS = Attribute.UNDERLINE | Attribute.REVERSE | Attribute.STRIKE;
const SEEN_ON_BLANKS_WORD = SEEN_ON_BLANKS << ATTRIBUTE_SHIFT;
/** What counts of the first word of a cell: it equals BLANK under this mask where only the background is seen. */
export const BLANK_MASK = CONTENT_MASK | SEEN_ON_BLANKS_WORD;

/** Bold and dim are turned off together, by 22. */
const WEIGHT = Attribute.BOLD | Attribute.DIM;

/** What the terminal's next glyph will look like, and the shortest SGR (ECMA-48 8.3.117) from there to another look. */
export class Pen {
  /** Attributes and colours of the cell drawn last, as its words have them: nothing to do where they are the same. */
  attributesWord = 0;
  colorsWord = 0;
  readonly #foregrounds: ColorBytes;
  readonly #backgrounds: ColorBytes;
  #foregroundCode = DEFAULT_CODE;
  #backgroundCode = DEFAULT_CODE;
  #attributes = 0;
  #hasParameters = false;

  constructor(depth: ColorDepth) {
    this.#foregrounds = new ColorBytes(depth, false);
    this.#backgrounds = new ColorBytes(depth, true);
  }

  /** Back to the terminal's own look, from wherever it is. */
  reset(out: ByteWriter): void {
    out.byte(0x1b);
    out.byte(0x5b);
    out.byte(0x6d);
    this.#forget();
  }

  /** Takes on the look of a cell. */
  use(out: ByteWriter, attributesWord: number, colorsWord: number): void {
    const attributes = attributesWord >>> ATTRIBUTE_SHIFT;
    const foreground = this.#foregrounds.slotOf(colorsWord & FOREGROUND_MASK);
    const background = this.#backgrounds.slotOf(colorsWord >>> BACKGROUND_SHIFT);
    const foregroundCode = this.#foregrounds.codeAt(foreground);
    const backgroundCode = this.#backgrounds.codeAt(background);
    const hasOtherColors = foregroundCode !== this.#foregroundCode || backgroundCode !== this.#backgroundCode;
    if (hasOtherColors || attributes !== this.#attributes) {
      this.#hasParameters = false;
      if (this.#isResetShorter(foregroundCode, backgroundCode, attributes))
        this.#startWithReset(out, attributes);
      this.#writeAttributes(out, attributes);
      if (foregroundCode !== this.#foregroundCode) {
        this.#separate(out);
        this.#foregrounds.writeTo(out, foreground);
      }
      if (backgroundCode !== this.#backgroundCode) {
        this.#separate(out);
        this.#backgrounds.writeTo(out, background);
      }
      out.byte(0x6d);
    }
    this.#foregroundCode = foregroundCode;
    this.#backgroundCode = backgroundCode;
    this.#attributes = attributes;
    this.attributesWord = attributesWord;
    this.colorsWord = colorsWord;
  }

  /** Takes on what shows of an empty cell: its background. The foreground stays for the next glyph. */
  useForBlank(out: ByteWriter, colorsWord: number): void {
    const before = this.colorsWord;
    const isSame = ((before ^ colorsWord) & BACKGROUND_MASK) === 0;
    if (isSame && (this.#attributes & SEEN_ON_BLANKS) === 0) return;
    const colors = (before & FOREGROUND_MASK) | (colorsWord & BACKGROUND_MASK);
    this.use(out, this.attributesWord & ~SEEN_ON_BLANKS_WORD, colors);
  }

  /** Three bytes turn everything off; that pays when nothing coloured is to be turned on again. */
  #isResetShorter(foregroundCode: number, backgroundCode: number, attributes: number): boolean {
    if (foregroundCode !== DEFAULT_CODE || backgroundCode !== DEFAULT_CODE) return false;
    return attributes === 0 || (this.#attributes & ~attributes) !== 0;
  }

  #startWithReset(out: ByteWriter, attributes: number): void {
    if (attributes !== 0) {
      this.#separate(out);
      out.byte(0x30);
    } else {
      out.byte(0x1b);
      out.byte(0x5b);
      this.#hasParameters = true;
    }
    this.#forget();
  }

  #writeAttributes(out: ByteWriter, attributes: number): void {
    const off = this.#attributes & ~attributes;
    let on = attributes & ~this.#attributes;
    if ((off & WEIGHT) !== 0) {
      this.#parameter(out, 22);
      on |= attributes & WEIGHT;
    }
    if ((off & Attribute.ITALIC) !== 0) this.#parameter(out, 23);
    if ((off & Attribute.UNDERLINE) !== 0) this.#parameter(out, 24);
    if ((off & Attribute.REVERSE) !== 0) this.#parameter(out, 27);
    if ((off & Attribute.STRIKE) !== 0) this.#parameter(out, 29);
    if ((on & Attribute.BOLD) !== 0) this.#parameter(out, 1);
    if ((on & Attribute.DIM) !== 0) this.#parameter(out, 2);
    if ((on & Attribute.ITALIC) !== 0) this.#parameter(out, 3);
    if ((on & Attribute.UNDERLINE) !== 0) this.#parameter(out, 4);
    if ((on & Attribute.REVERSE) !== 0) this.#parameter(out, 7);
    if ((on & Attribute.STRIKE) !== 0) this.#parameter(out, 9);
  }

  #parameter(out: ByteWriter, value: number): void {
    this.#separate(out);
    out.decimal(value);
  }

  #separate(out: ByteWriter): void {
    if (this.#hasParameters) {
      out.byte(0x3b);
      return;
    }
    this.#hasParameters = true;
    out.byte(0x1b);
    out.byte(0x5b);
  }

  #forget(): void {
    this.#foregroundCode = DEFAULT_CODE;
    this.#backgroundCode = DEFAULT_CODE;
    this.#attributes = 0;
    this.attributesWord = 0;
    this.colorsWord = 0;
  }
}

const SLOTS = 256;
const SLOT_BYTES = 20;
/** The code of the terminal's own colour; every other code is a colour or an index, not negative. */
const DEFAULT_CODE = -1;
/** Added to the index of one of the sixteen: above every 24-bit colour, so that no two codes are alike. */
const SIXTEEN = 0x1000000;

/**
 * SGR parameters of colours (ECMA-48 8.3.117, ISO 8613-6), ready to be copied: `38;2;122;162;247`, `38;5;111`,
 * `94`. A direct-mapped cache of 256 colours; one that is not there is worked out in place.
 */
export class ColorBytes {
  readonly #depth: ColorDepth;
  readonly #isBackground: boolean;
  readonly #colors = new Int32Array(SLOTS).fill(-1);
  readonly #codes = new Int32Array(SLOTS);
  readonly #writer = new ByteWriter(SLOT_BYTES);
  readonly #bytes = new Uint8Array(SLOTS * SLOT_BYTES);
  readonly #lengths = new Uint8Array(SLOTS);

  constructor(depth: ColorDepth, isBackground: boolean) {
    this.#depth = depth;
    this.#isBackground = isBackground;
  }

  /** Where a colour's parameters are; the next call may put others there. */
  slotOf(color: Color): number {
    const slot = color & (SLOTS - 1);
    if (this.#colors[slot] !== color) this.#work(slot, color);
    return slot;
  }

  /** What the terminal will show: two colours of the same code look the same at this depth. */
  codeAt(slot: number): number {
    return this.#codes[slot]!;
  }

  writeTo(out: ByteWriter, slot: number): void {
    const start = slot * SLOT_BYTES;
    out.copy(this.#bytes, start, start + this.#lengths[slot]!);
  }

  #work(slot: number, color: Color): void {
    const writer = this.#writer;
    writer.length = 0;
    const code = color === DEFAULT_COLOR || this.#depth === 'never' ? DEFAULT_CODE : this.#convert(color);
    this.#describe(code);
    this.#colors[slot] = color;
    this.#codes[slot] = code;
    this.#lengths[slot] = writer.length;
    this.#bytes.set(writer.bytes.subarray(0, writer.length), slot * SLOT_BYTES);
  }

  #convert(color: Color): number {
    if (this.#depth === '16' || ansiIndexOf(color) >= 0) return SIXTEEN + toPalette16(color);
    return this.#depth === '256' ? toPalette256(color) : hexOf(color);
  }

  #describe(code: number): void {
    const writer = this.#writer;
    const base = this.#isBackground ? 40 : 30;
    if (code === DEFAULT_CODE) {
      writer.decimal(base + 9);
    } else if (code >= SIXTEEN) {
      const index = code - SIXTEEN;
      writer.decimal(index < 8 ? base + index : base + 60 + index - 8);
    } else {
      writer.decimal(base + 8);
      this.#parameters(code);
    }
  }

  #parameters(code: number): void {
    if (this.#depth === '256') {
      this.#parameter(5);
      this.#parameter(code);
      return;
    }
    this.#parameter(2);
    this.#parameter(code >>> 16);
    this.#parameter((code >>> 8) & 255);
    this.#parameter(code & 255);
  }

  #parameter(value: number): void {
    this.#writer.byte(0x3b);
    this.#writer.decimal(value);
  }
}

const UNKNOWN = -1;
const LETTER_DOWN = 0x42;
const LETTER_RIGHT = 0x43;
const LETTER_LEFT = 0x44;
const LETTER_COLUMN = 0x47;
const LETTER_POSITION = 0x48;

/** Where the terminal's cursor is, as far as that is certain, and the shortest move from there. */
export class Cursor {
  /** The column; negative: unknown. */
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
