import { beginSynchronizedOutput, endSynchronizedOutput } from 'ansi-escapes';
import { Buffer } from '../buffer/buffer.ts';
import { FrameDiff } from '../buffer/diff.ts';
import type { ColorDepth } from '../style/color-depth.ts';

const BEGIN = new TextEncoder().encode(beginSynchronizedOutput);
const END = new TextEncoder().encode(endSynchronizedOutput);

/** The two buffers and the bytes from one to the other. What is encoded must reach the terminal whole. */
export class FrameEncoder {
  /** Valid, up to the length that `encode` returned, until the next `encode`. */
  bytes: Uint8Array = new Uint8Array(0);
  /** A frame has been encoded. */
  isPainted = false;
  readonly #diff: FrameDiff;
  #depth: ColorDepth;
  #shown = new Buffer(0, 0);
  #next = this.#shown;
  #synchronized = new Uint8Array(0);

  constructor(depth: ColorDepth) {
    this.#depth = depth;
    this.#diff = new FrameDiff(depth);
  }

  /** The next frame is a full one: what the terminal shows is no longer known. */
  invalidate(): void {
    this.#diff.invalidate();
  }

  /** Paints the next frame; if `view` throws, nothing has happened. */
  paint(width: number, height: number, view: (buffer: Buffer) => void): void {
    if (this.#shown.width !== width || this.#shown.height !== height) {
      this.#shown = new Buffer(width, height);
      this.#next = new Buffer(width, height, this.#shown.clusters);
    }
    this.#next.clear();
    view(this.#next);
  }

  /** Encodes what was painted; returns the number of bytes, 0 if the terminal shows it already. */
  encode(depth: ColorDepth, isSynchronized: boolean): number {
    if (depth !== this.#depth) this.#diff.setDepth(depth);
    this.#depth = depth;
    const length = this.#diff.encode(this.#shown, this.#next);
    const shown = this.#next;
    this.#next = this.#shown;
    this.#shown = shown;
    this.isPainted = true;
    this.bytes = this.#diff.bytes;
    return length > 0 && isSynchronized ? this.#synchronize(length) : length;
  }

  /** One write for all three parts: the terminal waits between begin and end, and shows nothing meanwhile. */
  #synchronize(length: number): number {
    const total = BEGIN.length + length + END.length;
    if (this.#synchronized.length < total) this.#synchronized = new Uint8Array(total * 2);
    this.#synchronized.set(BEGIN);
    this.#synchronized.set(this.bytes.subarray(0, length), BEGIN.length);
    this.#synchronized.set(END, BEGIN.length + length);
    this.bytes = this.#synchronized;
    return total;
  }
}
