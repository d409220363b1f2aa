/**
 * Addresses are four 32-bit words, each the big-endian value of four network bytes:
 *
 *   2001:db8::1   [0x20010db8, 0, 0, 1]
 *   10.0.0.5      [0, 0, 0x0000ffff, 0x0a000005]     IPv4 as IPv4-mapped IPv6 (RFC 4291, 2.5.5.2)
 *
 * In a column of addresses, those of slot s start at `s * ADDRESS_WORDS`.
 */

/** The third word of every IPv4-mapped address. */
export const IPV4_MAPPED_WORD = 0x0000ffff;

export function isIpv4(words: Uint32Array, at: number): boolean {
  return words[at] === 0 && words[at + 1] === 0 && words[at + 2] === IPV4_MAPPED_WORD;
}

/** 127.0.0.0/8 or ::1. */
export function isLoopbackAddress(words: Uint32Array, at: number): boolean {
  if (isIpv4(words, at)) return words[at + 3]! >>> 24 === 127;
  return words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0 && words[at + 3] === 1;
}

/** 0.0.0.0 or ::. */
export function isUnspecifiedAddress(words: Uint32Array, at: number): boolean {
  return isIpv4(words, at)
    ? words[at + 3] === 0
    : words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0 && words[at + 3] === 0;
}
