/** Reads big-endian numbers from hostile bytes. A read past the end returns 0 and sets `hasFailed` for good. */
export class ByteReader {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
  hasFailed = false;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = Math.min(end, bytes.length);
  }

  /** Bytes left. */
  get left(): number {
    return this.end - this.at;
  }

  u8(): number {
    return this.#has(1) ? this.bytes[this.at++]! : 0;
  }

  u16(): number {
    return this.u8() * 0x100 + this.u8();
  }

  u32(): number {
    return this.u16() * 0x1_0000 + this.u16();
  }

  /** RFC 9000, 16: two bits of length, then 6, 14, 30 or 62 bits. Above 2^53 it is not exact. */
  variableLength(): number {
    const first = this.u8();
    let value = first & 0x3f;
    for (let i = (1 << (first >> 6)) - 1; i > 0; i--) value = value * 0x100 + this.u8();
    return value;
  }

  skip(bytes: number): void {
    if (this.#has(bytes)) this.at += bytes;
  }

  /** The next bytes as a view; empty where there are not so many. */
  take(bytes: number): Uint8Array {
    if (!this.#has(bytes)) return this.bytes.subarray(0, 0);
    this.at += bytes;
    return this.bytes.subarray(this.at - bytes, this.at);
  }

  #has(bytes: number): boolean {
    if (!this.hasFailed && bytes <= this.left) return true;
    this.hasFailed = true;
    return false;
  }
}
