import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The captured /proc: a pid namespace of its own in so far as none of its pids are ours. */
export const CAPTURED_PROC = join(import.meta.dir, '../testdata/proc');

/** A captured file's bytes in a buffer of their own, as if read just now. */
export function captured(path: string): Uint8Array {
  return new Uint8Array(readFileSync(join(CAPTURED_PROC, path)));
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
