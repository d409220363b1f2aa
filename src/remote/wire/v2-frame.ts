import { wireError } from '../../data/codec/wire-error.ts';
import { compress, gunzipWithin } from '../../kit/bytes/gzip-member.ts';
import { FRAME_LIMIT_BYTES, GZIP_ABOVE_BYTES } from './limits.ts';

/**
 * A reply is a binary frame. The id stands outside of what is compressed, so that one payload, encoded and compressed
 * once, answers every client:
 *
 *   0        1        2                 6
 *   | 2      | flags  | id, little end. | payload, to the end of the frame
 *   version    bit 0: the payload is a gzip member; bit 1: it is JSON, else protobuf; bit 2: it is an error
 */
const HEADER_BYTES = 6;
const VERSION = 2;
const FLAG_GZIP = 1;
const FLAG_JSON = 2;
const FLAG_ERROR = 4;
const KNOWN_FLAGS = FLAG_GZIP | FLAG_JSON | FLAG_ERROR;

/** A reply without its id, ready to be sent to any number of clients. */
export interface V2Payload {
  readonly flags: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** JSON as a payload; compressed beyond 768 bytes. */
export function v2Json(json: string, isError = false): V2Payload {
  return v2Payload(new TextEncoder().encode(json), FLAG_JSON | (isError ? FLAG_ERROR : 0));
}

/** Protobuf as a payload; compressed beyond 768 bytes. */
export function v2Protobuf(bytes: Uint8Array<ArrayBuffer>): V2Payload {
  return v2Payload(bytes, 0);
}

/** Bytes that are compressed already. */
export function v2Bytes(bytes: Uint8Array<ArrayBuffer>): V2Payload {
  return { flags: 0, bytes };
}

/** The frame of a payload for one request. */
export function v2Frame(id: number, { flags, bytes }: V2Payload): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(HEADER_BYTES + bytes.length);
  frame[0] = VERSION;
  frame[1] = flags;
  new DataView(frame.buffer).setUint32(2, id, true);
  frame.set(bytes, HEADER_BYTES);
  return frame;
}

/** The id of a frame before anything of it is inflated: it says how large the reply may be. */
export function v2ReplyId(frame: Uint8Array): number {
  checkFrame(frame);
  return new DataView(frame.buffer, frame.byteOffset, frame.byteLength).getUint32(2, true);
}

/** Reads a frame of at most so many bytes when inflated. OpError `TOO_LARGE`, `BAD_GZIP`, `BAD_VALUE`. */
export function readV2Frame(frame: Uint8Array, limitBytes: number) {
  const id = v2ReplyId(frame);
  const flags = frame[1]!;
  const payload = frame.subarray(HEADER_BYTES);
  const isGzip = (flags & FLAG_GZIP) !== 0;
  if (!isGzip && payload.length > limitBytes) throw wireError('decode', 'TOO_LARGE', 'a payload is too long');
  return {
    /** 0: the request was invalid. */
    id,
    isJson: (flags & FLAG_JSON) !== 0,
    isError: (flags & FLAG_ERROR) !== 0,
    bytes: isGzip ? gunzipWithin(payload, limitBytes) : payload,
  };
}

function checkFrame(frame: Uint8Array): void {
  if (frame.length > FRAME_LIMIT_BYTES) throw wireError('decode', 'TOO_LARGE', 'a frame is too long');
  const isOurs = frame.length >= HEADER_BYTES && frame[0] === VERSION && (frame[1]! & ~KNOWN_FLAGS) === 0;
  if (!isOurs) throw wireError('decode', 'BAD_VALUE', 'not a frame of this protocol');
}

function v2Payload(bytes: Uint8Array<ArrayBuffer>, flags: number): V2Payload {
  if (bytes.length <= GZIP_ABOVE_BYTES) return { flags, bytes };
  return { flags: flags | FLAG_GZIP, bytes: compress(bytes) };
}

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
    const message = Bun.concatArrayBuffers(this.#parts, Number.POSITIVE_INFINITY, true);
    this.#parts = [];
    this.#lengthCount = 0;
    return message;
  }
}
