import { gunzipSync } from 'node:zlib';
import { OpError } from '../errors/op-error.ts';

const OP = 'gunzip';
/** RFC 1952: a header of 10 bytes, an empty deflate block of 2, CRC32 and ISIZE of 4 each. */
const SHORTEST_MEMBER_BYTES = 20;
/** Deflate cannot do better than 258 bytes for two bits: about 1032 to 1. */
const LARGEST_RATIO = 1032;
const LEAST_CHUNK_BYTES = 1 << 14;

/** Whether bytes begin as a gzip member does (RFC 1952, 2.3.1: ID1, ID2). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Inflates a gzip member of at most `limitBytes`. OpError `TOO_LARGE` where it says that it is larger (nothing is
 * inflated) or turns out to be (never more than the limit is kept); `BAD_GZIP` where it is damaged or cut off.
 */
export function gunzipWithin(bytes: Uint8Array, limitBytes: number): Uint8Array {
  if (!isGzip(bytes) || bytes.length < SHORTEST_MEMBER_BYTES) throw new OpError({ op: OP, code: 'BAD_GZIP' });
  const claimedBytes = claimedSize(bytes);
  if (claimedBytes > limitBytes) throw tooLarge(limitBytes);
  const chunkSize = Math.min(Math.max(claimedBytes, LEAST_CHUNK_BYTES), bytes.length * LARGEST_RATIO) + 64;
  try {
    return gunzipSync(bytes, { maxOutputLength: limitBytes, chunkSize });
  } catch (cause) {
    const isTooLarge = cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE';
    if (isTooLarge) throw tooLarge(limitBytes);
    throw new OpError({ op: OP, code: 'BAD_GZIP', cause });
  }
}

/** ISIZE, the last four bytes: the size before compression modulo 2^32, by the sender's word. */
function claimedSize(bytes: Uint8Array): number {
  const end = bytes.length;
  return (bytes[end - 4]! | (bytes[end - 3]! << 8) | (bytes[end - 2]! << 16) | (bytes[end - 1]! << 24)) >>> 0;
}

function tooLarge(limitBytes: number): OpError {
  return new OpError({ op: OP, code: 'TOO_LARGE', message: `more than ${limitBytes} bytes when inflated` });
}

/** A gzip member (RFC 1952), by the fastest level: it is made once for all clients, perhaps by a small board. */
export function compress(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return Bun.gzipSync(bytes, { level: 1, library: 'libdeflate' });
}
