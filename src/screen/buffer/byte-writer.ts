const ZERO = 0x30;

/** A growing run of bytes, written from the start for every frame. Nothing but growth allocates. */
export class ByteWriter {
  bytes: Uint8Array;
  length = 0;

  /** `size`: bytes that it has room for at first. */
  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }

  /** Makes room for `count` more bytes. Bytes written without room are lost. */
  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const longer = new Uint8Array(Math.max(this.length + count, this.bytes.length * 2));
    longer.set(this.bytes);
    this.bytes = longer;
  }

  byte(value: number): void {
    this.bytes[this.length++] = value;
  }

  /** A whole number from 0 to 99999 in decimal. */
  decimal(value: number): void {
    if (value >= 10) {
      if (value >= 100) {
        if (value >= 1000) {
          if (value >= 10_000) this.byte(ZERO + ((value / 10_000) | 0));
          this.byte(ZERO + (((value / 1000) | 0) % 10));
        }
        this.byte(ZERO + (((value / 100) | 0) % 10));
      }
      this.byte(ZERO + (((value / 10) | 0) % 10));
    }
    this.byte(ZERO + (value % 10));
  }

  /** UTF-8 (RFC 3629) of a code point that is no surrogate. */
  codePoint(code: number): void {
    const { bytes } = this;
    let at = this.length;
    if (code < 0x80) {
      bytes[at++] = code;
    } else if (code < 0x800) {
      bytes[at++] = 0xc0 | (code >>> 6);
      bytes[at++] = 0x80 | (code & 63);
    } else {
      if (code < 0x10000) {
        bytes[at++] = 0xe0 | (code >>> 12);
      } else {
        bytes[at++] = 0xf0 | (code >>> 18);
        bytes[at++] = 0x80 | ((code >>> 12) & 63);
      }
      bytes[at++] = 0x80 | ((code >>> 6) & 63);
      bytes[at++] = 0x80 | (code & 63);
    }
    this.length = at;
  }

  /** Bytes `start` to `end` of another array. */
  copy(from: Uint8Array, start: number, end: number): void {
    for (let i = start; i < end; i++) this.bytes[this.length++] = from[i]!;
  }

  /** `ESC [`, a number unless it is 1 (which every such command takes for granted), and the command's letter. */
  command(count: number, letter: number): void {
    this.byte(0x1b);
    this.byte(0x5b);
    if (count !== 1) this.decimal(count);
    this.byte(letter);
  }
}
