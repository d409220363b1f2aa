const ZERO = 0x30;
const PID_DIGITS_LIMIT = 10;

/**
 * The process ids among the entries that getdents64(2) wrote, into `into` from index `count`; returns the new count.
 * `into` must have room for `length / 24` more. A record whose length is a lie ends the list.
 *
 *   struct linux_dirent64   0  d_ino 8   8  d_off 8   16 d_reclen 2   18 d_type 1   19 d_name, NUL-terminated
 */
export function parseProcessIds(bytes: Uint8Array, length: number, into: Int32Array, count: number): number {
  const end = Math.min(length, bytes.length);
  for (let at = 0; at + 20 <= end; ) {
    const recordLength = bytes[at + 16]! | (bytes[at + 17]! << 8);
    if (recordLength < 20 || at + recordLength > end) break;
    const pid = parsePid(bytes, at + 19, at + recordLength);
    if (pid > 0 && count < into.length) into[count++] = pid;
    at += recordLength;
  }
  return count;
}

/** A name that is a pid and nothing else, or -1. */
function parsePid(bytes: Uint8Array, start: number, end: number): number {
  let pid = 0;
  for (let at = start; at < end && at - start <= PID_DIGITS_LIMIT; at++) {
    const byte = bytes[at]!;
    if (byte === 0) return at > start && pid <= 0x7fffffff ? pid : -1;
    if (byte < ZERO || byte > ZERO + 9) return -1;
    pid = pid * 10 + byte - ZERO;
  }
  return -1;
}
