/**
 * The floor: the least that a differ of typed arrays can be. One word a cell for the glyph, one for each colour;
 * ASCII only, no widths, no clipping, every row compared cell by cell, absolute moves, colours in full.
 */
export class MinimalDiffer {
  readonly #width: number;
  readonly #height: number;
  #shown: Uint32Array;
  #next: Uint32Array;
  readonly bytes: Uint8Array;
  #length = 0;

  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.#shown = new Uint32Array(width * height * 3);
    this.#next = new Uint32Array(width * height * 3);
    this.bytes = new Uint8Array(width * height * 64);
  }

  clear(): void {
    const next = this.#next;
    for (let i = 0; i < next.length; i += 3) {
      next[i] = 0x20;
      next[i + 1] = 0;
      next[i + 2] = 0;
    }
  }

  put(x: number, y: number, text: string, foreground: number, background: number): void {
    const next = this.#next;
    let at = (y * this.#width + x) * 3;
    for (let i = 0; i < text.length; i++, at += 3) {
      next[at] = text.charCodeAt(i);
      next[at + 1] = foreground;
      next[at + 2] = background;
    }
  }

  /** Bytes from what was shown to what was put. */
  encode(): number {
    this.#length = 0;
    let foreground = -1;
    let background = -1;
    const shown = this.#shown;
    const next = this.#next;
    for (let y = 0, at = 0; y < this.#height; y++) {
      let cursor = -1;
      for (let x = 0; x < this.#width; x++, at += 3) {
        if (next[at] === shown[at] && next[at + 1] === shown[at + 1] && next[at + 2] === shown[at + 2])
          continue;
        if (cursor !== x) this.#move(x, y);
        if (next[at + 1] !== foreground) {
          foreground = next[at + 1]!;
          this.#color(0x33, foreground);
        }
        if (next[at + 2] !== background) {
          background = next[at + 2]!;
          this.#color(0x34, background);
        }
        this.bytes[this.#length++] = next[at]!;
        cursor = x + 1;
      }
    }
    this.#shown = next;
    this.#next = shown;
    return this.#length;
  }

  #move(x: number, y: number): void {
    this.#start();
    this.#number(y + 1);
    this.bytes[this.#length++] = 0x3b;
    this.#number(x + 1);
    this.bytes[this.#length++] = 0x48;
  }

  #color(plane: number, color: number): void {
    const { bytes } = this;
    this.#start();
    bytes[this.#length++] = plane;
    bytes[this.#length++] = 0x38;
    bytes[this.#length++] = 0x3b;
    bytes[this.#length++] = 0x32;
    for (let shift = 16; shift >= 0; shift -= 8) {
      bytes[this.#length++] = 0x3b;
      this.#number((color >>> shift) & 255);
    }
    bytes[this.#length++] = 0x6d;
  }

  #start(): void {
    this.bytes[this.#length++] = 0x1b;
    this.bytes[this.#length++] = 0x5b;
  }

  #number(value: number): void {
    if (value >= 100) this.bytes[this.#length++] = 0x30 + ((value / 100) | 0);
    if (value >= 10) this.bytes[this.#length++] = 0x30 + (((value / 10) | 0) % 10);
    this.bytes[this.#length++] = 0x30 + (value % 10);
  }
}
