import { constants, crc32, deflateRawSync } from 'node:zlib';

/** RFC 1952: deflate, no name, no time, smallest output, of unknown system. */
const HEADER = new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
const LEVEL_OF_STARTS = 9;
/** Of libdeflate: 9 is a third of the time of 12, and 1 MB more of an executable. */
const LEVELS = { small: 12, fast: 1 } as const;

/** What the time is to be spent on: small archives, or quick tests. */
export type Effort = keyof typeof LEVELS;

/** Raw deflate (RFC 1951) by libdeflate, which Bun brings: the same bytes for the same input with one version of Bun. */
export function deflated(bytes: Uint8Array<ArrayBuffer>, effort: Effort = 'small'): Uint8Array {
  return Bun.deflateSync(bytes, { level: LEVELS[effort], library: 'libdeflate' });
}

/**
 * One gzip member of `start` and `end`, whose deflated form `endDeflated` is made once for several archives: the
 * blocks of the start end at a whole byte, and the others follow.
 */
export function gzipOf(start: Uint8Array, end: Uint8Array, endDeflated: Uint8Array): Uint8Array {
  const startDeflated = deflateRawSync(start, {
    level: LEVEL_OF_STARTS,
    finishFlush: constants.Z_SYNC_FLUSH,
  });
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(end, crc32(start)), 0);
  trailer.writeUInt32LE((start.length + end.length) % 2 ** 32, 4);
  return Buffer.concat([HEADER, startDeflated, endDeflated, trailer]);
}
