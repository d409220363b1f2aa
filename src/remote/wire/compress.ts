/**
 * A gzip member (RFC 1952) of the bytes. The fastest level: a reply is compressed once for all clients that get it,
 * and who compresses it may be a small board.
 */
export function compress(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return Bun.gzipSync(bytes, { level: 1, library: 'libdeflate' });
}
