import { ansiIndexOf, type Color, DEFAULT_COLOR } from '../style/color.ts';
import { type ColorDepth, toPalette16, toPalette256 } from '../style/color-depth.ts';
import { ByteWriter } from './byte-writer.ts';

const SLOTS = 256;
const SLOT_BYTES = 20;
/** The code of the terminal's own colour; every other code is a colour or an index, not negative. */
export const DEFAULT_CODE = -1;
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
  readonly #writer = new ByteWriter();
  readonly #bytes = new Uint8Array(SLOTS * SLOT_BYTES);
  readonly #lengths = new Uint8Array(SLOTS);

  constructor(depth: ColorDepth, isBackground: boolean) {
    this.#depth = depth;
    this.#isBackground = isBackground;
  }

  /** Where a colour's parameters are; the next call may put others there. */
  slotOf(color: Color): number {
    const slot = Math.imul(color, 0x9e3779b1) >>> 24;
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
    return this.#depth === '256' ? toPalette256(color) : color & 0xffffff;
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
