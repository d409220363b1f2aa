/** linux/netlink.h: `struct nlattr`, 4 bytes: length u16 (header included), type u16; payloads padded to 4. */
export const ATTRIBUTE_HEADER_BYTES = 4;

/** NLA_F_NESTED and NLA_F_NET_BYTEORDER stand in the type's two top bits. */
const TYPE_MASK = 0x3fff;

/**
 * Byte offset of the first attribute of a type within bytes [at, end), or -1. `at` is a multiple of 4. What it
 * returns lies whole within the span: header and payload.
 */
export function findAttribute(u16: Uint16Array, at: number, end: number, type: number): number {
  while (at + ATTRIBUTE_HEADER_BYTES <= end) {
    const length = u16[at >> 1]!;
    if (length < ATTRIBUTE_HEADER_BYTES || length > end - at) return -1;
    if ((u16[(at >> 1) + 1]! & TYPE_MASK) === type) return at;
    at += (length + 3) & ~3;
  }
  return -1;
}

/** True when an attribute of the type stands whole at `at`: the check of a remembered offset. */
export function isAttributeAt(u16: Uint16Array, at: number, end: number, type: number): boolean {
  if (at + ATTRIBUTE_HEADER_BYTES > end) return false;
  const length = u16[at >> 1]!;
  return length >= ATTRIBUTE_HEADER_BYTES && length <= end - at && (u16[(at >> 1) + 1]! & TYPE_MASK) === type;
}
