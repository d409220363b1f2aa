import { wireError } from '../../data/codec/wire-error.ts';
import { gunzipWithin, isGzip } from '../../kit/bytes/gunzip.ts';
import { compress } from './compress.ts';
import { FRAME_LIMIT_BYTES, GZIP_ABOVE_BYTES } from './limits.ts';

/** A WebSocket message: a string is a text frame, bytes are a binary one. */
export type Frame = string | Uint8Array<ArrayBuffer>;

/** JSON as a frame: text up to 768 bytes, beyond them a gzip member in a binary frame. */
export function jsonFrame(json: string): Frame {
  if (json.length <= GZIP_ABOVE_BYTES / 3) return json;
  const bytes = new TextEncoder().encode(json);
  return bytes.length <= GZIP_ABOVE_BYTES ? json : compress(bytes);
}

/** Protobuf as a frame: always binary, compressed beyond 768 bytes. */
export function protobufFrame(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return bytes.length <= GZIP_ABOVE_BYTES ? bytes : compress(bytes);
}

/**
 * What a frame holds: a text as it is, bytes inflated where they are a gzip member. Nothing that JSON or the original's
 * protobuf begins with is gzip's mark. OpError `TOO_LARGE`, `BAD_GZIP`.
 */
export function payloadOf(frame: string | Uint8Array, limitBytes: number): string | Uint8Array {
  if (frame.length > FRAME_LIMIT_BYTES) throw wireError('decode', 'TOO_LARGE', 'a frame is too long');
  if (typeof frame !== 'string' && isGzip(frame)) return gunzipWithin(frame, limitBytes);
  if (frame.length > limitBytes) throw wireError('decode', 'TOO_LARGE', 'a payload is too long');
  return frame;
}
