import type { ColorDepth } from '../style/color-depth.ts';
import { Attribute } from '../style/style.ts';
import type { ByteWriter } from './byte-writer.ts';
import { ATTRIBUTE_SHIFT, COLOR_MASK } from './cell.ts';
import { ColorBytes, DEFAULT_CODE } from './color-bytes.ts';

/** Attributes that show on a space too. */
const SEEN_ON_BLANKS = Attribute.UNDERLINE | Attribute.REVERSE | Attribute.STRIKE;
/** The same bits as they stand in a cell's foreground word. */
export const SEEN_ON_BLANKS_WORD = SEEN_ON_BLANKS << ATTRIBUTE_SHIFT;

/** Bold and dim are turned off together, by 22. */
const WEIGHT = Attribute.BOLD | Attribute.DIM;

/** What the terminal's next glyph will look like, and the shortest SGR (ECMA-48 8.3.117) from there to another look. */
export class Pen {
  /** The words of the cell drawn last: when both are the same again there is nothing to do. */
  foregroundWord = 0;
  backgroundWord = 0;
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
  use(out: ByteWriter, foregroundWord: number, backgroundWord: number): void {
    const attributes = foregroundWord >>> ATTRIBUTE_SHIFT;
    const foreground = this.#foregrounds.slotOf(foregroundWord & COLOR_MASK);
    const background = this.#backgrounds.slotOf(backgroundWord);
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
    this.foregroundWord = foregroundWord;
    this.backgroundWord = backgroundWord;
  }

  /** Takes on what shows of an empty cell: its background. The foreground stays for the next glyph. */
  useForBlank(out: ByteWriter, backgroundWord: number): void {
    if (this.backgroundWord === backgroundWord && (this.#attributes & SEEN_ON_BLANKS) === 0) return;
    this.use(out, this.foregroundWord & ~SEEN_ON_BLANKS_WORD, backgroundWord);
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
    this.foregroundWord = 0;
    this.backgroundWord = 0;
  }
}
