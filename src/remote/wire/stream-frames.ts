import { wireError } from '../../data/codec/wire-error.ts';

/** What an agent on a stream of bytes says first. The line feed in front ends whatever a login shell has printed. */
export const STREAM_GREETING = '\nsocktop.v2\n';

const LENGTH_BYTES = 4;

/**
 * A message of `socktop.v2` as it crosses a stream of bytes, such as standard output:
 *
 *   0 .. 3                4 ..
 *   | length, little end. | so many bytes: a request as UTF-8 text, or a frame of a reply |
 */
export function streamFrame(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(LENGTH_BYTES + payload.length);
  new DataView(frame.buffer).setUint32(0, payload.length, true);
  frame.set(payload, LENGTH_BYTES);
  return frame;
}

/** Cuts a stream into the messages of `streamFrame`. Nothing is allocated for a length before its bytes have come. */
export class StreamFrames {
  readonly #limitBytes: number;
  readonly #length = new Uint8Array(LENGTH_BYTES);
  #lengthCount = 0;
  #missing = 0;
  #parts: Uint8Array[] = [];

  /** `limitBytes`: the longest message. */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** The messages that this chunk completes. Throws OpError `TOO_LARGE` or `BAD_VALUE`; the stream is then of no more use. */
  *take(chunk: Uint8Array): Generator<Uint8Array<ArrayBuffer>> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#lengthCount < LENGTH_BYTES) {
        this.#length[this.#lengthCount++] = chunk[at++]!;
        if (this.#lengthCount < LENGTH_BYTES) continue;
        this.#missing = new DataView(this.#length.buffer).getUint32(0, true);
        if (this.#missing > this.#limitBytes) throw wireError('decode', 'TOO_LARGE', 'a message is too long');
        if (this.#missing === 0) throw wireError('decode', 'BAD_VALUE', 'an empty message');
        continue;
      }
      const part = chunk.slice(at, at + this.#missing);
      at += part.length;
      this.#missing -= part.length;
      this.#parts.push(part);
      if (this.#missing === 0) yield this.#complete();
    }
  }

  #complete(): Uint8Array<ArrayBuffer> {
    const message = new Uint8Array(this.#parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of this.#parts) {
      message.set(part, at);
      at += part.length;
    }
    this.#parts = [];
    this.#lengthCount = 0;
    return message;
  }
}
