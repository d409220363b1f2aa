/** A name that a connection says. */
export interface FoundName {
  readonly kind: 'found';
  readonly name: string;
  readonly basis: 'sni' | 'http';
  /** ALPN protocols that the client offered, as it ordered them, with commas between; empty: none, or not known. */
  readonly alpn: string;
}

/**
 * What the first bytes of a stream say: `more` needs the bytes that follow, `none` will never have a name, `found`
 * has one.
 */
export type AskedName = { readonly kind: 'more' } | { readonly kind: 'none' } | FoundName;

export const MORE: AskedName = { kind: 'more' };
export const NO_NAME: AskedName = { kind: 'none' };

/** What is put together of one stream, and no more: a ClientHello with post-quantum keys has about 1,800 bytes. */
export const STREAM_LIMIT_BYTES = 4096;

/** The first bytes of a stream, put together from pieces in any order. Bytes that are there are never replaced. */
export class PieceBuffer {
  readonly #bytes = new Uint8Array(STREAM_LIMIT_BYTES);
  readonly #isThere = new Uint8Array(STREAM_LIMIT_BYTES);
  #prefixBytes = 0;

  /** Adds what lies within the limit. Returns whether the part from the first byte on has grown. */
  put(offset: number, piece: Uint8Array): boolean {
    if (!(offset >= 0 && offset < STREAM_LIMIT_BYTES)) return false;
    const count = Math.min(piece.length, STREAM_LIMIT_BYTES - offset);
    for (let i = 0; i < count; i++) {
      if (this.#isThere[offset + i] === 1) continue;
      this.#bytes[offset + i] = piece[i]!;
      this.#isThere[offset + i] = 1;
    }
    const before = this.#prefixBytes;
    while (this.#prefixBytes < STREAM_LIMIT_BYTES && this.#isThere[this.#prefixBytes] === 1)
      this.#prefixBytes++;
    return this.#prefixBytes > before;
  }

  get isFull(): boolean {
    return this.#prefixBytes === STREAM_LIMIT_BYTES;
  }

  /** The part from the first byte on that has no gap; a view. */
  get prefix(): Uint8Array {
    return this.#bytes.subarray(0, this.#prefixBytes);
  }
}

/** RFC 1035, 2.3.4, as text. */
const NAME_LIMIT = 253;
const LABEL_LIMIT = 63;
const DOT = 0x2e;
const HYPHEN = 0x2d;
const UNDERSCORE = 0x5f;
const lowerCase = Buffer.alloc(NAME_LIMIT);

/**
 * A host name in hostile bytes `[start, end)`, in lower case and without the root's dot. Undefined for everything that
 * is not letters, digits, hyphens and underscores in labels of at most 63 bytes, and for what looks like an IPv4
 * address: a name must not pose as one.
 */
export function hostNameIn(bytes: Uint8Array, start = 0, end = bytes.length): string | undefined {
  const last = end > start && bytes[end - 1] === DOT ? end - 1 : end;
  if (last <= start || last - start > NAME_LIMIT || last > bytes.length) return undefined;
  let labelBytes = 0;
  let hasLetterInLabel = false;
  for (let at = start; at < last; at++) {
    const byte = bytes[at]!;
    lowerCase[at - start] = byte;
    if (byte === DOT) {
      if (labelBytes === 0) return undefined;
      labelBytes = 0;
      hasLetterInLabel = false;
      continue;
    }
    const lower = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
    const isLetter = lower >= 0x61 && lower <= 0x7a;
    if (!(isLetter || (lower >= 0x30 && lower <= 0x39) || lower === HYPHEN || lower === UNDERSCORE)) {
      return undefined;
    }
    if (++labelBytes > LABEL_LIMIT) return undefined;
    hasLetterInLabel ||= isLetter;
    lowerCase[at - start] = lower;
  }
  // The last label of a domain is never a number (RFC 3696, 2).
  if (labelBytes === 0 || !hasLetterInLabel) return undefined;
  return lowerCase.toString('latin1', 0, last - start);
}
