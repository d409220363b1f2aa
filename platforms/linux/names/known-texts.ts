/** A power of two. */
const PLACES = 1024;

/**
 * Texts that packets say again and again: each is made once, and found by its bytes afterwards. A text has one place, and
 * a newer one takes it.
 */
export class KnownTexts {
  readonly #texts: (string | undefined)[] = new Array(PLACES).fill(undefined);

  /** The first bytes of a buffer as Latin-1. */
  textOf(bytes: Buffer, length: number): string {
    let hash = length;
    for (let i = 0; i < length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    const place = (hash ^ (hash >>> 15)) & (PLACES - 1);
    const known = this.#texts[place];
    if (known !== undefined && isText(known, bytes, length)) return known;
    const text = bytes.toString('latin1', 0, length);
    this.#texts[place] = text;
    return text;
  }
}

function isText(text: string, bytes: Buffer, length: number): boolean {
  if (text.length !== length) return false;
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) !== bytes[i]) return false;
  return true;
}
