const QUESTION_MARK = 0x3f;

/** A scratch of ASCII bytes that number formats write into and buffers draw from; grows, never shrinks. */
export class AsciiText {
  bytes: Uint8Array = new Uint8Array(32);
  length = 0;

  clear(): void {
    this.length = 0;
  }

  pushByte(byte: number): void {
    if (this.length === this.bytes.length) this.#grow(this.length + 1);
    this.bytes[this.length++] = byte;
  }

  /** Appends ASCII; any other character becomes `?`. */
  pushString(ascii: string): void {
    if (this.length + ascii.length > this.bytes.length) this.#grow(this.length + ascii.length);
    for (let i = 0; i < ascii.length; i++) {
      const unit = ascii.charCodeAt(i);
      this.bytes[this.length++] = unit < 0x80 ? unit : QUESTION_MARK;
    }
  }

  toString(): string {
    let text = '';
    for (let i = 0; i < this.length; i++) text += String.fromCharCode(this.bytes[i]!);
    return text;
  }

  #grow(needed: number): void {
    const longer = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    longer.set(this.bytes);
    this.bytes = longer;
  }
}
