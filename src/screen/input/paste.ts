import type { PasteEvent } from './event.ts';

/** What is kept of one paste, in bytes; the rest is let go. */
export const MAX_PASTE_BYTES = 64 * 1024;

const END = [0x1b, 0x5b, 0x32, 0x30, 0x31, 0x7e];
const FIRST_CAPACITY = 1024;
const BREAKS = /\r\n|[\r\n\t\u2028\u2029]/g;
/** C0, DEL, C1, direction controls, and what stands for invalid UTF-8. */
const REFUSED = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffd]/g;

/** Gathers a bracketed paste until `CSI 201 ~`; its memory is bounded and let go with the paste. */
export class PasteCollector {
  #bytes = new Uint8Array(0);
  #length = 0;
  #matched = 0;
  #isTruncated = false;

  /** Takes a byte; true when it was the last of the paste's end mark. */
  push(byte: number): boolean {
    if (byte === END[this.#matched]) {
      this.#matched++;
      return this.#matched === END.length;
    }
    // The mark's only ESC is its first byte, so a broken match can start anew at nothing but this byte.
    for (let i = 0; i < this.#matched; i++) this.#keep(END[i]!);
    this.#matched = 0;
    if (byte === END[0]) this.#matched = 1;
    else this.#keep(byte);
    return false;
  }

  /** The paste as an event; the collector is empty afterwards. */
  finish(isComplete: boolean): PasteEvent {
    const decoded = new TextDecoder().decode(this.#bytes.subarray(0, this.#length));
    const text = decoded.replace(BREAKS, ' ').replace(REFUSED, '');
    const truncated = this.#isTruncated || !isComplete;
    this.#bytes = new Uint8Array(0);
    this.#length = 0;
    this.#matched = 0;
    this.#isTruncated = false;
    return { kind: 'paste', text, truncated };
  }

  #keep(byte: number): void {
    if (this.#length === MAX_PASTE_BYTES) {
      this.#isTruncated = true;
      return;
    }
    if (this.#length === this.#bytes.length) {
      const longer = new Uint8Array(Math.min(Math.max(this.#length * 2, FIRST_CAPACITY), MAX_PASTE_BYTES));
      longer.set(this.#bytes);
      this.#bytes = longer;
    }
    this.#bytes[this.#length++] = byte;
  }
}
