/** RFC 1035, 2.3.4, as text. */
const NAME_LIMIT = 253;
const LABEL_LIMIT = 63;
const DOT = 0x2e;
const HYPHEN = 0x2d;
const UNDERSCORE = 0x5f;
const lowerCase = Buffer.alloc(NAME_LIMIT);

/**
 * A host name in hostile bytes `[start, end)`, in lower case and without the root's dot. Undefined for everything that
 * is not letters, digits, hyphens and underscores in labels of at most 63 bytes, and for what looks like an IPv4
 * address: a name must not pose as one.
 */
export function hostNameIn(bytes: Uint8Array, start = 0, end = bytes.length): string | undefined {
  const last = end > start && bytes[end - 1] === DOT ? end - 1 : end;
  if (last <= start || last - start > NAME_LIMIT || last > bytes.length) return undefined;
  let labelBytes = 0;
  let hasLetterInLabel = false;
  for (let at = start; at < last; at++) {
    const byte = bytes[at]!;
    lowerCase[at - start] = byte;
    if (byte === DOT) {
      if (labelBytes === 0) return undefined;
      labelBytes = 0;
      hasLetterInLabel = false;
      continue;
    }
    const lower = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
    const isLetter = lower >= 0x61 && lower <= 0x7a;
    if (!(isLetter || (lower >= 0x30 && lower <= 0x39) || lower === HYPHEN || lower === UNDERSCORE)) {
      return undefined;
    }
    if (++labelBytes > LABEL_LIMIT) return undefined;
    hasLetterInLabel ||= isLetter;
    lowerCase[at - start] = lower;
  }
  // The last label of a domain is never a number (RFC 3696, 2).
  if (labelBytes === 0 || !hasLetterInLabel) return undefined;
  return lowerCase.toString('latin1', 0, last - start);
}
