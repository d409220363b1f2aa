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
