import { constants, deflateRawSync } from 'node:zlib';
import { OpError } from '../errors/op-error.ts';

/** The code of the OpError that is thrown; for tests. */
export function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (thrown) {
    return thrown instanceof OpError ? thrown.code : `not an OpError: ${thrown}`;
  }
  return 'nothing thrown';
}

/** As codeOf, of what is still to come. */
export async function rejectionOf(pending: Promise<unknown>): Promise<string> {
  const settled = await pending.then(
    () => () => undefined,
    (thrown: unknown) => () => {
      throw thrown;
    },
  );
  return codeOf(settled);
}

const MEGABYTE = 1 << 20;
const GZIP_HEADER = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
/** An empty block, the last one. */
const DEFLATE_END = [3, 0];

/**
 * A gzip member of so many megabytes of zeros in a thousandth of that, which says that it is of `claimedBytes`. Its
 * checksum is wrong, which nobody finds out who stops at a limit.
 */
export function gzipBomb(megabytes: number, claimedBytes = megabytes * MEGABYTE): Uint8Array<ArrayBuffer> {
  // A flushed piece ends at a whole byte, so pieces may follow one another.
  const piece = deflateRawSync(new Uint8Array(MEGABYTE), { level: 9, finishFlush: constants.Z_SYNC_FLUSH });
  const trailer = new Uint8Array(8);
  new DataView(trailer.buffer).setUint32(4, claimedBytes >>> 0, true);
  const pieces = Array.from({ length: megabytes }, () => piece);
  return new Uint8Array(
    Buffer.concat([Uint8Array.from(GZIP_HEADER), ...pieces, Uint8Array.from(DEFLATE_END), trailer]),
  );
}
