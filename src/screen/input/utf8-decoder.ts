/** Nothing whole yet. */
export const INCOMPLETE = -1;
/** The byte cannot continue what was begun: what was begun is gone, the byte is still to be looked at. */
export const BROKEN = -2;
/** The byte is no part of any UTF-8 text, or ended an overlong or impossible form. */
export const INVALID = -3;

/** One code point at a time (RFC 3629), each byte looked at once, so that text may be split anywhere. */
export class Utf8Decoder {
  #missing = 0;
  #codePoint = 0;
  #least = 0;

  get isPending(): boolean {
    return this.#missing > 0;
  }

  reset(): void {
    this.#missing = 0;
  }

  /** A code point, INCOMPLETE, BROKEN or INVALID. */
  push(byte: number): number {
    if (this.#missing > 0) return this.#continue(byte);
    if (byte < 0x80) return byte;
    if (byte >= 0xc2 && byte <= 0xdf) return this.#begin(byte & 0x1f, 1, 0x80);
    if (byte >= 0xe0 && byte <= 0xef) return this.#begin(byte & 0x0f, 2, 0x800);
    if (byte >= 0xf0 && byte <= 0xf4) return this.#begin(byte & 0x07, 3, 0x10000);
    return INVALID;
  }

  #begin(bits: number, missing: number, least: number): number {
    this.#codePoint = bits;
    this.#missing = missing;
    this.#least = least;
    return INCOMPLETE;
  }

  #continue(byte: number): number {
    if ((byte & 0xc0) !== 0x80) {
      this.#missing = 0;
      return BROKEN;
    }
    this.#codePoint = (this.#codePoint << 6) | (byte & 0x3f);
    if (--this.#missing > 0) return INCOMPLETE;
    const codePoint = this.#codePoint;
    const isSurrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
    return codePoint < this.#least || codePoint > 0x10ffff || isSurrogate ? INVALID : codePoint;
  }
}
