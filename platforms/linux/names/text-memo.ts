/** A power of two. */
const PLACES = 1024;
const LIMIT_BYTES = 256;

/**
 * What `make` says of bytes that packets hold again and again: it is asked once, and found by the bytes afterwards. Bytes
 * have one place, and newer ones take it; more than 256 of them are not kept.
 */
export class TextMemo {
  readonly #make: (bytes: Uint8Array, start: number, end: number) => string | undefined;
  /** The bytes as Latin-1. */
  readonly #keys: (string | undefined)[] = new Array(PLACES).fill(undefined);
  readonly #texts: (string | undefined)[] = new Array(PLACES).fill(undefined);

  constructor(make: (bytes: Uint8Array, start: number, end: number) => string | undefined) {
    this.#make = make;
  }

  of(bytes: Uint8Array, start: number, end: number): string | undefined {
    if (end - start > LIMIT_BYTES) return this.#make(bytes, start, end);
    let hash = 0;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    const place = (hash ^ (hash >>> 15)) & (PLACES - 1);
    const key = this.#keys[place];
    if (key !== undefined && isText(key, bytes, start, end)) return this.#texts[place];
    const text = this.#make(bytes, start, end);
    this.#keys[place] = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
    this.#texts[place] = text;
    return text;
  }
}

function isText(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}
