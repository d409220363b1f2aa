/** linux/netlink.h: `struct nlmsghdr`, 16 bytes: length u32, type u16, flags u16, sequence u32, port id u32. */
export const MESSAGE_HEADER_BYTES = 16;

/** linux/netlink.h: message types below NLMSG_MIN_TYPE (16). */
export const MessageType = { NOOP: 1, ERROR: 2, DONE: 3, OVERRUN: 4 } as const;

/** linux/netlink.h: NLM_F_*. */
export const MessageFlag = { REQUEST: 0x01, DUMP: 0x300, DUMP_INTERRUPTED: 0x10 } as const;

/** Where a message stands in a received datagram; one object serves a whole loop. */
export interface MessageSpan {
  /** Byte offset of its header, a multiple of 4. */
  at: number;
  /** Length as its header says, at least the header's own and never past the datagram. */
  length: number;
}

/**
 * Steps over the messages of `u32[0..end)` bytes: sets `span` to the one at `at` and returns the offset of the one
 * after it; -1 when none is left or the header lies about its length (what follows cannot be trusted then).
 */
export function nextMessage(u32: Uint32Array, at: number, end: number, span: MessageSpan): number {
  if (at + MESSAGE_HEADER_BYTES > end) return -1;
  const length = u32[at >> 2]!;
  if (length < MESSAGE_HEADER_BYTES || length > end - at) return -1;
  span.at = at;
  span.length = length;
  return at + ((length + 3) & ~3);
}

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
